// Saved queries beside the databases of this process: read from the system folder of the data, as every service over the same
// data reads and writes them; of a connection in memory, kept in memory with it.
//
// To run one takes no lock and writes nothing. To save one makes this process the owner of `system` for that moment.

import { LOCAL_CALLER } from '../access/caller.ts'
import type { Env } from '../base/env.ts'
import { Catalog } from '../database/catalog.ts'
import { readOnlyConnection } from '../database/connection-errors.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { TransactOutcome } from '../database/writer.ts'
import { formFromData } from '../fact/json-form.ts'
import type { Edn } from '../fact/value.ts'
import type { QueryToSave, SavedVersion } from '../interface/types/saved-query.ts'
import { ProcedureSet } from '../procedures/procedure-set.ts'
import type { Forms } from '../service/route.ts'
import { checkQueryName, queryToSave } from '../service/saved-query-forms.ts'
import { SavedQueries } from '../service/system/saved-queries.ts'
import { type HeldProcedures, StoredProcedures } from '../service/system/stored-procedures.ts'
import { SYSTEM_DATABASE } from '../service/system/ownership.ts'
import { type SystemFacts, SystemFolder } from '../service/system/system-folder.ts'

/** Where the system folder lies; undefined for one in memory. */
export type SystemPlace = { readonly folder: string; readonly isReadOnly: boolean } | undefined

export class HeldQueries implements AsyncDisposable {
  readonly #queries: SavedQueries
  readonly #system: LazySystem
  readonly #stored: StoredProcedures
  readonly #own: HeldProcedures
  #callable:
    | { readonly own: ProcedureSet; readonly stored: ProcedureSet; readonly set: ProcedureSet }
    | undefined

  constructor(env: Env, place: SystemPlace, procedures: HeldProcedures) {
    this.#system = place === undefined ? new SystemInMemory(env) : new SystemBeside(env, place)
    this.#queries = new SavedQueries(env, this.#system)
    this.#stored = new StoredProcedures(env, this.#system, procedures)
    this.#own = procedures
  }

  /** The version of this number, or the newest. Throws `varve.error/saved-query-unknown` and its like. */
  version(name: string, number?: number): ReturnType<SavedQueries['version']> {
    return this.#queries.version(name, number)
  }

  async save(name: string, query: QueryToSave): Promise<SavedVersion> {
    checkQueryName(name)
    const fields: Readonly<Record<string, unknown>> = query
    const form: Forms['form'] = (field, mode) =>
      fields[field] === undefined ? undefined : formFromData(fields[field], mode)
    const { versions } = await this.#queries.save(name, queryToSave({ form }), LOCAL_CALLER.name)
    return { name, version: versions.at(-1)!.number }
  }

  /** What saved queries may call: the procedures stored beside them, and those of this connection. */
  async procedures(): Promise<ProcedureSet> {
    const [own, stored] = [this.#own.set, await this.#stored.newest()]
    if (this.#callable?.own !== own || this.#callable.stored !== stored)
      this.#callable = { own, stored, set: new ProcedureSet([...stored.all, ...own.all]) }
    return this.#callable.set
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#system[Symbol.asyncDispose]()
  }
}

/** Opened by whoever asks first: most programs save no query. */
interface LazySystem extends SystemFacts, AsyncDisposable {}

class SystemInMemory implements LazySystem {
  readonly #env: Env
  #opening: Promise<SystemFolder> | undefined

  constructor(env: Env) {
    this.#env = env
  }

  async system(): Promise<DatabaseValue> {
    return (await this.#opened()).system()
  }

  async change(tx: Edn): Promise<TransactOutcome> {
    return (await this.#opened()).change(tx)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#opening)?.[Symbol.asyncDispose]()
  }

  #opened(): Promise<SystemFolder> {
    return (this.#opening ??= SystemFolder.inMemory(this.#env))
  }
}

class SystemBeside implements LazySystem {
  readonly #env: Env
  readonly #folder: string
  readonly #isReadOnly: boolean
  readonly #empty: SystemInMemory
  #following: Promise<Catalog> | undefined

  constructor(env: Env, { folder, isReadOnly }: NonNullable<SystemPlace>) {
    this.#env = env
    this.#folder = folder
    this.#isReadOnly = isReadOnly
    this.#empty = new SystemInMemory(env)
  }

  async system(): Promise<DatabaseValue> {
    const catalog = await this.#followed()
    // Where no service was ever started and nothing saved, nothing is there.
    if (catalog?.list().some(({ name }) => name === SYSTEM_DATABASE) !== true) return this.#empty.system()
    return (await catalog.connection(SYSTEM_DATABASE)).value()
  }

  async change(tx: Edn): Promise<TransactOutcome> {
    if (this.#isReadOnly) throw readOnlyConnection(SYSTEM_DATABASE)
    const outcome = await this.#changed(tx)
    const catalog = await this.#followed()
    // Whoever saved a query sees it.
    await (await catalog!.connection(SYSTEM_DATABASE)).sync(outcome.t)
    return outcome
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#following)?.[Symbol.asyncDispose]()
    await this.#empty[Symbol.asyncDispose]()
  }

  async #changed(tx: Edn): Promise<TransactOutcome> {
    await using system = await SystemFolder.open(this.#env, this.#folder)
    return await system.change(tx)
  }

  async #followed(): Promise<Catalog | undefined> {
    if (this.#following === undefined && this.#env.files.stat(this.#folder) === undefined) return undefined
    this.#following ??= Catalog.openFolder(this.#env, this.#folder, { isReadOnly: true })
    try {
      return await this.#following
    } catch (error) {
      this.#following = undefined
      throw error
    }
  }
}
