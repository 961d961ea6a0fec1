// Where the bytes of many databases stay: a folder with one folder per database, or memory.
//
//   DATA/varve.json               what this folder is, and the version of its format
//   DATA/<name>/database.json     name, alias and id of one database
//   DATA/<name>/log/              the truth
//   DATA/<name>/index/            segments and the root
//
// Names and aliases share one namespace. Folders that begin with a dot are half made or half deleted: the next
// `create` or `delete` sweeps them away.

import type { Env, FileStatus, TakeOver } from '../base/env.ts'
import { makeDurableFolder } from '../base/folders.ts'
import type { BlobStore } from '../blob/blob-store.ts'
import { openFolderStore } from '../blob/folder-store.ts'
import { MemoryBlobStore } from '../blob/memory-store.ts'
import { openLog } from '../log/folder-log.ts'
import { MemoryLog } from '../log/memory-log.ts'
import type { TransactionLog, WritableLog } from '../log/transaction-log.ts'
import {
  databaseExists,
  databaseNameInvalid,
  databaseUnknown,
  folderMissing,
  foreignFolder,
  formatUnknown,
} from './connection-errors.ts'

export const FORMAT_VERSION = 1
/** The file that makes a folder a data folder. */
export const MARKER = 'varve.json'

export type DatabaseInfo = {
  readonly name: string
  readonly alias: string
  /** A uuid: tells this database from another of the same name. */
  readonly id: string
}

/** The bytes of one database. */
export interface DatabaseStorage {
  readonly info: DatabaseInfo
  /** Folder on this machine, for views that name files; undefined in memory. */
  readonly folder: string | undefined
  readonly blobs: BlobStore
  /** Fences every earlier writer. Throws `varve.error/folder-locked` while another process writes. */
  openForWriting(): Promise<WritableLog>
  openForReading(): Promise<TransactionLog>
}

export interface CatalogStorage {
  readonly folder: string | undefined
  list(): readonly DatabaseInfo[]
  /** True while this very database is there, not another of its name. */
  holds(info: DatabaseInfo): boolean
  open(name: string): DatabaseStorage
  /** False for a database that this catalog only follows, whatever it does with others. */
  isWritable(name: string): boolean
  /** `id` only for a copy of a database that has one. */
  create(name: string, alias: string, id?: string): Promise<DatabaseStorage>
  delete(name: string): Promise<void>
}

/** The database that a name or an alias means, or `varve.error/database-unknown` with the nearest. */
export function findDatabase(infos: readonly DatabaseInfo[], nameOrAlias: string): DatabaseInfo {
  const found = infos.find(({ name, alias }) => name === nameOrAlias || alias === nameOrAlias)
  if (found === undefined) throw databaseUnknown(nameOrAlias, infos)
  return found
}

const NAME = /^[a-z][a-z0-9_-]{0,62}$/

function checkNew(infos: readonly DatabaseInfo[], name: string, alias: string): void {
  for (const text of [name, alias]) {
    // Names become folders and stand after `$` in queries, so they are kept plain.
    if (!NAME.test(text)) throw databaseNameInvalid(text)
    const holder = infos.find((info) => info.name === text || info.alias === text)
    if (holder !== undefined) throw databaseExists(text, holder)
  }
}

function newId(env: Env): string {
  const hex = Buffer.from(env.random.bytes(16)).toString('hex')
  const variant = ((parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}

export class MemoryCatalogStorage implements CatalogStorage {
  readonly folder = undefined
  readonly #env: Env
  readonly #databases = new Map<string, DatabaseStorage>()

  constructor(env: Env) {
    this.#env = env
  }

  list(): readonly DatabaseInfo[] {
    return [...this.#databases.values()].map(({ info }) => info)
  }

  holds({ name, id }: DatabaseInfo): boolean {
    return this.#databases.get(name)?.info.id === id
  }

  open(name: string): DatabaseStorage {
    return this.#databases.get(findDatabase(this.list(), name).name)!
  }

  isWritable(): boolean {
    return true
  }

  create(name: string, alias: string, id: string = newId(this.#env)): Promise<DatabaseStorage> {
    checkNew(this.list(), name, alias)
    const log = new MemoryLog()
    const storage: DatabaseStorage = {
      info: { name, alias, id },
      folder: undefined,
      blobs: new MemoryBlobStore(),
      openForWriting: () => Promise.resolve(log),
      openForReading: () => Promise.resolve(log),
    }
    this.#databases.set(name, storage)
    return Promise.resolve(storage)
  }

  delete(name: string): Promise<void> {
    this.#databases.delete(findDatabase(this.list(), name).name)
    return Promise.resolve()
  }
}

export type FolderOptions = {
  /** Makes the folder where it is missing. */
  readonly canCreate: boolean
  /** Takes the writer's place from a process that is still alive, and fences it. */
  readonly takeOver?: TakeOver
  /** Complete files of logs are sealed in threads of their own. */
  readonly hasThreads?: boolean
}

/** A file that was written so recently may be replaced by another that looks the same from outside. */
const YOUNG_MS = 2_000

export class FolderCatalogStorage implements CatalogStorage {
  readonly folder: string
  readonly #env: Env
  readonly #takeOver: TakeOver
  readonly #hasThreads: boolean
  /** Ids of databases as they were read last, by name. */
  readonly #ids = new Map<string, { readonly id: unknown; readonly status: FileStatus }>()

  private constructor(env: Env, folder: string, options: FolderOptions) {
    this.#env = env
    this.folder = folder
    this.#takeOver = options.takeOver ?? false
    this.#hasThreads = options.hasThreads ?? false
  }

  /** Opens the folder, or makes it. A folder that holds something else is refused, never written into. */
  static async open(env: Env, folder: string, options: FolderOptions): Promise<FolderCatalogStorage> {
    const marker = `${folder}/${MARKER}`
    if (env.files.stat(marker) === undefined) {
      if (env.files.list(folder).length > 0) throw foreignFolder(folder)
      if (!options.canCreate) throw folderMissing(folder)
      await makeDurableFolder(env, folder)
      await writeSmallFile(env, folder, MARKER, { format: 'varve', version: FORMAT_VERSION })
    } else {
      const { version } = readSmallFile(env, marker)
      if (version !== FORMAT_VERSION) throw formatUnknown(marker, version, FORMAT_VERSION)
    }
    return new FolderCatalogStorage(env, folder, options)
  }

  list(): readonly DatabaseInfo[] {
    const infos: DatabaseInfo[] = []
    for (const entry of this.#env.files.list(this.folder)) {
      const path = `${this.folder}/${entry}/database.json`
      if (entry.startsWith('.') || this.#env.files.stat(path) === undefined) continue
      const { alias, id } = readSmallFile(this.#env, path)
      infos.push({ name: entry, alias: String(alias), id: String(id) })
    }
    return infos
  }

  /** Asked for every question: a file that looks as it did is not read again, which costs four times the look. */
  holds({ name, id }: DatabaseInfo): boolean {
    const path = `${this.folder}/${name}/database.json`
    const status = this.#env.files.stat(path)
    if (status === undefined) return false
    const known = this.#ids.get(name)
    if (known !== undefined && isSame(known.status, status)) return known.id === id
    const read = readSmallFile(this.#env, path)['id']
    const isYoung = this.#env.clock.nowMs() - status.modifiedMs < YOUNG_MS
    if (!isYoung) this.#ids.set(name, { id: read, status })
    return read === id
  }

  open(nameOrAlias: string): DatabaseStorage {
    return this.#storageOf(findDatabase(this.list(), nameOrAlias))
  }

  isWritable(): boolean {
    return true
  }

  async create(name: string, alias: string, id: string = newId(this.#env)): Promise<DatabaseStorage> {
    checkNew(this.list(), name, alias)
    this.#sweep()
    const { files } = this.#env
    const info: DatabaseInfo = { name, alias, id }
    const making = `${this.folder}/.making-${name}`
    files.makeFolder(making)
    await writeSmallFile(this.#env, making, 'database.json', info)
    files.rename(making, `${this.folder}/${name}`)
    await files.syncFolder(this.folder)
    return this.#storageOf(info)
  }

  async delete(nameOrAlias: string): Promise<void> {
    const { name } = findDatabase(this.list(), nameOrAlias)
    // Gone in one step for everybody who looks, whatever crashes while the bytes go.
    this.#env.files.rename(`${this.folder}/${name}`, `${this.folder}/.deleted-${name}`)
    await this.#env.files.syncFolder(this.folder)
    this.#sweep()
  }

  #sweep(): void {
    for (const entry of this.#env.files.list(this.folder)) {
      if (/^\.(making-|deleted-|unfinished$)/.test(entry)) this.#env.files.remove(`${this.folder}/${entry}`)
    }
  }

  #storageOf(info: DatabaseInfo): DatabaseStorage {
    const env = this.#env
    const folder = `${this.folder}/${info.name}`
    const isSealedInThread = this.#hasThreads
    let takeOver = this.#takeOver
    return {
      info,
      folder,
      blobs: openFolderStore(env, `${folder}/index`),
      openForWriting: async () => {
        const log = await openLog(env, `${folder}/log`, { mode: 'write', takeOver, isSealedInThread })
        // Once: whoever has the log now and loses it again does not fight for it.
        takeOver = false
        return log
      },
      openForReading: () => openLog(env, `${folder}/log`, { mode: 'read' }),
    }
  }
}

function isSame(x: FileStatus, y: FileStatus): boolean {
  return x.modifiedMs === y.modifiedMs && x.byteCount === y.byteCount
}

async function writeSmallFile(env: Env, folder: string, name: string, content: object): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`)
  const making = `${folder}/.${name}`
  {
    using file = env.files.open(making, 'replace')
    file.write(0, bytes)
    await file.sync()
  }
  env.files.rename(making, `${folder}/${name}`)
  await env.files.syncFolder(folder)
}

function readSmallFile(env: Env, path: string): Record<string, unknown> {
  using file = env.files.open(path, 'read')
  const bytes = new Uint8Array(Math.min(file.byteCount(), 65_536))
  file.read(0, bytes)
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>
  } catch (cause) {
    throw foreignFolder(path, cause)
  }
  throw foreignFolder(path)
}
