// The root: the one small object that changes. It names the segments that make up the index of a log prefix, with
// what a reader must know before it opens them. JSON behind a line with its checksum; the shape stands in
// docs/reference/format.md. Publishing an index is one compare-and-set of this object.

import { sha256Hex } from '../base/checksum.ts'
import { VarveError } from '../base/errors.ts'
import type { BlobStore } from '../blob/blob-store.ts'
import type { AttributeId, EntityId, T, ValueType } from '../fact/attribute.ts'
import type { SegmentFile } from '../segment/segment.ts'
import { rootConflict, rootCorrupt, rootForeign } from './errors.ts'

export const ROOT_FORMAT = 1
/** Key of the root in the store of a database's index. */
export const ROOT_KEY = 'root'
/** Every other blob of an index begins with this: see `segmentKey`. */
export const SEGMENT_PREFIX = 'segments/'

/**
 * Named after the hash of its bytes (I1), and after the epoch of the writer that put it: so a writer never takes
 * what a later one is putting for its own garbage, and never puts again what an earlier one may yet delete.
 */
export function segmentKey(epoch: number, bytes: Uint8Array): string {
  return `${SEGMENT_PREFIX}${String(epoch).padStart(8, '0')}-${sha256Hex(bytes)}.parquet`
}

/** The hash that the bytes of the segment must have. */
export function hashOfSegment(key: string): string {
  return key.slice(key.indexOf('-') + 1, -'.parquet'.length)
}

/** The epoch of the writer that put the segment. */
export function epochOfSegment(key: string): number {
  return Number(key.slice(SEGMENT_PREFIX.length, key.indexOf('-')))
}

export type Root = {
  readonly format: typeof ROOT_FORMAT
  /** The uuid of the database. */
  readonly database: string
  /** Epoch of the writer that published it. */
  readonly epoch: number
  /** 1 for the first root of a database, one more for every one that follows. */
  readonly publication: number
  /** The index holds the facts of transactions up to this t; the log goes on behind it. */
  readonly indexedT: T
  /** Kind of entity and how many ids of it were given out. */
  readonly entityCounts: readonly (readonly [kind: number, count: number])[]
  readonly attributes: readonly AttributeEntry[]
  readonly segments: readonly SegmentEntry[]
  /** Keys that this root does not name any more, with the publication that dropped them. */
  readonly retired: readonly (readonly [key: string, publication: number])[]
}

export type AttributeEntry = {
  readonly id: AttributeId
  readonly type: ValueType
  /** Facts that hold at indexedT, the oldest run first; rows by entity, then value. */
  readonly present: readonly RunEntry[]
  /** Facts that were retracted; rows by entity, value, added. */
  readonly history: readonly RunEntry[]
  /** What held at moments of the past, the earliest first; none in roots of before there were generations. */
  readonly generations: readonly GenerationEntry[] | undefined
  /** Of an attribute without history: since when and until when each entity had values that are gone. */
  readonly gone: RunEntry | undefined
}

/**
 * The moments behind the generation before up to `untilT`. Of the facts that held at one of them, those that still
 * held at `untilT` stand in `present`, copies of what the other lists have as well; the others in the history runs
 * that end within the generation: no history run reaches from one generation into another.
 */
export type GenerationEntry = { readonly untilT: T; readonly present: readonly RunEntry[] }

/** Rows `[firstRow, firstRow + rowCount)` of a segment. */
export type RunEntry = {
  readonly segment: string
  readonly firstRow: number
  readonly rowCount: number
  /** Rows of a present run that do not hold any more; they stand in a history run. */
  readonly deadCount: number
  readonly entities: readonly [least: EntityId, greatest: EntityId]
  readonly added: readonly [least: T, greatest: T]
  /** Of history runs. */
  readonly retracted: readonly [least: T, greatest: T] | undefined
  /** The same rows by value, as rows `[firstRow, firstRow + rowCount)` of another segment. */
  readonly order: { readonly segment: string; readonly firstRow: number } | undefined
}

export type SegmentKind = 'present' | 'history' | 'order' | 'dead'

export type SegmentEntry = SegmentFile & {
  readonly kind: SegmentKind
  /** Holds runs of several attributes, or may. */
  readonly isPack: boolean
  /** Where the dead rows of this segment are listed: rows of a segment of kind `dead`. */
  readonly dead:
    | { readonly segment: string; readonly firstRow: number; readonly rowCount: number }
    | undefined
}

const HEADER = 'varve-root'

export function encodeRoot(root: Root): Uint8Array {
  const body = JSON.stringify(root)
  return new TextEncoder().encode(`${HEADER} ${ROOT_FORMAT} ${sha256Hex(body)}\n${body}\n`)
}

/** Throws `varve.error/root-corrupt`, or `varve.error/root-foreign` for a later format. */
export function decodeRoot(bytes: Uint8Array): Root {
  const text = new TextDecoder().decode(bytes)
  const end = text.indexOf('\n')
  const [header, format, checksum] = text.slice(0, Math.max(end, 0)).split(' ')
  if (header !== HEADER || !/^\d+$/.test(format ?? '')) throw rootCorrupt('it does not begin like one')
  if (format !== String(ROOT_FORMAT)) throw rootForeign('format', format, ROOT_FORMAT)
  const body = text.slice(end + 1, -1)
  if (sha256Hex(body) !== checksum || text.at(-1) !== '\n') throw rootCorrupt('it fails its checksum')
  try {
    // What passed the checksum is what `encodeRoot` wrote, in this very format.
    return JSON.parse(body) as Root
  } catch (cause) {
    throw rootCorrupt('it is no JSON', cause)
  }
}

/** A root with the bytes that a compare-and-set expects. */
export type ReadRoot = { readonly root: Root; readonly bytes: Uint8Array }

/** The newest root of a store, undefined where none was published. */
export async function readRoot(store: BlobStore): Promise<ReadRoot | undefined> {
  try {
    using blob = await store.open(ROOT_KEY)
    const bytes = blob.read(0, blob.byteCount).slice()
    return { root: decodeRoot(bytes), bytes }
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/blob-missing') return undefined
    throw error
  }
}

/** Makes `root` the newest, in one step. Throws `varve.error/root-conflict` if `before` is not the newest any more. */
export async function publishRoot(
  store: BlobStore,
  before: ReadRoot | undefined,
  root: Root,
): Promise<ReadRoot> {
  // A writer that was fenced off must not take the index back, even where nobody published since.
  if (before !== undefined && before.root.epoch > root.epoch) {
    throw rootConflict(before.root.publication, before.root.epoch)
  }
  const bytes = encodeRoot(root)
  if (!(await store.swap(ROOT_KEY, before?.bytes, bytes))) {
    const newest = (await readRoot(store))?.root
    throw rootConflict(newest?.publication ?? 0, newest?.epoch ?? 0)
  }
  return { root, bytes }
}
