// Chooses the engine that answers: for now the naive evaluator, which defines what questions mean.

import type { Env } from '../base/env.ts'
import type { Engine } from '../plan/engine.ts'
import { naiveEngine } from './naive.ts'

export function createEngine(env: Env): Engine {
  return naiveEngine({ clock: { nowMs: () => env.clock.monotonicMs() }, random: env.random })
}
