// What can become of a query on its way to a worker and in it. Codes that an engine gives as well (query-timeout,
// query-cancelled) mean the same here.

import { VarveError } from '../base/errors.ts'
import { queryCancelled, queryTimeout } from '../engine/errors.ts'

/** In `data` of an error: the question took its worker with it. */
export const ENDED_WORKER = 'endedWorker'

export function queryQueueFull(queueCount: number): VarveError {
  return new VarveError({
    code: 'varve.error/query-queue-full',
    kind: 'busy',
    message: `${queueCount} queries wait already`,
    fix: 'Try again in a moment, or ask fewer at once',
    data: { queueCount },
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

/** Why a worker ended before it answered. */
export type WorkerEnd = 'timeout' | 'cancelled' | 'closed' | 'failed'

export function workerEnded(end: WorkerEnd, cause: unknown): VarveError {
  switch (end) {
    case 'timeout':
      return queryTimeout()
    case 'cancelled':
      return queryCancelled(cause)
    case 'closed':
      return runnerClosed()
    case 'failed':
      return isOutOfMemory(cause) ? queryOutOfMemory(cause) : workerFailed(cause)
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

function workerFailed(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/query-worker-ended',
    kind: 'fault',
    message: 'The worker that ran the query ended before it answered',
    fix: 'Ask again; if it ends again, report the query',
    data: { [ENDED_WORKER]: true },
    cause,
  })
}
