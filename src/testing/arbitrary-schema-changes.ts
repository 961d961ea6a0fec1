// What happens to a schema in the life of a database: names change hands, attributes come later, become unique or forget
// their past, entities get names of their own. On top of a random world, whose schema never changes.

import { VarveError } from '../base/errors.ts'
import { prepareTransaction } from '../database/transact.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import { readEdn } from '../fact/edn-reader.ts'
import type { MadeWorld } from './arbitrary-world.ts'
import type { NaiveFacts } from './naive-facts.ts'
import type { SeededRandom } from './seeded-random.ts'

/** The world with up to so many transactions more, each of which changes the schema or names somebody. */
export function withSchemaChanges(random: SeededRandom, world: MadeWorld, countMax: number): MadeWorld {
  let { facts } = world
  for (let count = random.below(countMax + 1); count > 0; count--) {
    facts = transacted(facts, arbitraryChange(random, world, count, facts))
  }
  return { ...world, facts }
}

/** The facts as they are where the change is none that Varve takes. */
function transacted(facts: NaiveFacts, text: string): NaiveFacts {
  try {
    const tx = readEdn(text).value
    return facts.with(prepareTransaction(tx, { before: facts, nowMs: 2_000_000 }).datoms)
  } catch (error) {
    if (error instanceof VarveError) return facts
    throw error
  }
}

function arbitraryChange(
  random: SeededRandom,
  { entities }: MadeWorld,
  number: number,
  { schema }: NaiveFacts,
): string {
  const own = [...schema.attributes()].filter(({ id }) => id >= BUILTIN_ATTRIBUTE_COUNT)
  const { id, ident } = random.oneOf(own)
  const [name, other] = [String(ident), String(random.oneOf(own).ident)]
  const entity = random.oneOf([...entities.values()])
  const late = `:p/late${number}`
  switch (random.below(9)) {
    case 0:
      return `[[:db/add ${id} :db/ident ${name}-renamed]]`
    case 1:
      // A name that was another's.
      return `[[:db/add ${id} :db/ident ${name}-old] {:db/ident ${name} :db/valueType :db.type/long
        :db/cardinality :db.cardinality/one}]`
    case 2:
      return `[{:db/ident ${late} :db/valueType :db.type/string :db/cardinality :db.cardinality/many :db/doc "late"}]`
    case 3:
      return `[[:db/add ${id} :db/doc "about ${name} and ${other}"]]`
    case 4:
      return `[[:db/add ${entity} :db/ident :who/${random.pick(['x', 'y'])}]]`
    case 5:
      return `[{:db/ident ${random.pick([':who/x', ':who/z'])} :p/name "tea"}]`
    case 6:
      return `[[:db/add ${id} :db/unique :db.unique/value]]`
    case 7:
      return `[[:db/add ${id} :db/noHistory true]]`
    default:
      return `[[:db/add ${id} :db/cardinality :db.cardinality/many]]`
  }
}
