// A company as facts in an index: what the people suite has, and beside it texts and doubles that nobody shares and
// chains of superiors. The facts came in stripes, so that the runs of every attribute have to be merged.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { keyword } from '../../src/fact/value.ts'
import { FactsMaker } from '../ask/facts.ts'
import { lastNameOf, makePeople, nameOf, PERSON_ATTRIBUTES, sexOf } from '../people/people.ts'

const ATTRIBUTES = [...PERSON_ATTRIBUTES, 'person/email string', 'person/weight double', 'person/boss ref']
const STRIPE_COUNT = 4
/** Superiors above the last of a chain. */
const CHAIN_LENGTH = 1_000

export async function indexStaff(count: number): Promise<FactsMaker> {
  const people = makePeople(count)
  const random = new SeededRandom(2)
  const maker = new FactsMaker(ATTRIBUTES)
  const id = (name: string): number => maker.id(`person/${name}`)
  const [name, lastName, sex, age] = ['name', 'last-name', 'sex', 'age'].map(id) as [
    number,
    number,
    number,
    number,
  ]
  const [salary, email, weight, boss] = ['salary', 'email', 'weight', 'boss'].map(id) as [
    number,
    number,
    number,
    number,
  ]
  for (let stripe = 0; stripe < STRIPE_COUNT; stripe++) {
    for (let i = stripe; i < count; i += STRIPE_COUNT) {
      const e = maker.entity('person/name', i)
      maker.add(e, name, nameOf(people.names[i]!))
      maker.add(e, lastName, lastNameOf(people.lastNames[i]!))
      maker.add(e, sex, keyword(`sex/${sexOf(people.sexes[i]!)}`))
      maker.add(e, age, people.ages[i]!)
      maker.add(e, salary, people.salaries[i]!)
      maker.add(e, email, `${random.below(2 ** 31).toString(36)}.${i}@example.org`)
      maker.add(e, weight, 40 + random.below(2 ** 30) / 2 ** 24)
      if (i % CHAIN_LENGTH > 0) maker.add(e, boss, maker.entity('person/name', i - 1))
    }
    await maker.index()
  }
  return maker
}
