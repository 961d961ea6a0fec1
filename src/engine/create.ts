// Chooses the engine that answers: the native one, which leaves to the naive one what it refuses.

import type { Env } from '../base/env.ts'
import type { Engine } from '../plan/engine.ts'
import type { NaiveEngineOptions, UserFunctions } from './naive.ts'
import { nativeEngine } from './native/native.ts'
import type { Team } from './native/team.ts'

/** `team` where other threads may work on parts of a question. */
export function createEngine(env: Env, functions: UserFunctions = {}, team?: Team): Engine {
  return nativeEngine({ ...engineOptions(env, functions), ...(team && { team }) })
}

export function engineOptions(env: Env, functions: UserFunctions = {}): NaiveEngineOptions {
  return { clock: { nowMs: () => env.clock.monotonicMs() }, random: env.random, functions }
}
