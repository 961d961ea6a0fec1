// Files of this machine. Reads and writes are synchronous: bytes go from and to the page cache, which is faster
// than any hand-over to a thread. Syncs wait in the thread pool, unless most of the file's last ones were so fast that
// the hand-over would cost as much: on such a disk a log syncs in place.

import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { File, FileCounts, Files, FileStatus, OpenMode } from './env.ts'
import { lockFile } from './env-node-lock.ts'
import { fileFailed, shortWrite, systemCode } from './file-errors.ts'

const FLAGS: Readonly<Record<OpenMode, string>> = {
  read: 'r',
  write: 'r+',
  create: 'wx+',
  secret: 'wx+',
  replace: 'w+',
}
const RIGHTS = 0o666
const RIGHTS_OF_SECRET = 0o600

/** A fast sync takes no longer. */
const FAST_SYNC_MS_MAX = 0.5
/**
 * A file is synced in place while fewer of its syncs are slow. How many, not how long they took: where cores are busy, one
 * in a hundred waits for its turn as long as ten others take, and in the pool more would, since each hand-over waits for a
 * turn of its own.
 */
const SLOW_SHARE_MAX = 0.5
/** Weight of the newest sync in that share: some fourteen of the other kind change where a file is synced. */
const SYNC_WEIGHT = 0.05
/** Who syncs in place again and again lets the event loop turn at least this often: others wait for messages, timers. */
const TURN_MS_MAX = 4

const DONE = Promise.resolve()

type Counts = { -readonly [K in keyof FileCounts]: FileCounts[K] }

/** `bootId` tells runs of the machine apart, for the lock. */
export function nodeFiles(bootId: () => string): Files {
  const counts: Counts = { readBytes: 0, readCount: 0, writtenBytes: 0, syncCount: 0 }
  return {
    counts,
    open: (path, mode) => {
      const rights = mode === 'secret' ? RIGHTS_OF_SECRET : RIGHTS
      const descriptor = attempt('open', path, () => fs.openSync(path, FLAGS[mode], rights))
      return new NodeFile(path, descriptor, counts)
    },
    list: (folder) => listFolder(folder),
    exists: (path) => fs.existsSync(path),
    stat: (path) => readStatus(path),
    makeFolder: (path) =>
      attempt('make the folder', path, () => void fs.mkdirSync(path, { recursive: true })),
    makeTemporaryFolder: (name) => {
      const prefix = join(tmpdir(), `${name}-`)
      return attempt('make a folder', prefix, () => fs.mkdtempSync(prefix))
    },
    rename: (from, to) => attempt('rename to', to, () => fs.renameSync(from, to)),
    link: (from, to) => attempt('link to', to, () => fs.linkSync(from, to)),
    remove: (path) => attempt('remove', path, () => fs.rmSync(path, { recursive: true, force: true })),
    syncFolder: async (folder) => {
      counts.syncCount++
      const descriptor = attempt('open', folder, () => fs.openSync(folder, 'r'))
      try {
        await synced(folder, (done) => fs.fsync(descriptor, done))
      } finally {
        fs.closeSync(descriptor)
      }
    },
    lock: (path, options = {}) => lockFile(path, options, bootId()),
  }
}

class NodeFile implements File {
  readonly path: string
  readonly #descriptor: number
  readonly #counts: Counts
  #isOpen = true
  /** Of the last syncs. All of them, until fast ones have shown otherwise. */
  #slowShare = 1
  /** When the event loop is known to have turned. */
  #turnedMs = 0

  constructor(path: string, descriptor: number, counts: Counts) {
    this.path = path
    this.#descriptor = descriptor
    this.#counts = counts
  }

  byteCount(): number {
    return attempt('look at', this.path, () => fs.fstatSync(this.#descriptor).size)
  }

  read(position: number, target: Uint8Array): number {
    let count = 0
    try {
      // The system may deliver less than asked before the end of the file; only 0 means the end.
      while (count < target.byteLength) {
        const got = fs.readSync(this.#descriptor, target, count, target.byteLength - count, position + count)
        if (got === 0) break
        count += got
      }
    } catch (cause) {
      throw fileFailed('read', this.path, cause)
    }
    this.#counts.readCount++
    this.#counts.readBytes += count
    return count
  }

  write(position: number, bytes: Uint8Array): void {
    let count: number
    try {
      count = fs.writeSync(this.#descriptor, bytes, 0, bytes.byteLength, position)
    } catch (cause) {
      throw fileFailed('write to', this.path, cause)
    }
    this.#counts.writtenBytes += count
    // On a disk, a short write is the first sign of a full one. Trying the rest would only hide it.
    if (count !== bytes.byteLength) throw shortWrite(this.path, bytes.byteLength, count)
  }

  sync(): Promise<void> {
    this.#counts.syncCount++
    return this.#slowShare <= SLOW_SHARE_MAX ? this.#syncHere() : this.#syncInPool()
  }

  #syncHere(): Promise<void> {
    const fromMs = performance.now()
    try {
      fs.fdatasyncSync(this.#descriptor)
    } catch (cause) {
      return Promise.reject(fileFailed('sync', this.path, cause))
    }
    const untilMs = performance.now()
    this.#expect(untilMs - fromMs)
    return untilMs - this.#turnedMs <= TURN_MS_MAX ? DONE : this.#turn()
  }

  async #syncInPool(): Promise<void> {
    const fromMs = performance.now()
    await synced(this.path, (done) => fs.fdatasync(this.#descriptor, done))
    this.#turnedMs = performance.now()
    this.#expect(this.#turnedMs - fromMs)
  }

  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#turnedMs = performance.now()
  }

  #expect(syncMs: number): void {
    this.#slowShare += (Number(syncMs > FAST_SYNC_MS_MAX) - this.#slowShare) * SYNC_WEIGHT
  }

  truncate(byteCount: number): void {
    attempt('cut', this.path, () => fs.ftruncateSync(this.#descriptor, byteCount))
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    attempt('close', this.path, () => fs.closeSync(this.#descriptor))
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function synced(path: string, start: (done: fs.NoParamCallback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((cause) => {
      if (cause === null) resolve()
      else reject(fileFailed('sync', path, cause))
    })
  })
}

function listFolder(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder).sort()
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return []
    throw fileFailed('list', folder, cause)
  }
}

function readStatus(path: string): FileStatus | undefined {
  const status = attempt('look at', path, () => fs.statSync(path, { throwIfNoEntry: false }))
  if (status === undefined) return undefined
  return {
    kind: status.isDirectory() ? 'folder' : 'file',
    byteCount: status.size,
    modifiedMs: status.mtimeMs,
  }
}

function attempt<Result>(doing: string, path: string, work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    throw fileFailed(doing, path, cause)
  }
}
