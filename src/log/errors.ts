// What a log answers when it must not go on.

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'

/** Bytes that were durable once are not what they were. `offset` counts from the beginning of the file. */
export function logCorrupt(path: string, offset: number, t: T, what: string): VarveError {
  return new VarveError({
    code: 'varve.error/log-corrupt',
    kind: 'fault',
    message: `The log is damaged at byte ${offset} of ${path}, where t ${t} begins: ${what}`,
    fix: 'Nothing was changed. Keep this file, restore the database from a backup, and check the disk',
    data: { path, offset, t, what },
  })
}

/** An append failed before; what of it is on the disk is unknown until the log is opened again. */
export function logPoisoned(folder: string, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/log-poisoned',
    kind: 'unavailable',
    message: `An earlier write to the log in ${folder} failed, so nothing more is written through this handle`,
    fix: 'Mend the cause (space, disk), then close the database and open it again: that verifies the log',
    data: { folder },
    cause,
  })
}

/** Another process opened the log for writing after this one did. */
export function writerFenced(folder: string, epoch: number): VarveError {
  return new VarveError({
    code: 'varve.error/writer-fenced',
    kind: 'conflict',
    message: `Another writer took over the log in ${folder}; the writer of epoch ${epoch} may write no more`,
    fix: 'Use the new writer, or close this database and open it again if that one has ended',
    data: { folder, epoch },
  })
}

export function logClosed(folder: string): VarveError {
  return new VarveError({
    code: 'varve.error/log-closed',
    kind: 'interrupted',
    message: `The log in ${folder} was closed`,
    fix: 'Open the database again',
    data: { folder },
  })
}

export function logFormatUnknown(path: string, version: number, known: number): VarveError {
  return new VarveError({
    code: 'varve.error/log-format-unknown',
    kind: 'unsupported',
    message: `${path} has version ${version} of the log format; this Varve knows version ${known}`,
    fix: 'Open it with the release of Varve that wrote it, or a later one',
    data: { path, version, known },
  })
}

export function frameTooLarge(byteCount: number, byteCountMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/frame-too-large',
    kind: 'incorrect',
    message: `One transaction of ${byteCount} bytes is more than the log takes (${byteCountMax})`,
    fix: 'Split it into several transactions',
    data: { byteCount, byteCountMax },
  })
}
