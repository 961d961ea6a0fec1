// The databases as one caller sees them: what no grant shows is not there, under any name, in any list, in no error. Every
// route reaches facts through this; `local`, who may do everything, sees everything.

import type { Caller } from '../access/caller.ts'
import { accessibleDatabases, type Grant } from '../access/grant.ts'
import { type AccessOptions, restrictionOf } from '../access/restriction-of.ts'
import type { Catalog } from '../database/catalog.ts'
import type { Connection, LogRange } from '../database/connection.ts'
import { databaseUnknown } from '../database/connection-errors.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { LoggedTransaction } from '../database/fact-store.ts'
import { restrictTransaction } from '../database/restricted-log.ts'
import type { Restriction } from '../database/restriction.ts'
import { type DatabaseInfo, findDatabase } from '../database/storage.ts'
import { momentSources, type MomentRequest, pinnedSources } from '../query/moment.ts'
import type { PinnedQuestion } from '../query/pinned.ts'
import { transactRestricted } from './errors.ts'

type SourceNamed = (name: string) => Promise<DatabaseValue>

export class CallerDatabases {
  readonly #catalog: Catalog
  readonly #caller: Caller
  /** Undefined: everything shows. */
  readonly #grants: readonly Grant[] | undefined
  readonly #options: AccessOptions

  constructor(
    catalog: Catalog,
    caller: Caller,
    grants: readonly Grant[] | undefined,
    options: AccessOptions,
  ) {
    this.#catalog = catalog
    this.#caller = caller
    this.#grants = grants
    this.#options = options
  }

  list(): readonly DatabaseInfo[] {
    const infos = this.#catalog.list()
    return this.#grants === undefined ? infos : accessibleDatabases(this.#grants, this.#caller, infos)
  }

  /** The connection to a database that the caller may see something of. Its values are whole: show them through `seen`. */
  async connection(nameOrAlias: string): Promise<Connection> {
    if (this.#grants === undefined) return this.#catalog.connection(nameOrAlias)
    // One that is open first, as the catalog does: listing folders takes as long as a question about few things.
    const opened = await this.#catalog.opened(nameOrAlias)
    if (opened !== undefined && accessibleDatabases(this.#grants, this.#caller, [opened.info]).length > 0)
      return opened
    return this.#catalog.connection(findDatabase(this.list(), nameOrAlias).name)
  }

  /** What the caller sees of a value, at its moment. */
  async seen(value: DatabaseValue): Promise<DatabaseValue> {
    const restriction = await this.#restriction(value)
    return restriction === 'all' ? value : value.restricted(restriction)
  }

  /** For a question at a moment. */
  sources(request: MomentRequest): SourceNamed {
    return this.#seenOf(momentSources(this, request))
  }

  /** For a question that is asked again. */
  pinned(
    question: PinnedQuestion,
    waiting: Pick<MomentRequest, 'signal' | 'waitMs' | 'speculate'>,
  ): SourceNamed {
    return this.#seenOf(pinnedSources(this, question, waiting))
  }

  /** Transactions of the log, as far as they show; rules are judged at the newest value. */
  async *transactions(connection: Connection, range: LogRange): AsyncGenerator<LoggedTransaction> {
    const value = connection.value()
    const restriction = await this.#restriction(value)
    for await (const transaction of connection.transactions(range)) {
      if (restriction === 'all') yield transaction
      else {
        const datoms = restrictTransaction(transaction.datoms, restriction, value.schema)
        yield { ...transaction, datoms }
      }
    }
  }

  /**
   * That the caller sees all of a database: whoever writes learns from errors what is there. Throws
   * `varve.error/transact-restricted`.
   */
  async checkWhole(nameOrAlias: string): Promise<void> {
    if (this.#grants === undefined) return
    const value = (await this.connection(nameOrAlias)).value()
    if ((await this.#restriction(value)) !== 'all') throw transactRestricted(value.database)
  }

  #seenOf(sourceNamed: SourceNamed): SourceNamed {
    if (this.#grants === undefined) return sourceNamed
    const values = new Map<DatabaseValue, Promise<DatabaseValue>>()
    return async (name) => {
      const value = await sourceNamed(name)
      let seen = values.get(value)
      if (seen === undefined) values.set(value, (seen = this.seen(value)))
      return seen
    }
  }

  async #restriction(value: DatabaseValue): Promise<Restriction | 'all'> {
    if (this.#grants === undefined) return 'all'
    const found = await restrictionOf(this.#grants, this.#caller, value.atMoment(), this.#options)
    // A grant may have been taken back since the name was looked up.
    if (found === undefined) throw databaseUnknown(value.database, this.list())
    return found
  }
}
