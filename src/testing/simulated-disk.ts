// A disk as bad as real ones are, in memory. Writes meet a cache that all processes of the machine see; what was
// not synced when the power goes is lost, kept or torn, sector by sector, in any order. Names are as volatile as
// bytes until their folder is synced. After a failed sync the cache goes on showing what never reached the disk,
// and calls it clean.

import { assert } from '../base/assert.ts'
import type { FileStatus, OpenMode } from '../base/env.ts'
import { fileFailed } from '../base/file-errors.ts'
import { folderOf } from '../base/folders.ts'
import type { SeededRandom } from './seeded-random.ts'

const SECTOR_BYTES = 512

type PendingWrite =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly byteCount: number }

/** A file's bytes as the cache shows them and as the disk holds them. */
export class Inode {
  cached = new Bytes()
  durable = new Bytes()
  pending: PendingWrite[] = []
  modifiedMs = 0

  write(position: number, bytes: Uint8Array): void {
    this.cached.write(position, bytes)
    this.pending.push({ kind: 'write', position, bytes: bytes.slice() })
  }

  truncate(byteCount: number): void {
    this.cached.truncate(byteCount)
    this.pending.push({ kind: 'truncate', byteCount })
  }

  /** Makes the first `count` pending writes durable. */
  settle(count: number): void {
    for (const write of this.pending.splice(0, count)) apply(this.durable, write)
  }

  /** A sync that failed: some sectors arrived, the others never will, and nothing is left to do. */
  dropPending(random: SeededRandom): void {
    this.#settleSome(random)
    this.pending = []
  }

  /** The power goes: the cache is gone. */
  lose(random: SeededRandom): void {
    this.#settleSome(random)
    this.pending = []
    this.cached = this.durable.copy()
  }

  #settleSome(random: SeededRandom): void {
    const survival = random.pick([0, 1, 0.5, 0.9])
    for (const write of this.pending) {
      if (write.kind === 'truncate') {
        if (random.next() < survival) apply(this.durable, write)
        continue
      }
      const { position, bytes } = write
      // Sectors of the disk, not of the write: a small write in the middle of one arrives whole or not.
      for (let from = 0; from < bytes.byteLength;) {
        const to = Math.min(bytes.byteLength, from + SECTOR_BYTES - ((position + from) % SECTOR_BYTES))
        if (random.next() < survival) this.durable.write(position + from, bytes.subarray(from, to))
        from = to
      }
    }
  }
}

function apply(bytes: Bytes, write: PendingWrite): void {
  if (write.kind === 'write') bytes.write(write.position, write.bytes)
  else bytes.truncate(write.byteCount)
}

/** Bytes that grow. */
export class Bytes {
  #buffer = new Uint8Array(0)
  byteCount = 0

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.byteCount)
  }

  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.byteLength
    if (end > this.#buffer.byteLength) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#buffer.byteLength))
      larger.set(this.view())
      this.#buffer = larger
    }
    this.#buffer.set(bytes, position)
    this.byteCount = Math.max(this.byteCount, end)
  }

  truncate(byteCount: number): void {
    if (byteCount < this.byteCount) this.#buffer.fill(0, byteCount, this.byteCount)
    else this.write(byteCount, new Uint8Array(0))
    this.byteCount = byteCount
  }

  copy(): Bytes {
    const copied = new Bytes()
    copied.write(0, this.view())
    return copied
  }
}

type Entry = Inode | 'folder'
/** One change of names that happens as a whole or not at all. */
type NameChange = readonly { readonly path: string; readonly entry: Entry | undefined }[]

export class SimulatedDisk {
  readonly #random: SeededRandom
  #names = new Map<string, Entry>([['/', 'folder']])
  readonly #durableNames = new Map<string, Entry>([['/', 'folder']])
  #pendingNames: NameChange[] = []

  constructor(random: SeededRandom) {
    this.#random = random
  }

  open(path: string, mode: OpenMode): Inode {
    const found = this.#names.get(path)
    if (found === 'folder') throw failure('open', path, 'EISDIR')
    if (found !== undefined) {
      if (mode === 'create' || mode === 'secret') throw failure('open', path, 'EEXIST')
      if (mode === 'replace') found.truncate(0)
      return found
    }
    if (mode === 'read' || mode === 'write') throw failure('open', path, 'ENOENT')
    this.#needFolderOf(path)
    const inode = new Inode()
    this.#change([{ path, entry: inode }])
    return inode
  }

  list(folder: string): readonly string[] {
    const prefix = folder === '/' ? '/' : `${folder}/`
    const names: string[] = []
    for (const path of this.#names.keys()) {
      if (path.startsWith(prefix) && path.length > prefix.length && !path.includes('/', prefix.length)) {
        names.push(path.slice(prefix.length))
      }
    }
    return names.sort()
  }

  stat(path: string): FileStatus | undefined {
    const entry = this.#names.get(path)
    if (entry === undefined) return undefined
    if (entry === 'folder') return { kind: 'folder', byteCount: 0, modifiedMs: 0 }
    return { kind: 'file', byteCount: entry.cached.byteCount, modifiedMs: entry.modifiedMs }
  }

  makeFolder(path: string): void {
    const found = this.#names.get(path)
    if (found === 'folder') return
    if (found !== undefined) throw failure('make the folder', path, 'EEXIST')
    const above = folderOf(path)
    if (above !== path) this.makeFolder(above)
    this.#change([{ path, entry: 'folder' }])
  }

  rename(from: string, to: string): void {
    const entry = this.#names.get(from)
    if (entry === undefined) throw failure('rename to', to, 'ENOENT')
    this.#needFolderOf(to)
    const below = entry === 'folder' ? this.#below(from) : []
    this.#change([
      { path: from, entry: undefined },
      { path: to, entry },
      ...below.flatMap(([path, inner]) => [
        { path, entry: undefined },
        { path: `${to}${path.slice(from.length)}`, entry: inner },
      ]),
    ])
  }

  link(from: string, to: string): void {
    const entry = this.#names.get(from)
    if (entry === undefined) throw failure('link to', to, 'ENOENT')
    if (this.#names.has(to)) throw failure('link to', to, 'EEXIST')
    this.#change([{ path: to, entry }])
  }

  remove(path: string): void {
    if (!this.#names.has(path)) return
    const gone = [path, ...this.#below(path).map(([below]) => below)]
    this.#change(gone.map((below) => ({ path: below, entry: undefined })))
  }

  /** How many changes of names are pending now: what a sync that begins now covers. */
  pendingNameCount(): number {
    return this.#pendingNames.length
  }

  /** Makes those of the first `count` pending changes durable that touch the folder. */
  settleFolder(folder: string, count: number): void {
    const covered = this.#pendingNames.splice(0, count)
    const later: NameChange[] = []
    for (const change of covered) {
      if (change.some(({ path }) => folderOf(path) === folder)) this.#applyDurably(change)
      else later.push(change)
    }
    this.#pendingNames.unshift(...later)
  }

  /** The power goes. Changes of names that were not synced come true in part, in order or not. */
  lose(): void {
    const isInOrder = this.#random.next() < 0.5
    const keptCount = Math.floor(this.#random.next() * (this.#pendingNames.length + 1))
    this.#pendingNames.forEach((change, index) => {
      if (isInOrder ? index < keptCount : this.#random.next() < 0.5) this.#applyDurably(change)
    })
    this.#pendingNames = []
    // What lies in a folder that was lost is lost with it.
    for (const path of [...this.#durableNames.keys()].sort()) {
      if (path !== '/' && this.#durableNames.get(folderOf(path)) !== 'folder') this.#durableNames.delete(path)
    }
    this.#names = new Map(this.#durableNames)
    const inodes = new Set([...this.#names.values()].filter((entry) => entry !== 'folder'))
    for (const inode of inodes) inode.lose(this.#random)
  }

  /** Bytes of a file that a test may damage, in the cache and on the disk alike. */
  damage(path: string, harm: (bytes: Uint8Array) => void): void {
    const inode = this.#names.get(path)
    assert(inode instanceof Inode, `${path} is a file`)
    inode.settle(inode.pending.length)
    harm(inode.cached.view())
    inode.durable = inode.cached.copy()
  }

  #change(change: NameChange): void {
    for (const { path, entry } of change) setEntry(this.#names, path, entry)
    this.#pendingNames.push(change)
  }

  #applyDurably(change: NameChange): void {
    for (const { path, entry } of change) setEntry(this.#durableNames, path, entry)
  }

  #below(folder: string): (readonly [string, Entry])[] {
    return [...this.#names].filter(([path]) => path.startsWith(`${folder}/`))
  }

  #needFolderOf(path: string): void {
    if (this.#names.get(folderOf(path)) !== 'folder') throw failure('open', path, 'ENOENT')
  }
}

function setEntry(names: Map<string, Entry>, path: string, entry: Entry | undefined): void {
  if (entry === undefined) names.delete(path)
  else names.set(path, entry)
}

export function failure(doing: string, path: string, errno: string): Error {
  return fileFailed(doing, path, Object.assign(new Error(`simulated ${errno}`), { code: errno }))
}
