// People from a seed, as facts in an index and as plain typed arrays: names of few values, ages, salaries.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { MemoryBlobStore } from '../../src/blob/memory-store.ts'
import { bootstrapTransaction } from '../../src/database/transact.ts'
import { entityId } from '../../src/fact/attribute.ts'
import type { Datom } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { Schema } from '../../src/fact/schema.ts'
import { keyword, type Value } from '../../src/fact/value.ts'
import { buildIndex } from '../../src/index/build.ts'
import { Index } from '../../src/index/index.ts'
import { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { Novelty } from '../../src/index/novelty.ts'

const FIRST_NAMES = ['Ivan', 'Petr', 'Sergei', 'Oleg', 'Yuri', 'Dmitry', 'Fedor', 'Denis'] as const
const LAST_NAMES = ['Ivanov', 'Petrov', 'Sidorov', 'Kovalev', 'Kuznetsov', 'Voronoi'] as const
const SEXES = ['male', 'female'] as const
const ATTRIBUTES = [
  ['name', 'string'],
  ['last-name', 'string'],
  ['sex', 'keyword'],
  ['age', 'long'],
  ['salary', 'long'],
] as const
const PEOPLE_PER_TRANSACTION = 1_000

/** Row i is one person; names and the like as places in their lists. */
export type People = {
  readonly count: number
  readonly names: Uint8Array
  readonly lastNames: Uint8Array
  readonly sexes: Uint8Array
  readonly ages: Int32Array
  readonly salaries: Int32Array
}

export function makePeople(count: number): People {
  const random = new SeededRandom(1)
  const column = <A extends Uint8Array | Int32Array>(array: A, limit: number): A => {
    for (let i = 0; i < count; i++) array[i] = random.below(limit)
    return array
  }
  return {
    count,
    names: column(new Uint8Array(count), FIRST_NAMES.length),
    lastNames: column(new Uint8Array(count), LAST_NAMES.length),
    sexes: column(new Uint8Array(count), SEXES.length),
    ages: column(new Int32Array(count), 100),
    salaries: column(new Int32Array(count), 100_000),
  }
}

export function nameOf(place: number): string {
  return FIRST_NAMES[place]!
}

export function lastNameOf(place: number): string {
  return LAST_NAMES[place]!
}

/** The facts of these people, all in one index. */
export async function indexPeople(people: People): Promise<IndexedFacts> {
  const maps = ATTRIBUTES.map(
    ([name, type]) =>
      `{:db/ident :person/${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/one}`,
  )
  const bootstrap = bootstrapTransaction(readEdn(`[${maps.join(' ')}]`).value)
  const schema = Schema.bootstrap.apply(bootstrap)
  const attributes = ATTRIBUTES.map(([name]) => schema.attributeNamed(keyword(`person/${name}`))!)
  const kind = schema.kindOfAttribute(attributes[0]!)
  const novelty = new Novelty(-1)
  novelty.add(0, bootstrap)
  for (let first = 0, t = 1; first < people.count; first += PEOPLE_PER_TRANSACTION, t++) {
    const datoms: Datom[] = []
    for (let i = first; i < Math.min(people.count, first + PEOPLE_PER_TRANSACTION); i++) {
      const values: readonly Value[] = [
        nameOf(people.names[i]!),
        lastNameOf(people.lastNames[i]!),
        keyword(`sex/${SEXES[people.sexes[i]!]!}`),
        people.ages[i]!,
        people.salaries[i]!,
      ]
      const e = entityId(kind, i)
      for (const [at, v] of values.entries()) datoms.push({ e, a: attributes[at]!.id, v, t, added: true })
    }
    novelty.add(t, datoms)
  }
  const store = new MemoryBlobStore()
  const before = Index.empty('people')
  const root = await buildIndex(store, { before, novelty, toT: novelty.lastT, schema, epoch: 1 })
  const index = await Index.open(store, root, before)
  return IndexedFacts.at(index, new Novelty(root.indexedT), schema, root.indexedT)
}
