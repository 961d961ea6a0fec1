// Files of the index as DuckDB is told to read them: each is read whole and compared with the hash that is its name
// before the first question may use it (I8). Segments that are no files of this machine are written to a folder first.

import type { Env } from '../../base/env.ts'
import { sha256HexOf } from '../../base/checksum.ts'
import { blobMissing } from '../../blob/errors.ts'
import { segmentCorrupt } from '../../segment/errors.ts'
import type { Segment } from '../../segment/segment.ts'

/** More than the files of all indexes that one question asks. */
const CHECKED_COUNT_MAX = 10_000

export class SegmentFiles {
  readonly #env: Env
  readonly #folder: string
  /** Paths of those that were checked, by key. */
  readonly #checked = new Map<string, string>()

  constructor(env: Env, folder: string) {
    this.#env = env
    this.#folder = folder
  }

  /** Throws `varve.error/blob-missing` where the file was collected: the newest root names others. */
  pathOf(segment: Segment): string {
    const { key } = segment.file
    const path = segment.path ?? `${this.#folder}/${fileNameOf(key)}`
    if (this.#checked.get(key) !== path) {
      const hash = /-([0-9a-f]{64})\.parquet$/.exec(key)?.[1]
      if (sha256HexOf(segment.pieces()) !== hash)
        throw segmentCorrupt(key, 0, 'its bytes are not what its name says')
      if (segment.path === undefined) this.#write(path, segment)
      this.#remember(key, path)
    }
    if (this.#env.files.stat(path) === undefined) throw blobMissing(key)
    return path
  }

  /** Files of an index that was replaced are asked for no more: the one known longest goes first. */
  #remember(key: string, path: string): void {
    this.#checked.set(key, path)
    if (this.#checked.size <= CHECKED_COUNT_MAX) return
    const [oldestKey, oldestPath] = this.#checked.entries().next().value!
    this.#checked.delete(oldestKey)
    if (oldestPath.startsWith(`${this.#folder}/`)) this.#env.files.remove(oldestPath)
  }

  #write(path: string, segment: Segment): void {
    using file = this.#env.files.open(path, 'replace')
    let position = 0
    for (const piece of segment.pieces()) {
      file.write(position, piece)
      position += piece.byteLength
    }
  }
}

function fileNameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}
