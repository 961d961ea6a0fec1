// The people as a database in a folder, all of it indexed.

import { connectLocal } from '../../src/api/connect.ts'
import { keyword } from '../../src/fact/value.ts'
import { lastNameOf, nameOf, type People, sexOf } from './people.ts'

const BATCH_COUNT = 5_000
const SCHEMA = [
  attribute('name', 'string'),
  attribute('last-name', 'string'),
  attribute('sex', 'keyword'),
  attribute('age', 'long'),
  attribute('salary', 'long'),
]
const COLUMNS = ['name', 'last-name', 'sex', 'age', 'salary'].map((name) => keyword(`person/${name}`))

/** Writes them to a new folder as database `people`. */
export async function storePeople(people: People, folder: string): Promise<void> {
  await using varve = await connectLocal(`file:${folder}`)
  await varve.open('people', { schema: SCHEMA as never })
  const writer = await varve.catalog.writer('people')
  for (let first = 0; first < people.count; first += BATCH_COUNT) {
    const rowCount = Math.min(BATCH_COUNT, people.count - first)
    await writer.transact({
      tx: [],
      rows: { attributes: COLUMNS, rowCount, columns: columnsOf(people, first, rowCount) },
    })
  }
}

type Value = string | number | ReturnType<typeof keyword>

function columnsOf(people: People, first: number, count: number): readonly (readonly Value[])[] {
  const column = (valueOf: (i: number) => Value): readonly Value[] =>
    Array.from({ length: count }, (_, i) => valueOf(first + i))
  const sexes = [0, 1].map((place) => keyword(`sex/${sexOf(place)}`))
  return [
    column((i) => nameOf(people.names[i]!)),
    column((i) => lastNameOf(people.lastNames[i]!)),
    column((i) => sexes[people.sexes[i]!]!),
    column((i) => people.ages[i]!),
    column((i) => people.salaries[i]!),
  ]
}

function attribute(name: string, type: string): Readonly<Record<string, string>> {
  return {
    ':db/ident': `:person/${name}`,
    ':db/valueType': `:db.type/${type}`,
    ':db/cardinality': ':db.cardinality/one',
  }
}
