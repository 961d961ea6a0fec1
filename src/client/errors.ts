// Errors of the way to a service, and of what cannot go over it.

import { VarveError } from '../base/errors.ts'

export function serverUnreachable(url: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/server-unreachable',
    kind: 'unavailable',
    message: `No Varve answers at ${url}`,
    fix: 'Start one with `varve dev` or `varve serve`, or name another with --url',
    data: { url },
    cause,
  })
}

export function answerUnreadable(url: string, status: number, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/answer-unreadable',
    kind: 'unavailable',
    message: `What answers at ${url} (status ${status}) is not Varve, or its answer was cut`,
    fix: 'Check the URL, and what stands between',
    data: { url, status },
    cause,
  })
}

export function clientClosed(url: string): VarveError {
  return new VarveError({
    code: 'varve.error/connection-closed',
    kind: 'unavailable',
    message: `The connection to ${url} is closed`,
    fix: 'Connect again',
    data: { url },
  })
}

export function entityNotFetched(id: number): VarveError {
  return new VarveError({
    code: 'varve.error/entity-not-fetched',
    kind: 'unsupported',
    message: `Entity ${id} is further away than what came over the network`,
    fix: 'Ask for it with db.entity(id), or pull what is wanted',
    data: { id },
  })
}
