// What can be wrong with the target of a backup or a restoration.

import { VarveError } from '../base/errors.ts'

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
