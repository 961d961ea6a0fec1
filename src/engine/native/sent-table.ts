// Tables on their way to other threads of this process: the memory of their columns and lookups, no copy of it. What
// arrives again is recognized by its name, so that two tables with one column of entities have one on the other side
// as well, and a join sees that they lie alike.

import type { Attribute } from '../../fact/attribute.ts'
import { AttributeTable } from './attribute-table.ts'
import type { Domain } from './domain.ts'
import { Lookup, type LookupParts } from './lookup.ts'
import { receiveDomain, sendDomain, type SentDomain } from './sent-domain.ts'
import { sharedColumn } from './shared-column.ts'
import { asShared } from './shared-memory.ts'

type Named<X> = { readonly name: string; readonly sent: X }

export type SentTable = {
  readonly entities: Named<Float64Array>
  readonly values: Float64Array
  readonly domain: Named<SentDomain>
  readonly added: Float64Array | undefined
  /** What was not made yet is made again by whoever needs it. */
  readonly byEntity: LookupParts | undefined
  readonly byValue: LookupParts | undefined
  readonly txs: Float64Array | undefined
}

/** One thread's end of the exchange. */
export class TableExchange {
  readonly #threadName: string
  #nameCount = 0
  readonly #names = new WeakMap<object, string>()
  readonly #known = new Map<string, WeakRef<object>>()
  readonly #forget = new FinalizationRegistry<string>((name) => {
    if (this.#known.get(name)?.deref() === undefined) this.#known.delete(name)
  })

  /** `threadName` is no other thread's. */
  constructor(threadName: string) {
    this.#threadName = threadName
  }

  /** Undefined where the values of the table do not lie in columns. */
  send(table: AttributeTable): SentTable | undefined {
    const { entities, values, domain, added, made } = table
    const sentDomain = sendDomain(domain)
    if (sentDomain === undefined) return undefined
    return {
      entities: { name: this.nameOf(entities), sent: asShared(entities) },
      values: asShared(values),
      domain: { name: this.nameOf(domain), sent: sentDomain },
      added: added && asShared(added),
      byEntity: made.byEntity && sharedLookup(made.byEntity),
      byValue: made.byValue && sharedLookup(made.byValue),
      txs: made.txs && asShared(made.txs),
    }
  }

  receive(attribute: Attribute, sent: SentTable): AttributeTable {
    const { entities, values, domain, added, byEntity, byValue, txs } = sent
    return new AttributeTable(
      attribute,
      {
        entities: this.#once(entities, sharedColumn),
        values,
        domain: this.#once(domain, receiveDomain),
        ...(added && { added }),
      },
      {
        byEntity: byEntity && new Lookup(byEntity),
        byValue: byValue && new Lookup(byValue),
        txs,
      },
    )
  }

  /** The name of a domain or a column, here and wherever it was sent. */
  nameOf(thing: Domain | Float64Array): string {
    let name = this.#names.get(thing)
    if (name === undefined) {
      name = `${this.#threadName} ${this.#nameCount++}`
      this.#know(thing, name)
    }
    return name
  }

  #once<Sent extends object, Made extends object>(
    { name, sent }: Named<Sent>,
    make: (sent: Sent) => Made,
  ): Made {
    // A name means one thing, so what has it here is what was made of it before.
    const known = this.#known.get(name)?.deref() as Made | undefined
    if (known !== undefined) return known
    const made = make(sent)
    this.#know(made, name)
    return made
  }

  #know(thing: object, name: string): void {
    this.#names.set(thing, name)
    this.#known.set(name, new WeakRef(thing))
    this.#forget.register(thing, name)
  }
}

function sharedLookup(lookup: Lookup): LookupParts {
  const { order, first, keyCount, base, hashed, keys } = lookup.parts
  return {
    order: order && asShared(order),
    first: asShared(first),
    keyCount,
    base,
    hashed: hashed && asShared(hashed),
    keys: asShared(keys),
  }
}
