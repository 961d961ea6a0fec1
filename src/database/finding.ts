// What a check of a folder finds: where, what it is, and what to do about it.

import { VarveError } from '../base/errors.ts'

export type Finding = {
  /** damage: bytes are not what was written. leftover: nobody's any more. unknown: not Varve's. */
  readonly kind: 'damage' | 'leftover' | 'unknown'
  readonly database: string | undefined
  readonly path: string
  /** In bytes from the beginning of the file. */
  readonly offset?: number
  readonly what: string
  readonly fix: string
}

export const REBUILD_INDEX =
  'No fact is lost: stop the writer and remove the folder index; it is rebuilt from the log when the database is next opened for writing'
export const RESTORE_BACKUP = 'Change nothing here, and restore the database from a backup into a new folder'

/** An error met on the way as a finding; what is no `VarveError` is our own mistake and goes on. */
export function findingOf(error: unknown, at: { readonly database: string; readonly path: string }): Finding {
  if (!(error instanceof VarveError)) throw error
  const { path, offset } = error.data
  return {
    kind: 'damage',
    database: at.database,
    path: typeof path === 'string' ? path : at.path,
    ...(typeof offset === 'number' && { offset }),
    what: `${error.message} (${error.code})`,
    fix: error.fix,
  }
}
