// What can be wrong with the target of a backup or a restoration.

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'

export function replicaForeign(name: string, folder: string): VarveError {
  return new VarveError({
    code: 'varve.error/backup-foreign',
    kind: 'conflict',
    message: `${folder} holds a backup of another database named ${name}`,
    fix: 'Back up into a folder of its own; nothing was written',
    data: { name, folder },
  })
}

export function restoreTargetUsed(folder: string): VarveError {
  return new VarveError({
    code: 'varve.error/restore-target-used',
    kind: 'conflict',
    message: `${folder} is not empty`,
    fix: 'Restore into a new folder; nothing was written',
    data: { folder },
  })
}

/** The backup holds transactions that the database does not have, or has otherwise: it was restored and written on. */
export function replicaForked(name: string, lastT: T): VarveError {
  return new VarveError({
    code: 'varve.error/backup-forked',
    kind: 'conflict',
    message: `The backup of ${name} goes up to t ${lastT} and its history is not that of the database any more`,
    fix: 'Keep that backup as it is, and back up into a new folder; nothing was written',
    data: { name, lastT },
  })
}

export function replicaOfItself(folder: string): VarveError {
  return new VarveError({
    code: 'varve.error/backup-of-itself',
    kind: 'incorrect',
    message: `${folder} is the data folder itself`,
    fix: 'Back up into another folder, best on another disk',
    data: { folder },
  })
}

export function restorePointUnknown(name: string, t: T, lastT: T): VarveError {
  return new VarveError({
    code: 'varve.error/restore-point-unknown',
    kind: 'not-found',
    message: `The backup of ${name} ends at t ${lastT}, before t ${t}`,
    fix: `Restore up to t ${lastT} at most; nothing was written`,
    data: { name, t, lastT },
  })
}
