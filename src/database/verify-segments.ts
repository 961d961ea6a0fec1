// Checks the files of an index one by one: there, called after the hash of their bytes, every page intact.
// One column is in memory at a time.

import { sha256HexOf } from '../base/checksum.ts'
import { VarveError } from '../base/errors.ts'
import type { Blob, BlobStore } from '../blob/blob-store.ts'
import { hashOfSegment, type SegmentEntry } from '../index/root.ts'
import { ColumnCache, COLUMN_CACHE_LIMITS } from '../segment/column-cache.ts'
import { Segment } from '../segment/segment.ts'
import { type Finding, findingOf, REBUILD_INDEX } from './finding.ts'

const PIECE_BYTES = 1 << 20

/** What is wrong with one segment, undefined if nothing is. Throws `varve.error/blob-missing` where it is gone. */
export async function verifySegment(
  blobs: BlobStore,
  entry: SegmentEntry,
  at: { readonly database: string; readonly path: string },
): Promise<Finding | undefined> {
  using blob = await blobs.open(entry.key)
  try {
    new Segment(entry, blob, new ColumnCache({ ...COLUMN_CACHE_LIMITS, cachedBytesMax: 0 })).verify()
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/blob-missing') throw error
    return findingOf(error, at)
  }
  if (sha256HexOf(piecesOf(blob)) === hashOfSegment(entry.key)) return undefined
  const what = 'The bytes of the file are not those that its name is the hash of'
  return { kind: 'damage', ...at, what, fix: REBUILD_INDEX }
}

function* piecesOf(blob: Blob): Iterable<Uint8Array> {
  for (let offset = 0; offset < blob.byteCount; offset += PIECE_BYTES) {
    yield blob.read(offset, Math.min(PIECE_BYTES, blob.byteCount - offset))
  }
}
