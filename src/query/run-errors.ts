// What can become of a query on its way to a worker and in it. Codes that an engine gives as well (query-timeout,
// query-cancelled) mean the same here.

import { VarveError } from '../base/errors.ts'
import { queryCancelled, queryTimeout } from '../engine/errors.ts'

/** In `data` of an error: the question took its worker with it. */
export const ENDED_WORKER = 'endedWorker'
/** In `data` of an error: the worker ended before it began the question. */
const ENDED_EARLY = 'endedEarly'

export function tookWorker(error: unknown): boolean {
  return error instanceof VarveError && error.data[ENDED_WORKER] === true
}

export function endedEarly(error: unknown): boolean {
  return error instanceof VarveError && error.data[ENDED_EARLY] === true
}

export function queryQueueFull(queueCount: number): VarveError {
  return new VarveError({
    code: 'varve.error/query-queue-full',
    kind: 'busy',
    message: `${queueCount} queries wait already`,
    fix: 'Try again in a moment, or ask fewer at once',
    data: { queueCount },
  })
}

/** Not begun at all: it would wait longer than it may take. */
export function queryOverdue(expectedMs: number, timeoutMs: number): VarveError {
  const expectedWaitMs = Math.ceil(expectedMs)
  return new VarveError({
    code: 'varve.error/query-overdue',
    kind: 'busy',
    message: `So many queries wait that this one would wait about ${expectedWaitMs} ms, and may take ${Math.floor(timeoutMs)}`,
    fix: 'Try again later, or give it more time with timeoutMs',
    data: { expectedWaitMs, timeoutMs: Math.floor(timeoutMs), retryAfterMs: expectedWaitMs },
  })
}

/** It made room for what takes less. */
export function queryShed(): VarveError {
  return new VarveError({
    code: 'varve.error/query-shed',
    kind: 'busy',
    message: 'More is asked than can be answered, and queries that wait for a worker are let go first',
    fix: 'Try again later, with longer pauses each time, or bind more so that the query finds few things',
    data: {},
  })
}

/** Whoever ran queries was closed before this one was answered. */
export function runnerClosed(): VarveError {
  return new VarveError({
    code: 'varve.error/connection-closed',
    kind: 'unavailable',
    message: 'Varve was closed before the query was answered',
    fix: 'Connect again',
  })
}

/** Why a worker ended before it answered; `early` before it began the question, which so did nothing to it. */
export type WorkerEnd = 'timeout' | 'cancelled' | 'closed' | 'failed' | 'early'

export function workerEnded(end: WorkerEnd, cause: unknown): VarveError {
  switch (end) {
    case 'timeout':
      return queryTimeout()
    case 'cancelled':
      return queryCancelled(cause)
    case 'closed':
      return runnerClosed()
    case 'failed':
      return isOutOfMemory(cause) ? queryOutOfMemory(cause) : workerFailed(cause, { [ENDED_WORKER]: true })
    case 'early':
      return workerFailed(cause, { [ENDED_EARLY]: true })
  }
}

function isOutOfMemory(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

export function queryOutOfMemory(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/query-out-of-memory',
    kind: 'incorrect',
    message: 'The query needed more memory than a worker may have',
    fix: 'Join clauses by a shared variable, bind more, aggregate, or ask shard by shard with (mod ?e n)',
    data: { [ENDED_WORKER]: true },
    cause,
  })
}

function workerFailed(cause: unknown, data: Readonly<Record<string, unknown>>): VarveError {
  return new VarveError({
    code: 'varve.error/query-worker-ended',
    kind: 'fault',
    message: 'The worker that ran the query ended before it answered',
    fix: 'Ask again; if it ends again, report the query',
    data,
    cause,
  })
}
