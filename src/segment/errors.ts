// What a segment answers whose bytes are not what was written.

import { VarveError } from '../base/errors.ts'

/** Bytes of a segment fail their checksum, or do not have the shape that their place must have. */
export function segmentCorrupt(key: string, offset: number, what: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/segment-corrupt',
    kind: 'fault',
    message: `Segment ${key} is damaged at byte ${offset}: ${what}`,
    fix: 'Rebuild the index from the log, or restore this file from a backup; the log still holds every fact',
    data: { key, offset, what },
    cause,
  })
}
