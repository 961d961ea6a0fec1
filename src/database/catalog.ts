// The databases of one place, each opened once: for writing where this process writes, for following where it
// only reads. Names and aliases both find a database.

import type { Env, TakeOver } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import type { Edn } from '../fact/value.ts'
import { type Connection, Follower } from './connection.ts'
import { aliasDiffers, connectionClosed, readOnlyConnection, schemaRefused } from './connection-errors.ts'
import type { FunctionRegistry } from './functions.ts'
import type { IndexingLimits } from './indexing.ts'
import {
  type CatalogStorage,
  type DatabaseInfo,
  findDatabase,
  FolderCatalogStorage,
  MemoryCatalogStorage,
} from './storage.ts'
import { JoinedCatalogStorage } from './joined-storage.ts'
import { diffSchema } from './schema-diff.ts'
import { Writer } from './writer.ts'

export type CatalogOptions = {
  /** Follows only: writes nothing, takes no lock. */
  readonly isReadOnly?: boolean
  /** Makes the folder where it is missing. */
  readonly canCreate?: boolean
  /** Takes the writer's place from a process that is still alive, or hangs: that one acknowledges nothing more. */
  readonly takeOver?: TakeOver
  /** Folders whose databases are followed beside those of the first, and never written. */
  readonly followedFolders?: readonly string[]
  readonly functions?: FunctionRegistry
  /** Databases of a folder are indexed, and files of their logs sealed, in threads of their own. */
  readonly hasThreads?: boolean
  readonly indexing?: IndexingLimits
}

export class Catalog implements AsyncDisposable {
  readonly env: Env
  readonly storage: CatalogStorage
  readonly isReadOnly: boolean
  readonly functions: FunctionRegistry
  readonly #hasThreads: boolean
  readonly #indexing: IndexingLimits | undefined
  readonly #connections = new Map<string, Promise<Connection>>()
  /** Of those that were opened, by alias. */
  readonly #names = new Map<string, string>()
  /** Those of the connections that are open and write. */
  readonly #writers = new Map<string, Writer>()
  #isClosed = false

  static async openFolder(env: Env, folder: string, options: CatalogOptions = {}): Promise<Catalog> {
    const canCreate = options.canCreate ?? options.isReadOnly !== true
    const { takeOver = false, hasThreads = false, followedFolders = [] } = options
    const storage = await FolderCatalogStorage.open(env, folder, { canCreate, takeOver, hasThreads })
    if (followedFolders.length === 0) return new Catalog(env, storage, options)
    const followed = await Promise.all(
      followedFolders.map((each) => FolderCatalogStorage.open(env, each, { canCreate: false })),
    )
    return new Catalog(env, new JoinedCatalogStorage(storage, followed), options)
  }

  static openMemory(env: Env, options: CatalogOptions = {}): Catalog {
    return new Catalog(env, new MemoryCatalogStorage(env), options)
  }

  private constructor(env: Env, storage: CatalogStorage, options: CatalogOptions) {
    this.env = env
    this.storage = storage
    this.isReadOnly = options.isReadOnly ?? false
    this.functions = options.functions ?? new Map()
    this.#hasThreads = options.hasThreads ?? false
    this.#indexing = options.indexing
  }

  list(): readonly DatabaseInfo[] {
    return this.storage.list()
  }

  /** Of the first folder: what this catalog may write unless it only reads. */
  firstList(): readonly DatabaseInfo[] {
    return this.storage.list().filter(({ name }) => this.storage.isWritable(name))
  }

  /** The connection to a database by name or alias. */
  async connection(nameOrAlias: string): Promise<Connection> {
    // Known ones first: a query names its databases every time, and listing a folder is not free.
    const known = await this.opened(nameOrAlias)
    if (known !== undefined) return known
    const { name } = findDatabase(this.list(), nameOrAlias)
    return (await this.opened(name)) ?? this.#open(name, undefined)
  }

  /**
   * The connection to a database that is open already, by name or alias. A follower notices when its database was deleted, even
   * if another of the same name stands there now.
   */
  async opened(nameOrAlias: string): Promise<Connection | undefined> {
    const name = this.#names.get(nameOrAlias) ?? nameOrAlias
    const opening = this.#connections.get(name)
    if (opening === undefined || this.#writers.has(name)) return opening
    const connection = await opening
    if (!(connection instanceof Follower) || this.storage.holds(connection.info)) return connection
    if (this.#connections.get(name) === opening) {
      this.#connections.delete(name)
      await connection[Symbol.asyncDispose]()
    }
    return this.#connections.get(name)
  }

  /** The connection to a database for transactions; `varve.error/read-only` where this process only reads. */
  async writer(nameOrAlias: string): Promise<Writer> {
    const connection = await this.connection(nameOrAlias)
    if (!(connection instanceof Writer)) throw readOnlyConnection(connection.info.name)
    return connection
  }

  /** The same of a database that is open already: nobody who transacts again and again waits for it. */
  openedWriter(name: string): Writer | undefined {
    return this.#writers.get(name)
  }

  /** Opens a database, making it where it is missing; adds what its schema lacks. Refuses another alias. */
  async create(
    name: string,
    options: { readonly alias?: string; readonly schema?: Edn } = {},
  ): Promise<Connection> {
    if (this.#isClosed) throw connectionClosed(name)
    const existing = this.list().find((info) => info.name === name)
    if (existing === undefined) {
      if (this.isReadOnly) throw readOnlyConnection(name)
      await this.storage.create(name, options.alias ?? name)
      return this.#bear(name, options.schema)
    }
    if (options.alias !== undefined && options.alias !== existing.alias)
      throw aliasDiffers(existing, options.alias)
    const connection = await this.connection(name)
    if (options.schema !== undefined) {
      if (connection instanceof Writer) await connection.ensureSchema(options.schema)
      else checkSchema(connection, options.schema)
    }
    return connection
  }

  /** The first opening of a database. If its schema cannot be, the database is not either. */
  async #bear(name: string, schema: Edn | undefined): Promise<Connection> {
    try {
      return await this.#open(name, schema)
    } catch (error) {
      // Another process may have found the new database first: then it is that one's.
      const isElsewhere = error instanceof VarveError && error.code === 'varve.error/folder-locked'
      if (!isElsewhere) await this.storage.delete(name)
      throw error
    }
  }

  async delete(nameOrAlias: string): Promise<void> {
    const { name } = findDatabase(this.list(), nameOrAlias)
    if (!this.#isWritable(name)) throw readOnlyConnection(name)
    // Opening takes the writer's lock: a database that another process writes is not deleted under it.
    await (await this.connection(name))[Symbol.asyncDispose]()
    this.#connections.delete(name)
    this.#writers.delete(name)
    await this.storage.delete(name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const opened = [...this.#connections.values()]
    this.#connections.clear()
    this.#writers.clear()
    const results = await Promise.allSettled(
      opened.map(async (opening) => {
        // What could not be opened was told to whoever opened it; there is nothing to close.
        const connection = await opening.catch(() => undefined)
        await connection?.[Symbol.asyncDispose]()
      }),
    )
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  #isWritable(name: string): boolean {
    return !this.isReadOnly && this.storage.isWritable(name)
  }

  #open(name: string, schema: Edn | undefined): Promise<Connection> {
    // Whoever still holds a database of a closed catalog must not open its log again.
    if (this.#isClosed) return Promise.reject(connectionClosed(name))
    const storage = this.storage.open(name)
    const { functions } = this
    const isIndexedInWorker = this.#hasThreads && storage.folder !== undefined
    const opening: Promise<Connection> = this.#isWritable(name)
      ? Writer.open(this.env, storage, {
          functions,
          isIndexedInWorker,
          ...(this.#indexing !== undefined && { indexing: this.#indexing }),
          ...(schema !== undefined && { schema }),
        })
      : Follower.open(this.env, storage)
    this.#connections.set(name, opening)
    opening.then(
      (connection) => {
        if (this.#connections.get(name) !== opening) return
        this.#names.set(connection.info.alias, name)
        if (connection instanceof Writer) this.#writers.set(name, connection)
      },
      // A failed opening is forgotten, so that the next one tries again.
      () => this.#connections.delete(name),
    )
    return opening
  }
}

/** Who only reads cannot add what is missing; what is there must be as it is declared. */
function checkSchema(connection: Connection, schema: Edn): void {
  const { additions, changes } = diffSchema(connection.value().schema, schema)
  if (changes.length > 0) throw schemaRefused(connection.info.name, changes)
  if (additions.length > 0) throw readOnlyConnection(connection.info.name)
}
