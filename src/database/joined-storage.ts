// Databases of several folders as one catalog: the first may be written, the others are only followed. Names and aliases
// of all of them share one namespace, so two that are alike are an error that names both folders, whenever they meet.

import { VarveError } from '../base/errors.ts'
import { type CatalogStorage, type DatabaseInfo, type DatabaseStorage, findDatabase } from './storage.ts'

export class JoinedCatalogStorage implements CatalogStorage {
  readonly #first: CatalogStorage
  readonly #others: readonly CatalogStorage[]

  constructor(first: CatalogStorage, others: readonly CatalogStorage[]) {
    this.#first = first
    this.#others = others
  }

  /** Of the databases that may be written. */
  get folder(): string | undefined {
    return this.#first.folder
  }

  /** Throws `varve.error/database-name-taken` where two folders have databases of one name or alias. */
  list(): readonly DatabaseInfo[] {
    const folderOf = new Map<string, string>()
    return this.#all().flatMap((storage) => {
      const infos = storage.list()
      const folder = storage.folder ?? 'memory'
      for (const { name, alias } of infos) {
        for (const text of new Set([name, alias])) {
          const holder = folderOf.get(text)
          if (holder !== undefined) throw nameTaken(text, holder, folder)
          folderOf.set(text, folder)
        }
      }
      return infos
    })
  }

  holds(info: DatabaseInfo): boolean {
    return this.#all().some((storage) => storage.holds(info))
  }

  open(nameOrAlias: string): DatabaseStorage {
    const { name } = findDatabase(this.list(), nameOrAlias)
    return this.#holder(name).open(name)
  }

  isWritable(name: string): boolean {
    return this.#holder(name) === this.#first
  }

  create(name: string, alias: string, id?: string): Promise<DatabaseStorage> {
    for (const storage of this.#others) {
      const taken = storage
        .list()
        .find((info) => [info.name, info.alias].some((text) => text === name || text === alias))
      if (taken !== undefined) {
        throw nameTaken(taken.name, storage.folder ?? 'memory', this.folder ?? 'memory')
      }
    }
    return this.#first.create(name, alias, id)
  }

  delete(name: string): Promise<void> {
    return this.#first.delete(name)
  }

  #all(): readonly CatalogStorage[] {
    return [this.#first, ...this.#others]
  }

  #holder(name: string): CatalogStorage {
    return this.#others.find((storage) => storage.list().some((info) => info.name === name)) ?? this.#first
  }
}

function nameTaken(name: string, folder: string, other: string): VarveError {
  return new VarveError({
    code: 'varve.error/database-name-taken',
    kind: 'conflict',
    message: `${name} names a database of ${folder}, and one of ${other}`,
    fix: 'Serve the two folders apart, or restore one of the databases under another name',
    data: { name, folders: [folder, other] },
  })
}
