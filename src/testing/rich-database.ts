// A database with everything in it, from a seed: every value type, one and many, unique, indexed, without history,
// corrections and retractions, attributes that come later and a name that changes. For tests of what lies on disk.

import { VALUE_TYPES, type ValueType } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { Edn } from '../fact/value.ts'
import type { Env } from '../base/env.ts'
import { INDEXING_LIMITS } from '../database/indexing.ts'
import { type DatabaseStorage, FolderCatalogStorage } from '../database/storage.ts'
import { Writer } from '../database/writer.ts'
import { INDEX_LIMITS, type IndexLimits } from '../index/merge-policy.ts'
import { type LogLimits, openLog } from '../log/folder-log.ts'
import type { WritableLog } from '../log/transaction-log.ts'
import { SeededRandom } from './seeded-random.ts'

const ENTITY_COUNT = 60
const TYPES = VALUE_TYPES.filter((type) => type !== 'tuple')

/** The schema as transaction data: `:one/TYPE` and `:many/TYPE` for every type, and some of special kinds. */
export function richSchema(): Edn {
  const attributes = TYPES.flatMap((type) => [
    `{:db/ident :one/${type} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/one ${type === 'bytes' ? '' : ':db/index true'}}`,
    `{:db/ident :many/${type} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/many}`,
  ])
  return readEdn(`[${attributes.join('\n')}
    {:db/ident :thing/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
    {:db/ident :thing/part :db/valueType :db.type/ref :db/cardinality :db.cardinality/many :db/isComponent true}
    {:db/ident :thing/pair :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
     :db/tupleAttrs [:one/long :one/string]}
    {:db/ident :thing/mixed :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one
     :db/tupleTypes [:db.type/keyword :db.type/double :db.type/instant :db.type/bigdec]}
    {:db/ident :thing/scratch :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/noHistory true}]`)
    .value
}

export type RichOptions = {
  readonly seed: number
  readonly transactionCount: number
  /** Leaves nothing in the log alone. */
  readonly isIndexedWhole?: boolean
}

/**
 * Makes a folder with the database `rich`: most of its log is sealed, and of its transactions the last seventh is
 * in the log alone, the rest in an index of many small runs, packs and dead rows.
 */
export async function makeRichFolder(
  env: Env,
  folder: string,
  { seed, transactionCount, isIndexedWhole = false }: RichOptions,
): Promise<void> {
  const catalog = await FolderCatalogStorage.open(env, folder, { canCreate: true })
  const made = await catalog.create('rich', 'rich')
  const openForWriting = (): Promise<WritableLog> =>
    openLog(env, `${folder}/rich/log`, { mode: 'write', limits: RICH_LOG })
  const storage: DatabaseStorage = { ...made, openForWriting }
  await using writer = await Writer.open(env, storage, {
    schema: richSchema(),
    indexing: { ...INDEXING_LIMITS, index: RICH_INDEX },
  })
  await fillRichly(writer, seed, transactionCount)
  if (isIndexedWhole) await writer.index()
}

/** Files so small that most of the log is sealed. */
const RICH_LOG: LogLimits = { fileBytesMax: 16 << 10, fillBytesMax: 4 << 10, fillBytesMin: 4 << 10 }

/** Limits so small that few facts make all that an index can hold. */
const RICH_INDEX: IndexLimits = {
  ...INDEX_LIMITS,
  smallRowCountMax: 8,
  fanIn: 3,
  packedRunRowCountMax: 40,
  packRowCountMax: 200,
  segment: { pageRowCountMax: 16, pageTextBytesMax: 1 << 20 },
}

/** Transacts random transactions and indexes now and then, but not the last seventh of them. */
export async function fillRichly(writer: Writer, seed: number, transactionCount: number): Promise<void> {
  const random = new SeededRandom(seed)
  const living = new Set<number>()
  const indexEvery = Math.max(1, Math.floor(transactionCount / 7))
  for (let count = 0; count < transactionCount; count++) {
    const tx = readEdn(richTransaction(random, count, living)).value
    await writer.transact(count % 10 === 3 ? { tx, idempotencyKey: `key-${seed}-${count}` } : { tx })
    if (count % indexEvery === indexEvery - 1 && count < transactionCount - indexEvery) await writer.index()
  }
}

function richTransaction(random: SeededRandom, count: number, living: Set<number>): string {
  const key = count < ENTITY_COUNT ? count : random.below(ENTITY_COUNT)
  const thing = `[:thing/key "k${key}"]`
  const choice = living.has(key) ? random.below(8) : 7
  living.add(key)
  switch (choice) {
    case 0:
      living.delete(key)
      return `[[:db/retractEntity ${thing}]]`
    case 1:
      return `[[:db/retract ${thing} :one/${pick(TYPES, random)}] [:db/retract ${thing} :many/${pick(TYPES, random)}]]`
    case 2:
      return `[{:thing/key "k${key}" :thing/scratch ${random.below(1_000)}}]`
    case 3:
      return `[{:thing/key "k${key}" :thing/part [{:one/string "part ${count}"} {:one/double ${random.below(99)}.5}]}]`
    case 4:
      return `[{:db/ident :extra/n${count} :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/doc "late"}]`
    default:
      return `[${newThing(random, key, living)}]`
  }
}

function newThing(random: SeededRandom, key: number, living: ReadonlySet<number>): string {
  const facts = Array.from({ length: 6 }, () => {
    const type = pick(TYPES, random)
    const many = random.below(2) === 0
    if (!many) return `:one/${type} ${valueText(type, random, living)}`
    return `:many/${type} [${valueText(type, random, living)} ${valueText(type, random, living)}]`
  })
  const unique = new Map(facts.map((fact) => [fact.split(' ')[0], fact]))
  const mixed = `:thing/mixed [:k/${random.below(5)} ${random.below(9)}.25 #inst "20${10 + random.below(9)}-01-01" ${random.below(99)}.5M]`
  return `{:thing/key "k${key}" ${[...unique.values()].join(' ')} ${mixed}}`
}

function valueText(type: ValueType, random: SeededRandom, living: ReadonlySet<number>): string {
  const n = random.below(40)
  const sign = random.below(2) === 0 ? '' : '-'
  switch (type) {
    case 'string':
      return `"tea ${n} Größe 🌊 '"`
    case 'keyword':
      return `:colour/c${n}`
    case 'symbol':
      return `some/s${n}`
    case 'boolean':
      return n % 2 === 0 ? 'true' : 'false'
    case 'long':
      return n === 0 ? `${sign}9007199254740995` : `${sign}${n}`
    case 'bigint':
      return n === 0 ? `${sign}123456789012345678901234567890N` : `${sign}${n}N`
    case 'float':
      return `#float ${sign}${n}.5`
    case 'double':
      return `${sign}${n}.125`
    case 'bigdec':
      return `${sign}${n}.${n}M`
    case 'instant':
      return `#inst "${1960 + n}-03-04T05:06:07.089Z"`
    case 'uuid':
      return `#uuid "00000000-0000-4000-8000-0000000000${10 + n}"`
    case 'uri':
      return `#uri "https://example.org/${n}"`
    case 'bytes':
      return `#bytes "${Buffer.from([n, 0, 255]).toString('base64')}"`
    case 'ref':
      // A lookup ref finds only those from before, so the thing itself may not be meant.
      return living.size > 1 ? `[:thing/key "k${[...living][random.below(living.size - 1)]}"]` : ':db/ident'
    case 'tuple':
      return `[${n} nil]`
  }
}

function pick<X>(items: readonly X[], random: SeededRandom): X {
  return items[random.below(items.length)]!
}
