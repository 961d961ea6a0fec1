// Blobs as files of a folder. A blob is written under a temporary name, synced, renamed, and the folder synced:
// it is there whole or not at all.
//
// An object that is swapped is a row of versions, `root~000000000007`: swapping is to link the next number,
// which the file system lets only one process do, so it is a true compare-and-set without any lock. The
// highest number counts. Kept open files are bounded; one that is deleted stays readable while it is open.

import type { Env, File } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { fileTooShort } from '../base/file-errors.ts'
import { folderOf, makeDurableFolder } from '../base/folders.ts'
import type { Blob, BlobStore } from './blob-store.ts'
import { blobMissing, blobTooShort } from './errors.ts'
import { checkKey, isSameBytes } from './key.ts'
import { SharedFolderSync } from './shared-sync.ts'

export type FolderStoreLimits = {
  /** Files of blobs kept open; the least recently read is closed and opened again when it is wanted. */
  readonly openFileCountMax: number
}

export const FOLDER_STORE_LIMITS: FolderStoreLimits = { openFileCountMax: 256 }

/** A temporary file this old belongs to nobody who still writes. */
const TEMPORARY_AGE_MS_MAX = 3_600_000
const TEMPORARY = /^\.tmp-/
const VERSION_DIGITS = 12

/** The store in `folder`, which is made by the first write. */
export function openFolderStore(
  env: Env,
  folder: string,
  limits: FolderStoreLimits = FOLDER_STORE_LIMITS,
): FolderBlobStore {
  return new FolderBlobStore(env, folder, limits)
}

export class FolderBlobStore implements BlobStore {
  readonly #env: Env
  readonly #folder: string
  readonly #open: OpenFiles
  /** Folders known to exist durably, by path. */
  readonly #made = new Set<string>()
  readonly #folderSync: SharedFolderSync
  #swapping: Promise<unknown> = Promise.resolve()

  constructor(env: Env, folder: string, limits: FolderStoreLimits) {
    this.#env = env
    this.#folder = folder
    this.#open = new OpenFiles(env, limits.openFileCountMax)
    this.#folderSync = new SharedFolderSync(env.files)
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(key)
    const { files } = this.#env
    await this.#makeFolderOf(path)
    // Same name, same bytes: names are hashes. A file of another size is the ruin of something else.
    if (files.stat(path)?.byteCount !== bytes.byteLength) {
      const temporary = await this.#writeTemporary(bytes)
      files.rename(temporary, path)
    }
    // Also where the blob was there: whoever put it may have died before this line.
    await this.#folderSync.sync(folderOf(path))
  }

  open(key: string): Promise<Blob> {
    // Not `async`, so that a missing blob and a found one both cost one turn.
    try {
      return Promise.resolve(this.#openNow(key))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  list(prefix: string): Promise<readonly string[]> {
    const keys: string[] = []
    this.#walk(this.#folder, '', prefix, keys)
    return Promise.resolve(keys)
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    this.#env.files.remove(path)
    for (const version of this.#versions(path)) this.#env.files.remove(versionPath(path, version))
  }

  swap(key: string, expected: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean> {
    // One at a time in this process; the link below decides between processes.
    const swapped = this.#swapping.then(() => this.#swapNow(key, expected, bytes))
    this.#swapping = swapped.catch(() => undefined)
    return swapped
  }

  /**
   * Proof that at most one of several swaps from the same bytes succeeds: each links version n + 1, where n was
   * the highest it saw, and `link` refuses a name that is taken. A name can be free again only after a higher
   * version was made durable; who links it then finds that version in the listing afterwards, and says false.
   */
  async #swapNow(key: string, expected: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean> {
    const path = this.#path(key)
    const { files } = this.#env
    await this.#makeFolderOf(path)
    const before = this.#versions(path)
    const version = before.at(-1) ?? 0
    if (!isSameBytes(version === 0 ? undefined : this.#readVersion(path, version), expected)) return false
    const temporary = await this.#writeTemporary(bytes)
    try {
      files.link(temporary, versionPath(path, version + 1))
    } catch (error) {
      if (isCode(error, 'varve.error/file-exists')) return false
      throw error
    } finally {
      files.remove(temporary)
    }
    await files.syncFolder(folderOf(path))
    if (this.#versions(path).at(-1) !== version + 1) return false
    for (const old of before) files.remove(versionPath(path, old))
    return true
  }

  #openNow(key: string): Blob {
    const path = this.#path(key)
    try {
      return new FileBlob(key, path, this.#open)
    } catch (error) {
      if (!isCode(error, 'varve.error/file-missing')) throw error
    }
    // No such blob; perhaps an object that is swapped. Its file may be replaced between the two lines.
    for (let attempt = 0; attempt < 100; attempt++) {
      const version = this.#versions(path).at(-1)
      if (version === undefined) break
      try {
        return new FileBlob(key, versionPath(path, version), this.#open)
      } catch (error) {
        if (!isCode(error, 'varve.error/file-missing')) throw error
      }
    }
    throw blobMissing(key)
  }

  #readVersion(path: string, version: number): Uint8Array | undefined {
    try {
      using file = this.#env.files.open(versionPath(path, version), 'read')
      const bytes = new Uint8Array(file.byteCount())
      if (file.read(0, bytes) < bytes.byteLength) throw fileTooShort(file.path, 0, bytes.byteLength)
      return bytes
    } catch (error) {
      if (isCode(error, 'varve.error/file-missing')) return undefined
      throw error
    }
  }

  /** Numbers of the versions of a swapped object, ascending. */
  #versions(path: string): number[] {
    const prefix = `${path.slice(path.lastIndexOf('/') + 1)}~`
    return this.#env.files
      .list(folderOf(path))
      .filter((name) => name.startsWith(prefix))
      .map((name) => Number(name.slice(prefix.length)))
  }

  #walk(folder: string, above: string, prefix: string, keys: string[]): void {
    const seen = new Set<string>()
    for (const name of this.#env.files.list(folder)) {
      if (name.startsWith('.')) continue
      const key = `${above}${name.replace(/~\d+$/, '')}`
      const isBelow = key.startsWith(prefix)
      if (!isBelow && !prefix.startsWith(`${key}/`)) continue
      if (this.#env.files.stat(`${folder}/${name}`)?.kind === 'folder') {
        this.#walk(`${folder}/${name}`, `${key}/`, prefix, keys)
      } else if (isBelow && !seen.has(key)) {
        seen.add(key)
        keys.push(key)
      }
    }
  }

  #path(key: string): string {
    checkKey(key)
    return `${this.#folder}/${key}`
  }

  async #writeTemporary(bytes: Uint8Array): Promise<string> {
    const { files, random } = this.#env
    const path = `${this.#folder}/.tmp-${Buffer.from(random.bytes(8)).toString('hex')}`
    try {
      using file = files.open(path, 'create')
      file.write(0, bytes)
      await file.sync()
    } catch (error) {
      removeQuietly(this.#env, path)
      throw error
    }
    return path
  }

  async #makeFolderOf(path: string): Promise<void> {
    if (!this.#made.has(this.#folder)) {
      await makeDurableFolder(this.#env, this.#folder)
      this.#sweep()
      this.#made.add(this.#folder)
    }
    const folder = folderOf(path)
    if (this.#made.has(folder)) return
    await makeDurableFolder(this.#env, folder)
    this.#made.add(folder)
  }

  #sweep(): void {
    const { files, clock } = this.#env
    for (const name of files.list(this.#folder)) {
      if (!TEMPORARY.test(name)) continue
      const path = `${this.#folder}/${name}`
      const status = files.stat(path)
      if (status !== undefined && clock.nowMs() - status.modifiedMs > TEMPORARY_AGE_MS_MAX) files.remove(path)
    }
  }
}

class FileBlob implements Blob {
  readonly byteCount: number
  readonly path: string
  readonly #key: string
  readonly #open: OpenFiles

  constructor(key: string, path: string, open: OpenFiles) {
    this.#key = key
    this.path = path
    this.#open = open
    this.byteCount = open.get(this, path).byteCount()
  }

  read(offset: number, length: number): Uint8Array {
    if (offset + length > this.byteCount) throw blobTooShort(this.#key, this.byteCount, offset, length)
    const bytes = new Uint8Array(length)
    if (this.#file().read(offset, bytes) < length) {
      throw blobTooShort(this.#key, this.byteCount, offset, length)
    }
    return bytes
  }

  [Symbol.dispose](): void {
    this.#open.drop(this)
  }

  #file(): File {
    try {
      return this.#open.get(this, this.path)
    } catch (error) {
      throw isCode(error, 'varve.error/file-missing') ? blobMissing(this.#key, error) : error
    }
  }
}

/** Files of blobs, the least recently used first. */
class OpenFiles {
  readonly #env: Env
  readonly #countMax: number
  readonly #files = new Map<FileBlob, File>()

  constructor(env: Env, countMax: number) {
    this.#env = env
    this.#countMax = countMax
  }

  get(blob: FileBlob, path: string): File {
    const file = this.#files.get(blob) ?? this.#env.files.open(path, 'read')
    this.#files.delete(blob)
    this.#files.set(blob, file)
    if (this.#files.size > this.#countMax) {
      for (const oldest of this.#files.keys()) {
        this.drop(oldest)
        break
      }
    }
    return file
  }

  drop(blob: FileBlob): void {
    this.#files.get(blob)?.close()
    this.#files.delete(blob)
  }
}

function versionPath(path: string, version: number): string {
  return `${path}~${String(version).padStart(VERSION_DIGITS, '0')}`
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof VarveError && error.code === code
}

function removeQuietly(env: Env, path: string): void {
  try {
    env.files.remove(path)
  } catch {
    // What failed before is the news; a temporary file left behind is swept later.
  }
}
