// What blob stores answer when a blob cannot be had.

import { VarveError } from '../base/errors.ts'

export function blobMissing(key: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/blob-missing',
    kind: 'not-found',
    message: `There is no blob ${key} any more, or there never was`,
    fix: 'Read the newest root; if it names this blob, restore it from a backup or rebuild the index',
    data: { key },
    cause,
  })
}

export function blobTooShort(key: string, byteCount: number, offset: number, length: number): VarveError {
  return new VarveError({
    code: 'varve.error/blob-too-short',
    kind: 'fault',
    message: `Blob ${key} has ${byteCount} bytes, but ${length} bytes at ${offset} were asked for`,
    fix: 'The blob was cut or its name is wrong: restore it from a backup or rebuild the index',
    data: { key, byteCount, offset, length },
  })
}
