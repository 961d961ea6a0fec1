// Facts of a benchmark in an index in memory, made without a transactor: datoms in, an index as a writer would have
// published it out. So data of millions of facts stands in seconds, and every figure is that of reading.

import { assert } from '../../src/base/assert.ts'
import { MemoryBlobStore } from '../../src/blob/memory-store.ts'
import { bootstrapTransaction } from '../../src/database/transact.ts'
import { type AttributeId, entityId, type EntityId, type T } from '../../src/fact/attribute.ts'
import type { Datom } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { Schema } from '../../src/fact/schema.ts'
import { keyword, type Value } from '../../src/fact/value.ts'
import { buildIndex } from '../../src/index/build.ts'
import { collectGarbage } from '../../src/index/garbage.ts'
import { Index } from '../../src/index/index.ts'
import { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { Novelty } from '../../src/index/novelty.ts'

/** Facts added by `add` without a transaction of their own are put into transactions of so many. */
const DATOMS_PER_TRANSACTION = 5_000

export class FactsMaker {
  readonly schema: Schema
  readonly #store = new MemoryBlobStore()
  #index = Index.empty('bench')
  #novelty = new Novelty(-1)
  #t: T = 0
  #pending: Datom[] = []
  /** Facts added and taken back. */
  datomCount = 0

  /** `attributes` are lines such as `person/name string` or `film/genre string many index`. */
  constructor(attributes: readonly string[]) {
    const forms = readEdn(`[${attributes.map(attributeForm).join(' ')}]`).value
    const bootstrap = bootstrapTransaction(forms)
    this.schema = Schema.bootstrap.apply(bootstrap)
    this.#novelty.add(0, bootstrap)
  }

  id(name: string): AttributeId {
    const attribute = this.schema.attributeNamed(keyword(name))
    assert(attribute !== undefined, 'a benchmark declares its attributes')
    return attribute.id
  }

  /** The entity of this index among those that an attribute of this name first describes. */
  entity(name: string, index: number): EntityId {
    return entityId(this.schema.kindOfAttribute(this.schema.attribute(this.id(name))!), index)
  }

  /** The t of the transaction that `add` and `retract` put facts into. */
  get nextT(): T {
    return this.#t + 1
  }

  add(e: EntityId, a: AttributeId, v: Value): void {
    this.#pending.push({ e, a, v, t: this.nextT, added: true })
    if (this.#pending.length >= DATOMS_PER_TRANSACTION) this.commit()
  }

  retract(e: EntityId, a: AttributeId, v: Value): void {
    this.#pending.push({ e, a, v, t: this.nextT, added: false })
  }

  /** Ends the transaction; its t. */
  commit(): T {
    if (this.#pending.length > 0) {
      this.#novelty.add(++this.#t, this.#pending)
      this.datomCount += this.#pending.length
      this.#pending = []
    }
    return this.#t
  }

  /** Facts that no index holds yet. */
  get noveltyCount(): number {
    return this.#novelty.datomCount
  }

  /** Puts all that was added into the index. */
  async index(): Promise<void> {
    this.commit()
    const before = this.#index
    const toT = this.#novelty.lastT
    const input = { before, novelty: this.#novelty, toT, schema: this.schema, epoch: 1 }
    const root = await buildIndex(this.#store, input)
    this.#index = await Index.open(this.#store, root, before)
    this.#novelty = new Novelty(toT)
    await collectGarbage(this.#store, root)
  }

  /** Bytes of all segments that the index names. */
  get segmentBytes(): number {
    return this.#index.root.segments.reduce((sum, { byteCount }) => sum + byteCount, 0)
  }

  /** The same, with nothing of it in memory yet. */
  async reopened(): Promise<IndexedFacts> {
    this.commit()
    const index = await Index.open(this.#store, this.#index.root, Index.empty('bench'))
    return IndexedFacts.at(index, this.#novelty, this.schema, this.#t)
  }

  /** Everything added so far, indexed or not. */
  facts(): IndexedFacts {
    this.commit()
    return IndexedFacts.at(this.#index, this.#novelty, this.schema, this.#t)
  }
}

function attributeForm(line: string): string {
  const [name, type, ...more] = line.split(' ')
  const cardinality = more.includes('many') ? 'many' : 'one'
  const index = more.includes('index') ? ':db/index true' : ''
  const component = more.includes('component') ? ':db/isComponent true' : ''
  const unique = more.includes('identity') ? ':db/unique :db.unique/identity' : ''
  return `{:db/ident :${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/${cardinality} ${index} ${unique} ${component}}`
}
