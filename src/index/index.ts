// An index that is open: a root, its segments, and the runs of each attribute. Segments that the index before
// also named stay open with the columns that they have in memory. Opening touches no byte of a segment: footers
// are read on first use.

import type { BlobStore } from '../blob/blob-store.ts'
import type { AttributeId, T, ValueType } from '../fact/attribute.ts'
import { ColumnCache } from '../segment/column-cache.ts'
import { Segment } from '../segment/segment.ts'
import {
  bytesOfColumns,
  bytesOfGeneration,
  GENERATION_BYTES_MAX,
  KeptColumns,
  MERGED_BYTES_MAX,
} from './attribute-columns.ts'
import type { GenerationColumns } from './generation-columns.ts'
import { IndexSegment } from './index-segment.ts'
import { type AttributeEntry, type Root, ROOT_FORMAT, type RunEntry } from './root.ts'
import { Run } from './run.ts'

export type AttributeRuns = {
  readonly type: ValueType
  readonly present: readonly Run[]
  readonly history: readonly Run[]
  /** The earliest first. */
  readonly generations: readonly Generation[]
  /** Those runs of the history that no generation has yet. */
  readonly recent: readonly Run[]
  /** The last t at which a fact came or went. */
  readonly lastChangeT: T
  readonly gone: Run | undefined
}

/** Moments up to a t, and the runs in which all that held at one of them stands. */
export type Generation = {
  readonly untilT: T
  readonly present: readonly Run[]
  readonly history: readonly Run[]
}

export class Index {
  readonly root: Root
  readonly segments: ReadonlyMap<string, IndexSegment>
  readonly cache: ColumnCache
  /** What views over this index show of attributes. */
  readonly merged = new KeptColumns(MERGED_BYTES_MAX, bytesOfColumns)
  /** What never changes again: the indexes that follow have it too. */
  readonly generations: KeptColumns<GenerationColumns>
  readonly #attributes = new Map<AttributeId, AttributeRuns>()
  readonly #entityCounts: ReadonlyMap<number, number>

  private constructor(
    root: Root,
    segments: ReadonlyMap<string, IndexSegment>,
    { cache, generations }: Pick<Index, 'cache' | 'generations'>,
  ) {
    this.root = root
    this.segments = segments
    this.cache = cache
    this.generations = generations
    this.#entityCounts = new Map(root.entityCounts)
    for (const entry of root.attributes) this.#attributes.set(entry.id, attributeRuns(entry, segments))
  }

  /** The index of nothing: where none was published yet. */
  static empty(database: string, cache: ColumnCache = new ColumnCache()): Index {
    const generations = new KeptColumns(GENERATION_BYTES_MAX, bytesOfGeneration)
    return new Index(emptyRoot(database), new Map(), { cache, generations })
  }

  /** Opens every segment of a root. Throws `varve.error/blob-missing` where one is gone: read the newest root then. */
  static async open(store: BlobStore, root: Root, before: Index): Promise<Index> {
    const files = new Map<string, Segment>()
    await Promise.all(
      root.segments.map(async (entry) => {
        const known = before.segments.get(entry.key)?.segment
        files.set(entry.key, known ?? new Segment(entry, await store.open(entry.key), before.cache))
      }),
    )
    const segments = new Map<string, IndexSegment>()
    for (const entry of root.segments) {
      const deadList = entry.dead === undefined ? undefined : files.get(entry.dead.segment)
      segments.set(entry.key, new IndexSegment(entry, files.get(entry.key)!, deadList))
    }
    return new Index(root, segments, before)
  }

  attribute(a: AttributeId): AttributeRuns | undefined {
    return this.#attributes.get(a)
  }

  attributeIds(): Iterable<AttributeId> {
    return this.#attributes.keys()
  }

  entityCount(kind: number): number {
    return this.#entityCounts.get(kind) ?? 0
  }

  /** Reads and checks every byte of every segment. Throws `varve.error/segment-corrupt`. */
  verify(): void {
    for (const { segment } of this.segments.values()) segment.verify()
  }
}

function attributeRuns(
  { type, present, history, generations = [], gone }: AttributeEntry,
  segments: ReadonlyMap<string, IndexSegment>,
): AttributeRuns {
  const open = (entry: RunEntry): Run => new Run(entry, type, segments)
  const ended = history.map(open)
  let afterT = -1
  const opened = generations.map(({ untilT, present: kept }): Generation => {
    const within = ended.filter((run) => run.lastT > afterT && run.lastT <= untilT)
    afterT = untilT
    return { untilT, present: kept.map(open), history: within }
  })
  const lastTs = [...present, ...history].map(({ added, retracted }) =>
    Math.max(added[1], retracted?.[1] ?? -1),
  )
  return {
    type,
    lastChangeT: Math.max(-1, ...lastTs),
    present: present.map(open),
    history: ended,
    generations: opened,
    recent: ended.filter((run) => run.lastT > afterT),
    gone: gone === undefined ? undefined : open(gone),
  }
}

function emptyRoot(database: string): Root {
  return {
    format: ROOT_FORMAT,
    database,
    epoch: 0,
    publication: 0,
    indexedT: -1,
    entityCounts: [],
    attributes: [],
    segments: [],
    retired: [],
  }
}
