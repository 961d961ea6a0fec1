// A random world, a random restriction of it, and three ways to hold what it lets through:
//
//   told    the world with all its secrets, restricted
//   other   the same with other secrets, restricted: nobody may tell it from `told`
//   model   a database made of the facts that show, with their masks, and not restricted at all: what all that means

import type { AttributeId, EntityId } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT, BUILTIN_COUNT, DB_DOC, DB_IDENT } from '../fact/bootstrap.ts'
import type { Schema } from '../fact/schema.ts'
import { isMaskFit, MASK_NAMES } from '../database/mask.ts'
import { RestrictedFacts } from '../database/restricted-facts.ts'
import { entitySet, restriction, type Restriction, type Window } from '../database/restriction.ts'
import { withSchemaChanges } from './arbitrary-schema-changes.ts'
import { arbitraryWorld, type MadeWorld } from './arbitrary-world.ts'
import { FACT_LAYOUTS, laidOut } from './layouts.ts'
import { NaiveFacts } from './naive-facts.ts'
import { NaiveRestriction } from './naive-restriction.ts'
import { SeededRandom } from './seeded-random.ts'

export type RestrictedWorld = {
  /** With all its secrets, from which askings are made. */
  readonly secret: MadeWorld
  readonly restriction: Restriction
  readonly told: RestrictedFacts
  readonly other: RestrictedFacts
  readonly model: NaiveFacts
  /** The datoms of each transaction with other secrets. */
  readonly otherFacts: NaiveFacts
  /** So large that engines without a plan take long. */
  readonly isLarge: boolean
}

const ENTITY_COUNT_MAX = 9
const SCHEMA_CHANGE_COUNT_MAX = 4
const MANY_ENTITY_COUNT = 50
/** One world of so many is large: then few of many entities are sought rather than all read. */
const LARGE_SHARE = 15

export async function restrictedWorld(random: SeededRandom): Promise<RestrictedWorld> {
  const isLarge = random.below(LARGE_SHARE) === 0
  const before = arbitraryWorld(random, {
    entityCount: isLarge ? MANY_ENTITY_COUNT : 4 + random.below(ENTITY_COUNT_MAX - 3),
    transactionCount: 3 + random.below(5),
    hasForgetful: true,
  })
  const secret = withSchemaChanges(random, before, SCHEMA_CHANGE_COUNT_MAX)
  const { facts } = secret
  const made = arbitraryRestriction(random, facts)
  const naive = new NaiveRestriction(made, facts.schema)
  const otherFacts = NaiveFacts.create(naive.otherwise(facts.datoms))
  const layout = random.pick(FACT_LAYOUTS)
  // The same chance for both, so that both are indexed at the same moments.
  const seed = random.below(2 ** 31)
  const laid = (all: NaiveFacts): ReturnType<typeof laidOut> => laidOut(all, layout, new SeededRandom(seed))
  return {
    secret,
    restriction: made,
    told: RestrictedFacts.of(await laid(facts), made),
    other: RestrictedFacts.of(await laid(otherFacts), made),
    model: NaiveFacts.create(naive.shown(facts.datoms)),
    otherFacts,
    isLarge,
  }
}

function arbitraryRestriction(random: SeededRandom, { schema, datoms }: NaiveFacts): Restriction {
  const entities = [...new Set(datoms.map(({ e }) => e))].filter((e) => e >= BUILTIN_COUNT)
  const rowSet = someOf(random, entities)
  const windows: [AttributeId, readonly Window[]][] = []
  for (const { id } of schema.attributes()) {
    if (id < BUILTIN_ATTRIBUTE_COUNT && id !== DB_IDENT && id !== DB_DOC) continue
    windows.push([id, arbitraryWindows(random, { schema, attribute: id, entities, rowSet })])
  }
  return restriction(windows, random.below(2) === 0 ? 'a secret' : '')
}

type Choice = {
  readonly schema: Schema
  readonly attribute: AttributeId
  readonly entities: readonly EntityId[]
  /** That of a row rule, the same for several attributes. */
  readonly rowSet: Float64Array
}

function arbitraryWindows(random: SeededRandom, choice: Choice): readonly Window[] {
  const attribute = choice.schema.attribute(choice.attribute)!
  const fit = MASK_NAMES.filter((name) => isMaskFit(name, attribute))
  const limited = (window: Window): Window => ({
    ...window,
    entities: random.below(3) === 0 ? someOf(random, choice.entities) : choice.rowSet,
  })
  const masked = (): Window => ({ mask: random.oneOf(fit) })
  // Where secrets would show first: a past that was lost of somebody hidden, the order of several values of one.
  if (attribute.noHistory && random.below(2) === 0) return [limited({})]
  if (attribute.cardinality === 'many' && fit.length > 1 && random.below(2) === 0) return [masked()]
  switch (random.below(10)) {
    case 0:
    case 1:
      return []
    case 2:
    case 3:
      return [limited({})]
    case 4:
      return [masked()]
    case 5:
      return [limited(masked())]
    case 6:
      return [limited({}), masked()]
    case 7:
      return [limited(masked()), limited(masked()), limited({})]
    default:
      return [{}]
  }
}

function someOf(random: SeededRandom, entities: readonly EntityId[]): Float64Array {
  const one = random.below(6) === 0
  return entitySet(one ? [random.oneOf(entities)] : entities.filter(() => random.below(2) === 0))
}
