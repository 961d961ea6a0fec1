// Tables that one worker made and the others of its team use as well: each is made once, and lies in memory once. After an
// answer its maker tells the others of what it made; whoever hears of a table keeps it within a bound, the newest root of
// a database alone. The maker itself keeps it as long as its columns are kept (src/index/attribute-columns.ts).
//
// A name tells what a table shows (`IndexedFacts.shownAt`), so nobody can take one for another.

import type { Attribute } from '../../fact/attribute.ts'
import type { Shown } from '../../index/indexed-facts.ts'
import type { AttributeTable, TableShare } from './attribute-table.ts'
import type { SentTable, TableExchange } from './sent-table.ts'
import { receiveTree, sendTree } from './sent-tree.ts'

export type SharedTablesLimits = {
  /** Of what other threads made and this one keeps. It lies there once, however many keep it. */
  readonly keptBytesMax: number
  /** Tables with fewer rows are made as fast as heard of. */
  readonly rowCountMin: number
}
export const SHARED_TABLES_LIMITS: SharedTablesLimits = { keptBytesMax: 1 << 29, rowCountMin: 4_096 }

/** Tables made here of which the names are remembered. */
const OWN_COUNT_MAX = 1_000

/** What a maker tells of a table. */
export type Announcement = {
  readonly kind: 'table'
  readonly shown: Shown
  /** A sent tree. */
  readonly attribute: unknown
  readonly table: SentTable
}

type Kept = { readonly table: AttributeTable; readonly shown: Shown; readonly byteCount: number }

export class SharedTables implements TableShare {
  readonly #exchange: TableExchange
  readonly #limits: SharedTablesLimits
  /** Made by others, the one used longest ago first. */
  readonly #kept = new Map<string, Kept>()
  #keptBytes = 0
  /** Made here. */
  readonly #own = new Map<string, WeakRef<AttributeTable>>()
  readonly #unannounced: { readonly shown: Shown; readonly table: AttributeTable }[] = []

  constructor(exchange: TableExchange, limits: SharedTablesLimits = SHARED_TABLES_LIMITS) {
    this.#exchange = exchange
    this.#limits = limits
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  find({ name }: Shown): AttributeTable | undefined {
    const kept = this.#kept.get(name)
    if (kept === undefined) return this.#own.get(name)?.deref()
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    return kept.table
  }

  made(shown: Shown, table: AttributeTable): void {
    if (table.rowCount < this.#limits.rowCountMin) return
    this.#own.set(shown.name, new WeakRef(table))
    if (this.#own.size > OWN_COUNT_MAX) this.#own.delete(this.#own.keys().next().value!)
    this.#unannounced.push({ shown, table })
  }

  /** What is to be told of tables made since the last time, with the lookups that were needed so far. */
  announcements(): readonly Announcement[] {
    return this.#unannounced.splice(0).flatMap(({ shown, table }): readonly Announcement[] => {
      const sent = this.#exchange.send(table)
      return sent === undefined
        ? []
        : [{ kind: 'table', shown, attribute: sendTree(table.attribute), table: sent }]
    })
  }

  hear({ shown, attribute, table: sent }: Announcement): void {
    if (this.find(shown) !== undefined) return
    // What `announcements` sent is an attribute.
    const table = this.#exchange.receive(receiveTree(attribute) as Attribute, sent)
    this.#kept.set(shown.name, { table, shown, byteCount: table.byteCount })
    this.#keptBytes += table.byteCount
    for (const [name, kept] of this.#kept) {
      if (isOlder(kept.shown, shown) || (this.#keptBytes > this.#limits.keptBytesMax && name !== shown.name))
        this.#forget(name)
    }
  }

  #forget(name: string): void {
    this.#keptBytes -= this.#kept.get(name)!.byteCount
    this.#kept.delete(name)
  }
}

/** True for what a former root of the same database shows. */
function isOlder({ root: x }: Shown, { root: y }: Shown): boolean {
  return x.database === y.database && (x.epoch - y.epoch || x.publication - y.publication) < 0
}
