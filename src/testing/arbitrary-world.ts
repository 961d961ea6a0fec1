// A random database as a case file says it: schema and transactions, as forms. Few entities and small pools of values,
// the first of each by far the most frequent, so that facts meet: in joins, across types of numbers, through time.
// Every value type and cardinality, unique and indexed attributes, components, tuples; upserts, retractions, cas.

import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import type { EntityId, ValueType } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Edn } from '../fact/value.ts'
import { NaiveDatabase } from './naive-database.ts'
import type { NaiveFacts } from './naive-facts.ts'
import type { SeededRandom } from './seeded-random.ts'

export type World = {
  readonly schema: readonly Edn[]
  readonly transactions: readonly (readonly Edn[])[]
}

/** A world with the facts that follow from it. */
export type MadeWorld = {
  readonly world: World
  readonly facts: NaiveFacts
  /** Entities by the tempids that named them first. */
  readonly entities: ReadonlyMap<string, EntityId>
}

/** A transaction that Varve refused, and after how many others that was. */
export type RefusedTransaction = {
  readonly after: number
  readonly form: readonly Edn[]
  readonly code: string
}

export type WorldOptions = {
  readonly entityCount: number
  readonly transactionCount: number
  /** Leaves out what Datomic answers otherwise (docs/reference/datomic.md). */
  readonly isForDatomic?: boolean
  /** Attributes of which no history is kept are among them. */
  readonly hasForgetful?: boolean
}

/** The facts of a world; undefined where a transaction fails or names nobody. */
export function makeWorld(world: World): MadeWorld | undefined {
  try {
    const database = new NaiveDatabase(world.schema)
    for (const tx of world.transactions) database.transact(tx)
    return { world, facts: database.facts, entities: database.tempids }
  } catch (error) {
    if (error instanceof VarveError || (error instanceof Error && error.name === 'AssertionError'))
      return undefined
    throw error
  }
}

/** A world, and what was refused on the way to it. */
export function arbitraryWorld(
  random: SeededRandom,
  options: WorldOptions,
): MadeWorld & { readonly refused: readonly RefusedTransaction[] } {
  return new WorldMaker(random, options).make()
}

type Shape = {
  /** Without its colon. */
  readonly name: string
  readonly type: ValueType
  readonly isMany: boolean
  readonly unique: 'identity' | 'value' | undefined
  /** Further parts of its schema, as text. */
  readonly more: string
}

type ScalarType = Exclude<ValueType, 'ref' | 'tuple'>

/** Values of each type as text, the most frequent first. */
const POOLS: Readonly<Record<ScalarType, readonly [string, ...string[]]>> = {
  string: ['"tea"', '"Tea"', '"teapot"', '""', '"Größe"', '"a b"', '"🌊"', '"\uffee"', '"12"'],
  keyword: [':k/a', ':k/b', ':b', ':k/ä', ':z.y/a'],
  symbol: ['a/b', 'x', 'y/z'],
  boolean: ['true', 'false'],
  long: ['1', '2', '3', '0', '-3', '4', '7', '9007199254740993', '-9007199254740993', '9223372036854775807'],
  bigint: ['1N', '2N', '-1N', '12345678901234567890N', '9007199254740993N'],
  float: ['#float 0.5', '#float 1.0', '#float 0.1', '#float -2.5'],
  double: ['1.0', '1.5', '0.5', '2.0', '-0.0', '0.1', '-2.25', '1e300', '9007199254740992.0'],
  bigdec: ['1.50M', '1.5M', '2M', '0.10M', '-3.25M', '1.0M', '12345678901234567890.5M'],
  instant: [
    '#inst "2014-11-15T13:37:42Z"',
    '#inst "2013-01-01T00:00:00Z"',
    '#inst "1969-12-31T23:59:59.999Z"',
    '#inst "2024-02-29T12:00:00Z"',
  ],
  uuid: [
    '#uuid "00000000-0000-4000-8000-000000000001"',
    '#uuid "80000000-0000-4000-8000-000000000002"',
    '#uuid "ffffffff-0000-4000-8000-000000000003"',
  ],
  uri: ['#uri "https://example.org/a"', '#uri "https://example.org/b?c=d"', '#uri "urn:x:y"'],
  bytes: ['#bytes "AAH/"', '#bytes ""', '#bytes "gIA="'],
}

/**
 * For Datomic: only values that both take and order alike, and no number that equals one of another type. Types that are
 * missing here its EDN cannot say, or it refuses what Varve takes for them.
 */
const PLAIN_POOLS: Partial<Record<ScalarType, readonly [string, ...string[]]>> = {
  string: ['"tea"', '"Tea"', '"teapot"', '""', '"Größe"', '"a b"', '"12"'],
  keyword: POOLS.keyword,
  symbol: POOLS.symbol,
  boolean: POOLS.boolean,
  long: ['1', '2', '3', '0', '-3', '4', '7', '9007199254740993'],
  bigint: ['101N', '102N', '-101N', '12345678901234567890N'],
  double: ['1.5', '0.5', '2.5', '-2.25'],
  bigdec: ['1.75M', '2.75M', '0.1M', '-3.125M', '12345678901234567890.125M'],
  instant: POOLS.instant,
  uuid: ['#uuid "00000000-0000-4000-8000-000000000001"', '#uuid "10000000-0000-4000-8000-000000000002"'],
}

class WorldMaker {
  readonly #random: SeededRandom
  readonly #options: WorldOptions
  readonly #pools: typeof PLAIN_POOLS
  readonly #shapes: readonly Shape[]
  readonly #database: NaiveDatabase
  readonly #schema: readonly Edn[]
  readonly #refused: RefusedTransaction[] = []
  #newNameCount = 0

  constructor(random: SeededRandom, options: WorldOptions) {
    this.#random = random
    this.#options = options
    this.#pools = options.isForDatomic ? PLAIN_POOLS : POOLS
    this.#shapes = this.#arbitraryShapes()
    this.#schema = this.#shapes.map((shape) => readEdn(schemaText(shape)).value)
    this.#database = new NaiveDatabase(this.#schema)
  }

  make(): ReturnType<typeof arbitraryWorld> {
    const transactions: (readonly Edn[])[] = []
    const { entityCount, transactionCount } = this.#options
    const firstCount = Math.max(2, Math.ceil(entityCount * 0.6))
    const first = Array.from({ length: firstCount }, (_, i) => this.#newEntity(i))
    this.#attempt(first, transactions)
    for (let step = 1; step < transactionCount; step++) {
      const operationCount = 1 + this.#random.below(Math.ceil((4 * entityCount) / transactionCount) + 3)
      this.#attempt(
        Array.from({ length: operationCount }, () => this.#operation()),
        transactions,
      )
    }
    const { facts, tempids: entities } = this.#database
    return { world: { schema: this.#schema, transactions }, facts, entities, refused: this.#refused }
  }

  /** Transacts as many of the operations as go together: half of them, and half of these, until it goes. */
  #attempt(operations: readonly string[], transactions: (readonly Edn[])[]): void {
    for (let count = operations.length; count > 0; count >>= 1) {
      const form = operations.slice(0, count).map((text) => readEdn(text).value)
      try {
        this.#database.transact(form)
        transactions.push(form)
        return
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        this.#refused.push({ after: transactions.length, form, code: error.code })
      }
    }
  }

  #arbitraryShapes(): readonly Shape[] {
    const shapes: Shape[] = [
      shape('p/name', 'string'),
      shape('p/code', 'string', { unique: 'identity' }),
      shape('p/long', 'long', { more: this.#random.below(2) === 0 ? ':db/index true' : '' }),
      shape('p/friend', 'ref', { isMany: this.#random.below(2) === 0 }),
      shape('q/owner', 'ref'),
      shape('q/part', 'ref', { isMany: true, more: ':db/isComponent true' }),
      shape('p/pair', 'tuple', { more: ':db/tupleAttrs [:p/long :p/name]' }),
    ]
    if (this.#options.hasForgetful === true)
      shapes.push(shape('p/count', 'long', { more: ':db/noHistory true' }))
    const names = new Set(shapes.map(({ name }) => name))
    for (let count = 4 + this.#random.below(5); count > 0; count--) {
      const made = this.#arbitraryShape()
      if (names.has(made.name)) continue
      names.add(made.name)
      shapes.push(made)
    }
    return shapes
  }

  #arbitraryShape(): Shape {
    const kind = this.#random.pick(['p', 'q'])
    const isMany = this.#random.below(3) === 0
    switch (this.#random.below(12)) {
      case 0:
        return shape('q/mixed', 'tuple', {
          isMany,
          more: ':db/tupleTypes [:db.type/long :db.type/string :db.type/ref]',
        })
      case 1:
        return shape('q/run', 'tuple', { more: ':db/tupleType :db.type/long' })
      case 2:
        return shape('q/serial', 'long', { unique: 'value' })
      default: {
        const type = this.#random.oneOf(Object.keys(this.#pools) as ScalarType[])
        const more = this.#random.below(4) === 0 && type !== 'bytes' ? ':db/index true' : ''
        return shape(`${kind}/${type}${isMany ? 's' : ''}`, type, { isMany, more })
      }
    }
  }

  #newEntity(i: number): string {
    const chosen = new Map<string, string>([['p/name', this.#value('string')]])
    for (let count = this.#random.below(6); count >= 0; count--) {
      const { name, type, isMany } = this.#settable()
      chosen.set(
        name,
        isMany ? `[${this.#newValue(name, type)} ${this.#newValue(name, type)}]` : this.#newValue(name, type),
      )
    }
    const parts = [...chosen].map(([name, text]) => `:${name} ${text}`)
    return `{:db/id "e${i}" ${parts.join(' ')}}`
  }

  /** A value for an entity that is new: others of this transaction go by plain tempids. */
  #newValue(name: string, type: ValueType): string {
    return this.#valueOf(
      name,
      type,
      (i) => `"e${i}"`,
      Math.max(2, Math.ceil(this.#options.entityCount * 0.6)),
    )
  }

  #operation(): string {
    const who = this.#random.below(this.#options.entityCount)
    const entity = this.#name(who)
    const { name, type } = this.#settable()
    const held = this.#heldText(who, name)
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        if (held !== undefined) return `[:db/retract ${entity} :${name} ${held}]`
        break
      case 2:
        if (held !== undefined && this.#random.below(3) === 0) return `[:db/retract ${entity} :${name}]`
        if (held !== undefined && this.#random.below(6) === 0) return `[:db/retractEntity ${entity}]`
        break
      case 3:
        if (held !== undefined && !this.#isMany(name)) {
          return `[:db/cas ${entity} :${name} ${held} ${this.#operationValue(name, type)}]`
        }
        break
      case 4:
        return `{:db/id "u${this.#newNameCount++}" :p/code "c${this.#random.below(6)}" :p/long ${this.#value('long')}}`
      case 5:
        return `{:db/id ${entity} :q/part [{:db/id "part${this.#newNameCount++}" :p/name ${this.#value('string')} :p/long ${this.#value('long')}}]}`
      case 6:
        return `[:db/add "datomic.tx" :p/name ${this.#value('string')}]`
      default:
    }
    return `[:db/add ${entity} :${name} ${this.#operationValue(name, type)}]`
  }

  #operationValue(name: string, type: ValueType): string {
    return this.#valueOf(name, type, (i) => this.#name(i), this.#options.entityCount)
  }

  #valueOf(name: string, type: ValueType, nameOf: (i: number) => string, entityCount: number): string {
    const someone = (): string => nameOf(this.#skewed(entityCount))
    if (name === 'p/code') return `"c${this.#random.below(1_000_000)}"`
    if (name === 'q/serial') return String(this.#random.below(1_000_000))
    if (name === 'q/mixed') {
      const parts = [this.#value('long'), this.#value('string'), someone()]
      return `[${parts.map((text) => (this.#random.below(5) === 0 ? 'nil' : text)).join(' ')}]`
    }
    if (name === 'q/run') return `[${this.#value('long')} ${this.#value('long')}]`
    return type === 'ref' ? someone() : this.#value(type as ScalarType)
  }

  #value(type: ScalarType): string {
    const pool = this.#pools[type] ?? POOLS[type]
    return pool[this.#skewed(pool.length)]!
  }

  /** A whole number below the limit, small ones far more often. */
  #skewed(limit: number): number {
    return Math.floor(this.#random.next() ** 2 * limit)
  }

  #settable(): Shape {
    const settable = this.#shapes.filter(({ name }) => name !== 'p/pair' && name !== 'q/part')
    return settable[this.#random.below(settable.length)]!
  }

  #name(i: number): string {
    return this.#database.tempids.has(`e${i}`) ? `#tempid "e${i}"` : `"e${i}"`
  }

  #isMany(name: string): boolean {
    return this.#shapes.find((one) => one.name === name)!.isMany
  }

  #heldText(who: number, name: string): string | undefined {
    const e = this.#database.tempids.get(`e${who}`)
    if (e === undefined) return undefined
    const held = this.#database.values(e, name)
    if (held.length === 0) return undefined
    const value = held[this.#random.below(held.length)]!
    const { type } = this.#shapes.find((one) => one.name === name)!
    if (type === 'tuple') return undefined
    if (type !== 'ref') return writeEdn(value)
    const known = [...this.#database.tempids].find(([, id]) => id === value)
    assert(known !== undefined || name === 'q/part', 'references lead to entities with a name')
    return known && `#tempid "${known[0]}"`
  }
}

function shape(
  name: string,
  type: ValueType,
  { isMany = false, unique, more = '' }: Partial<Pick<Shape, 'isMany' | 'unique' | 'more'>> = {},
): Shape {
  return { name, type, isMany, unique, more }
}

function schemaText({ name, type, isMany, unique, more }: Shape): string {
  return `{:db/ident :${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/${isMany ? 'many' : 'one'}
    ${unique === undefined ? '' : `:db/unique :db.unique/${unique}`} ${more}}`
}
