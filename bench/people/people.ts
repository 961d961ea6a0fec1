// People from a seed, as facts in an index and as plain typed arrays: names of few values, ages, salaries.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import { keyword } from '../../src/fact/value.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { FactsMaker } from '../ask/facts.ts'

const FIRST_NAMES = ['Ivan', 'Petr', 'Sergei', 'Oleg', 'Yuri', 'Dmitry', 'Fedor', 'Denis'] as const
const LAST_NAMES = ['Ivanov', 'Petrov', 'Sidorov', 'Kovalev', 'Kuznetsov', 'Voronoi'] as const
const SEXES = ['male', 'female'] as const
export const PERSON_ATTRIBUTES = [
  'person/name string',
  'person/last-name string',
  'person/sex keyword',
  'person/age long',
  'person/salary long',
]

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

export function sexOf(place: number): string {
  return SEXES[place]!
}

export function lastNameOf(place: number): string {
  return LAST_NAMES[place]!
}

/** The facts of these people, all in one index. */
export async function indexPeople(people: People): Promise<IndexedFacts> {
  const maker = new FactsMaker(PERSON_ATTRIBUTES)
  const [name, lastName, sex, age, salary] = ['name', 'last-name', 'sex', 'age', 'salary'].map((one) =>
    maker.id(`person/${one}`),
  ) as [number, number, number, number, number]
  for (let i = 0; i < people.count; i++) {
    const e = maker.entity('person/name', i)
    maker.add(e, name, nameOf(people.names[i]!))
    maker.add(e, lastName, lastNameOf(people.lastNames[i]!))
    maker.add(e, sex, keyword(`sex/${sexOf(people.sexes[i]!)}`))
    maker.add(e, age, people.ages[i]!)
    maker.add(e, salary, people.salaries[i]!)
  }
  await maker.index()
  return maker.facts()
}
