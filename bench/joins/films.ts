// A film database from a seed, skewed and correlated as such databases are: a few people play in most films, keywords
// go with genres, companies with the country and the kind, episodes came late. Once as columns of the tables
// that a relational schema would have, once as facts.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import type { Value } from '../../src/fact/value.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import type { DuckDB } from '../ask/duckdb.ts'
import { FactsMaker } from '../ask/facts.ts'

const FILM_COUNT = 50_000

export const KINDS = ['movie', 'episode', 'video', 'series', 'game']
export const GENRES = ['drama', 'comedy', 'short', 'crime', 'action', 'horror', 'western', 'musical']
export const ROLES = ['actor', 'actress', 'producer', 'writer', 'director', 'composer']
export const COUNTRIES = ['us', 'uk', 'de', 'fr', 'it', 'in', 'jp', 'se']
const RELEASE_KINDS = ['production', 'distribution', 'effects']
const LINKS = ['follows', 'remakes', 'mentions']

/** How a column of a table is told as facts: an attribute of the row's entity, or of another entity of the row. */
type Field =
  | { readonly name: string; readonly type: 'long' | 'string'; readonly isIndexed?: boolean }
  | { readonly name: string; readonly type: 'ref'; readonly to: string }

export type Table = {
  readonly name: string
  readonly fields: readonly Field[]
  /** Set where rows are no entities of their own: many values of the field of the first column. */
  readonly isLink?: boolean
}

export const TABLES: readonly Table[] = [
  {
    name: 'film',
    fields: [
      { name: 'title', type: 'string' },
      { name: 'year', type: 'long' },
      { name: 'kind', type: 'string', isIndexed: true },
      { name: 'votes', type: 'long' },
    ],
  },
  {
    name: 'person',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'gender', type: 'string' },
      { name: 'country', type: 'string', isIndexed: true },
    ],
  },
  {
    name: 'company',
    fields: [
      { name: 'label', type: 'string' },
      { name: 'country', type: 'string', isIndexed: true },
    ],
  },
  { name: 'keyword', fields: [{ name: 'word', type: 'string', isIndexed: true }] },
  {
    name: 'part',
    fields: [
      { name: 'film', type: 'ref', to: 'film' },
      { name: 'person', type: 'ref', to: 'person' },
      { name: 'role', type: 'string' },
    ],
  },
  {
    name: 'release',
    fields: [
      { name: 'film', type: 'ref', to: 'film' },
      { name: 'company', type: 'ref', to: 'company' },
      { name: 'kind', type: 'string' },
    ],
  },
  {
    name: 'link',
    fields: [
      { name: 'film', type: 'ref', to: 'film' },
      { name: 'other', type: 'ref', to: 'film' },
      { name: 'kind', type: 'string' },
    ],
  },
  {
    name: 'tagged',
    isLink: true,
    fields: [
      { name: 'film', type: 'ref', to: 'film' },
      { name: 'keyword', type: 'ref', to: 'keyword' },
    ],
  },
  {
    name: 'sorted',
    isLink: true,
    fields: [
      { name: 'film', type: 'ref', to: 'film' },
      { name: 'genre', type: 'string' },
    ],
  },
]

/** Of each table, of each field, the values row by row; a reference is the other table's row. */
export type Films = ReadonlyMap<string, readonly (readonly (string | number)[])[]>

export function makeFilms(scale: number): Films {
  const random = new SeededRandom(113)
  const filmCount = Math.max(500, Math.round(FILM_COUNT * scale))
  const personCount = Math.round(filmCount * 1.2)
  const companyCount = Math.round(filmCount / 10)
  const keywordCount = Math.round(filmCount / 10)
  /** Few of the first, many of the last. */
  const skewed = (limit: number, power = 3): number => Math.floor(limit * random.next() ** power)
  const rows = new Map(TABLES.map(({ name, fields }) => [name, fields.map((): (string | number)[] => [])]))
  const add = (table: string, ...values: readonly (string | number)[]): void =>
    rows.get(table)!.forEach((column, at) => column.push(values[at]!))
  const people = Array.from({ length: personCount }, (_, i) => {
    const country = skewed(COUNTRIES.length)
    const isMale = random.below(10) < 6
    add(
      'person',
      `Person ${(i * 7919) % personCount} of ${COUNTRIES[country]!}`,
      isMale ? 'm' : 'f',
      COUNTRIES[country]!,
    )
    return isMale
  })
  const companyCountries = Array.from({ length: companyCount }, (_, i) => {
    const country = skewed(COUNTRIES.length)
    add('company', `Company ${i} ${COUNTRIES[country]!}`, COUNTRIES[country]!)
    return country
  })
  for (let i = 0; i < keywordCount; i++) add('keyword', `word-${i}`)
  for (let film = 0; film < filmCount; film++) {
    const kind = skewed(KINDS.length, 2)
    // Episodes and games came late; old films are movies of few people.
    const year = kind === 0 ? 2020 - skewed(110, 2) : 2020 - skewed(40, 2)
    add('film', `Film ${(film * 31) % filmCount}`, year, KINDS[kind]!, skewed(1_000_000, 8))
    const genre = (skewed(GENRES.length, 2) + kind) % GENRES.length
    const genres = new Set([genre, random.below(3) === 0 ? skewed(GENRES.length) : genre])
    for (const one of genres) add('sorted', film, GENRES[one]!)
    const words = new Set<number>()
    for (let count = skewed(8, 1); count > 0; count--) {
      // Each genre has its own part of the words, the first of which it uses most.
      const part = Math.floor(keywordCount / GENRES.length)
      words.add(random.below(4) > 0 ? genre * part + skewed(part, 4) : skewed(keywordCount, 4))
    }
    for (const word of words) add('tagged', film, word)
    const partCount = year < 1960 ? 2 + skewed(6) : 2 + skewed(20)
    for (let count = 0; count < partCount; count++) {
      const person = skewed(personCount, 4)
      const role = random.below(3) > 0 ? (people[person]! ? 0 : 1) : 2 + skewed(4, 2)
      add('part', film, person, ROLES[role]!)
    }
    for (let count = 1 + skewed(4); count > 0; count--) {
      const company = skewed(companyCount, 4)
      const isAbroad = companyCountries[company]! > 2
      add('release', film, company, RELEASE_KINDS[isAbroad && random.below(2) > 0 ? 1 : skewed(3, 2)]!)
    }
    if (film > 0 && random.below(12) === 0) add('link', film, skewed(film), LINKS[skewed(LINKS.length)]!)
  }
  return rows
}

export async function indexFilms(
  films: Films,
): Promise<{ readonly facts: IndexedFacts; readonly datomCount: number }> {
  const maker = new FactsMaker(TABLES.flatMap(attributeLines))
  const firstField = new Map(TABLES.map(({ name, fields }) => [name, `${name}/${fields[0]!.name}`]))
  for (const { name, fields, isLink } of TABLES) {
    const columns = films.get(name)!
    const told = fields.map((field, at) => {
      const column = columns[at]!
      const of = (row: number): Value =>
        field.type === 'ref' ? maker.entity(firstField.get(field.to)!, column[row] as number) : column[row]!
      return { of, attribute: isLink && at === 0 ? undefined : maker.id(attributeName(name, field, isLink)) }
    })
    for (let row = 0; row < columns[0]!.length; row++) {
      const e = isLink ? (told[0]!.of(row) as number) : maker.entity(firstField.get(name)!, row)
      for (const { of, attribute } of told) if (attribute !== undefined) maker.add(e, attribute, of(row))
    }
  }
  await maker.index()
  return { facts: maker.facts(), datomCount: maker.datomCount }
}

/** A link's field is an attribute of the film that it stands in the first column of. */
export function attributeName(
  table: string,
  { name }: { readonly name: string },
  isLink: boolean | undefined,
): string {
  return isLink ? `film/${name}` : `${table}/${name}`
}

function attributeLines({ name, fields, isLink }: Table): readonly string[] {
  const lines = fields.map((field) => {
    const more = field.type !== 'ref' && field.isIndexed ? ' index' : ''
    return `${attributeName(name, field, isLink)} ${field.type}${isLink ? ' many' : ''}${more}`
  })
  return isLink ? lines.slice(1) : lines
}

export async function tabulateFilms(films: Films, duckdb: DuckDB): Promise<void> {
  for (const { name, fields, isLink } of TABLES) {
    const columns = films.get(name)!
    const filled = fields.map((field, at) =>
      field.type === 'string'
        ? ({ name: field.name, type: 'VARCHAR', values: columns[at]! as readonly string[] } as const)
        : ({ name: field.name, type: 'INTEGER', values: columns[at]! as readonly number[] } as const),
    )
    const rowIds = { name: 'id', type: 'INTEGER', values: columns[0]!.map((_, row) => row) } as const
    await duckdb.addTable(name, isLink ? filled : [rowIds, ...filled])
  }
}
