// An index that is open: a root, its segments, and the runs of each attribute. Segments that the index before
// also named stay open with the columns that they have in memory. Opening touches no byte of a segment: footers
// are read on first use.

import type { BlobStore } from '../blob/blob-store.ts'
import type { AttributeId, ValueType } from '../fact/attribute.ts'
import { ColumnCache } from '../segment/column-cache.ts'
import { Segment } from '../segment/segment.ts'
import { MergedColumns } from './attribute-columns.ts'
import { IndexSegment } from './index-segment.ts'
import { type Root, ROOT_FORMAT } from './root.ts'
import { Run } from './run.ts'

export type AttributeRuns = {
  readonly type: ValueType
  readonly present: readonly Run[]
  readonly history: readonly Run[]
  readonly gone: Run | undefined
}

export class Index {
  readonly root: Root
  readonly segments: ReadonlyMap<string, IndexSegment>
  readonly cache: ColumnCache
  readonly merged = new MergedColumns()
  readonly #attributes = new Map<AttributeId, AttributeRuns>()
  readonly #entityCounts: ReadonlyMap<number, number>

  private constructor(root: Root, segments: ReadonlyMap<string, IndexSegment>, cache: ColumnCache) {
    this.root = root
    this.segments = segments
    this.cache = cache
    this.#entityCounts = new Map(root.entityCounts)
    for (const { id, type, present, history, gone } of root.attributes) {
      this.#attributes.set(id, {
        type,
        present: present.map((entry) => new Run(entry, type, segments)),
        history: history.map((entry) => new Run(entry, type, segments)),
        gone: gone === undefined ? undefined : new Run(gone, type, segments),
      })
    }
  }

  /** The index of nothing: where none was published yet. */
  static empty(database: string, cache: ColumnCache = new ColumnCache()): Index {
    return new Index(emptyRoot(database), new Map(), cache)
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
    return new Index(root, segments, before.cache)
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
