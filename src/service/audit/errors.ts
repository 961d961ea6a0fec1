// Errors of the audit.

import { VarveError } from '../../base/errors.ts'

export function auditUnavailable(database: string, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/audit-unavailable',
    kind: 'unavailable',
    message: `The question could not be written into ${database}, so it is not answered`,
    fix: 'See the log of the server for what keeps its system folder from being written, and ask again',
    data: { database },
    cause,
  })
}

export function auditQueueFull(countMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/audit-queue-full',
    kind: 'busy',
    message: `${countMax} links of the audit wait to be written`,
    fix: 'Ask again in a moment',
    data: { countMax },
  })
}
