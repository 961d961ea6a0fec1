// Facts in an index, many and made at once without a transactor: texts, numbers and references about things in a row. Each
// time they are opened nothing of them is in memory.

import { MemoryBlobStore } from '../blob/memory-store.ts'
import { bootstrapTransaction } from '../database/transact.ts'
import { entityId } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { Schema } from '../fact/schema.ts'
import { keyword, type Value } from '../fact/value.ts'
import { buildIndex } from '../index/build.ts'
import { Index } from '../index/index.ts'
import { IndexedFacts } from '../index/indexed-facts.ts'
import { Novelty } from '../index/novelty.ts'
import { attributes } from './naive-database.ts'
import { SeededRandom } from './seeded-random.ts'

/** `:p/next` leads from each thing to the one before, in chains of so many. */
const CHAIN_LENGTH = 40

/** Opens the facts, of which every thing has one of each attribute. */
export async function manyFacts(thingCount: number): Promise<() => Promise<IndexedFacts>> {
  const forms = attributes(
    'p/n long',
    'p/name string',
    'p/a long',
    'p/b long',
    'p/score double',
    'p/next ref',
  )
  const bootstrap = bootstrapTransaction(readEdn(forms).value)
  const schema = Schema.bootstrap.apply(bootstrap)
  const random = new SeededRandom(7)
  const named = (name: string): number => schema.attributeNamed(keyword(`p/${name}`))!.id
  const kind = schema.kindOfAttribute(schema.attributeNamed(keyword('p/n'))!)
  const datoms: Datom[] = []
  for (let n = 0; n < thingCount; n++) {
    const e = entityId(kind, n)
    const add = (name: string, v: Value): void =>
      void datoms.push({ e, a: named(name), v, t: 1, added: true })
    add('n', n)
    add('name', `${random.below(2 ** 31).toString(36)} ${n}`)
    add('a', random.below(1_000))
    add('b', random.below(1_000))
    add('score', random.below(1e9) / 7)
    if (n % CHAIN_LENGTH > 0) add('next', entityId(kind, n - 1))
  }
  const novelty = new Novelty(-1)
  novelty.add(0, bootstrap)
  novelty.add(1, datoms)
  const store = new MemoryBlobStore()
  const root = await buildIndex(store, { before: Index.empty('p'), novelty, toT: 1, schema, epoch: 1 })
  return async () => {
    const index = await Index.open(store, root, Index.empty('p'))
    return IndexedFacts.at(index, new Novelty(1), schema, 1)
  }
}
