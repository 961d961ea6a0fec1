// The engine that answers questions, with the effects that it has.

import type { Env } from '../base/env.ts'
import type { Engine } from '../plan/engine.ts'
import type { EngineOptions, UserFunctions } from './question.ts'
import { nativeEngine } from './native/native.ts'
import type { Team } from './native/team.ts'

/** `team` where other threads may work on parts of a question. */
export function createEngine(env: Env, functions: UserFunctions = {}, team?: Team): Engine {
  return nativeEngine({ ...engineOptions(env, functions), ...(team && { team }) })
}

export function engineOptions(env: Env, functions: UserFunctions = {}): EngineOptions {
  return { clock: { nowMs: () => env.clock.monotonicMs() }, random: env.random, functions }
}
