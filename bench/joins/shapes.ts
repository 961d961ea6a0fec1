// A hundred and thirteen questions over the films, as many as the Join Order Benchmark has, in the same spirit: between
// two and eleven tables, four sets of constants each, the least title or name of what joins. A question is written
// once, as rows of tables with variables; Datalog and SQL are made of it.

import { attributeName, TABLES } from './films.ts'

/** `part p film=?f person=?n role=actor`: a row of a table, its fields variables or constants. */
type RowText = string
type Template = (constants: Constants) => {
  readonly least: readonly string[]
  readonly rows: readonly RowText[]
  /** Such as `?y > 1990`. */
  readonly tests?: readonly string[]
}

type Constants = {
  readonly kind: string
  readonly year: number
  readonly country: string
  readonly role: string
  readonly genre: string
  readonly word: string
  readonly votes: number
}

const CONSTANTS: readonly Constants[] = [
  { kind: 'movie', year: 1990, country: 'us', role: 'actor', genre: 'drama', word: 'word-0', votes: 100_000 },
  {
    kind: 'episode',
    year: 2015,
    country: 'de',
    role: 'writer',
    genre: 'comedy',
    word: 'word-3',
    votes: 1_000,
  },
  { kind: 'video', year: 2005, country: 'jp', role: 'composer', genre: 'horror', word: 'word-40', votes: 10 },
  {
    kind: 'movie',
    year: 1930,
    country: 'uk',
    role: 'actress',
    genre: 'crime',
    word: 'word-1',
    votes: 500_000,
  },
]

export type JoinQuestion = {
  readonly name: string
  readonly datalog: string
  readonly sql: string
  readonly tableCount: number
}

const TEMPLATES: readonly Template[] = [
  ({ kind, genre }) => ({
    least: ['?t'],
    rows: [`film f title=?t kind=${kind}`, `sorted s film=f genre=${genre}`],
  }),
  ({ word, year }) => ({
    least: ['?t'],
    rows: ['film f title=?t year=?y', 'tagged g film=f keyword=k', `keyword k word=${word}`],
    tests: [`?y > ${year}`],
  }),
  ({ country, kind }) => ({
    least: ['?t'],
    rows: [`film f title=?t kind=${kind}`, 'release r film=f company=c', `company c country=${country}`],
  }),
  ({ role, year }) => ({
    least: ['?n'],
    rows: [`part p film=f person=n role=${role}`, 'person n name=?n', 'film f year=?y'],
    tests: [`?y < ${year}`],
  }),
  ({ country, genre }) => ({
    least: ['?n'],
    rows: [`person n name=?n country=${country}`, 'part p film=f person=n', `sorted s film=f genre=${genre}`],
  }),
  ({ word, country }) => ({
    least: ['?t', '?l'],
    rows: [
      `keyword k word=${word}`,
      'tagged g film=f keyword=k',
      'film f title=?t',
      'release r film=f company=c kind=production',
      `company c label=?l country=${country}`,
    ],
  }),
  ({ word, role, votes }) => ({
    least: ['?n', '?t'],
    rows: [
      `keyword k word=${word}`,
      'tagged g film=f keyword=k',
      'film f title=?t votes=?v',
      `part p film=f person=n role=${role}`,
      'person n name=?n',
    ],
    tests: [`?v > ${votes}`],
  }),
  ({ kind, year }) => ({
    least: ['?t', '?u'],
    rows: [`link l film=f other=o`, `film f title=?t kind=${kind}`, 'film o title=?u year=?y'],
    tests: [`?y < ${year}`],
  }),
  ({ genre, role }) => ({
    least: ['?t', '?n'],
    rows: [
      'link l film=f other=o kind=follows',
      'film o title=?t',
      `sorted s film=f genre=${genre}`,
      `part p film=f person=n role=${role}`,
      'person n name=?n',
    ],
  }),
  ({ country, role, kind }) => ({
    least: ['?n'],
    rows: [
      `film f kind=${kind}`,
      'release r film=f company=c',
      `company c country=${country}`,
      `part p film=f person=n role=${role}`,
      `person n name=?n country=${country}`,
    ],
  }),
  ({ year, genre, votes }) => ({
    least: ['?t'],
    rows: ['film f title=?t year=?y votes=?v', `sorted s film=f genre=${genre}`],
    tests: [`?y > ${year}`, `?v < ${votes}`],
  }),
  // Two people of one film.
  ({ role, country }) => ({
    least: ['?n', '?m'],
    rows: [
      `part p film=f person=n role=${role}`,
      'part q film=f person=m role=director',
      `person n name=?n country=${country}`,
      'person m name=?m gender=f',
    ],
  }),
  // One person in two roles of one film.
  ({ role, year }) => ({
    least: ['?n', '?t'],
    rows: [
      `part p film=f person=n role=${role}`,
      'part q film=f person=n role=producer',
      'film f title=?t year=?y',
      'person n name=?n',
    ],
    tests: [`?y > ${year}`],
  }),
  // Two films of one person.
  ({ genre, word }) => ({
    least: ['?n'],
    rows: [
      `keyword k word=${word}`,
      'tagged h film=f keyword=k',
      'part p film=f person=n role=director',
      'part q film=g person=n role=director',
      `sorted s film=g genre=${genre}`,
      'person n name=?n',
    ],
  }),
  ({ country, word, kind }) => ({
    least: ['?t', '?l', '?n'],
    rows: [
      `film f title=?t kind=${kind}`,
      'tagged g film=f keyword=k',
      `keyword k word=${word}`,
      'release r film=f company=c',
      `company c label=?l country=${country}`,
      'part p film=f person=n',
      'person n name=?n',
    ],
  }),
  ({ genre, country, year }) => ({
    least: ['?t', '?l'],
    rows: [
      'film f title=?t year=?y',
      `sorted s film=f genre=${genre}`,
      'release r film=f company=c kind=distribution',
      `company c label=?l country=${country}`,
    ],
    tests: [`?y > ${year}`],
  }),
  // Companies of one country that made a film and the one it refers to.
  ({ country, kind }) => ({
    least: ['?t', '?u'],
    rows: [
      'link l film=f other=o',
      `film f title=?t kind=${kind}`,
      'film o title=?u',
      'release r film=f company=c',
      'release s film=o company=d',
      `company c country=${country}`,
      `company d country=${country}`,
    ],
  }),
  // The same company made both.
  ({ year }) => ({
    least: ['?t', '?l'],
    rows: [
      'link l film=f other=o',
      'film f title=?t year=?y',
      'release r film=f company=c',
      'release s film=o company=c',
      'company c label=?l',
    ],
    tests: [`?y > ${year}`],
  }),
  // Two words of one film.
  ({ word, genre }) => ({
    least: ['?t', '?w'],
    rows: [
      `keyword k word=${word}`,
      'tagged g film=f keyword=k',
      'tagged h film=f keyword=j',
      'keyword j word=?w',
      'film f title=?t',
      `sorted s film=f genre=${genre}`,
    ],
    tests: ['?w != word-2'],
  }),
  ({ role, genre, country }) => ({
    least: ['?n', '?t'],
    rows: [
      `person n name=?n gender=f country=${country}`,
      `part p film=f person=n role=${role}`,
      'film f title=?t kind=movie',
      `sorted s film=f genre=${genre}`,
      'release r film=f company=c kind=production',
      'company c country=us',
    ],
  }),
  ({ votes, role }) => ({
    least: ['?n'],
    rows: ['film f votes=?v', `part p film=f person=n role=${role}`, 'person n name=?n'],
    tests: [`?v > ${votes}`],
  }),
  // Who plays in a film and in the one it refers to.
  ({ role, kind }) => ({
    least: ['?n', '?t'],
    rows: [
      'link l film=f other=o',
      `film f title=?t kind=${kind}`,
      `part p film=f person=n role=${role}`,
      'part q film=o person=n',
      'person n name=?n',
    ],
  }),
  // A film has the genre and a word of another.
  ({ word, kind, genre }) => ({
    least: ['?t', '?u'],
    rows: [
      `film f title=?t kind=${kind}`,
      `sorted s film=f genre=${genre}`,
      'tagged g film=f keyword=k',
      `keyword k word=${word}`,
      'link l film=f other=o',
      'film o title=?u',
      'sorted u film=o genre=?g',
    ],
  }),
  ({ country, role, word, year }) => ({
    least: ['?n', '?l', '?t'],
    rows: [
      'film f title=?t year=?y',
      'tagged g film=f keyword=k',
      `keyword k word=${word}`,
      `part p film=f person=n role=${role}`,
      'person n name=?n',
      'release r film=f company=c',
      `company c label=?l country=${country}`,
      'sorted s film=f genre=?g',
    ],
    tests: [`?y > ${year}`],
  }),
  // The years of two films of one company, one before and one after.
  ({ year, country, word }) => ({
    least: ['?l', '?t'],
    rows: [
      `company c label=?l country=${country}`,
      'release r film=f company=c kind=effects',
      'film f title=?t year=?y',
      'tagged g film=f keyword=k',
      `keyword k word=${word}`,
    ],
    tests: [`?y > ${year - 20}`, `?y < ${year + 20}`],
  }),
  ({ kind, country, genre }) => ({
    least: ['?n', '?m', '?t'],
    rows: [
      `film f title=?t kind=${kind}`,
      `sorted s film=f genre=${genre}`,
      'part p film=f person=n role=writer',
      'part q film=f person=m role=director',
      `person n name=?n country=${country}`,
      'person m name=?m',
      'release r film=f company=c',
      `company c country=${country}`,
    ],
  }),
  // Nearly everything.
  ({ kind, country, role, word }) => ({
    least: ['?t', '?n', '?u'],
    rows: [
      `film f title=?t kind=${kind}`,
      'link l film=f other=o',
      'film o title=?u',
      'tagged g film=f keyword=k',
      'tagged h film=o keyword=k',
      `keyword k word=${word}`,
      `part p film=f person=n role=${role}`,
      'person n name=?n',
      'release r film=f company=c',
      `company c country=${country}`,
    ],
  }),
  ({ genre, votes, year }) => ({
    least: ['?w'],
    rows: [
      'film f year=?y votes=?v',
      `sorted s film=f genre=${genre}`,
      'tagged g film=f keyword=k',
      'keyword k word=?w',
      'part p film=f person=n role=composer',
      'person n gender=m',
    ],
    tests: [`?y > ${year}`, `?v > ${votes / 10}`],
  }),
]

/** All film pairs of one company and one year: the largest of them. */
const LAST: Template = () => ({
  least: ['?l', '?n'],
  rows: [
    'company c label=?l country=se',
    'release r film=f company=c',
    'part p film=f person=n',
    'part q film=g person=n',
    'release s film=g company=d',
    'company d country=se',
    'person n name=?n country=se',
  ],
})

export const JOIN_QUESTIONS: readonly JoinQuestion[] = [
  ...TEMPLATES.flatMap((template, at) =>
    CONSTANTS.map((constants, variant) => question(`${at + 1}${'abcd'[variant]!}`, template(constants))),
  ),
  question('29a', LAST(CONSTANTS[0]!)),
]

function question(name: string, { least, rows, tests = [] }: ReturnType<Template>): JoinQuestion {
  return {
    name,
    datalog: datalogOf(least, rows, tests),
    sql: sqlOf(least, rows, tests),
    tableCount: rows.length,
  }
}

type Row = {
  readonly table: string
  readonly alias: string
  readonly fields: readonly (readonly [string, string])[]
}

function parsed(text: RowText): Row {
  const [table, alias, ...fields] = text.split(' ')
  return {
    table: table!,
    alias: alias!,
    fields: fields.map((field) => field.split('=') as [string, string]),
  }
}

/** Fields that refer to a row say its alias, or a variable of it. */
function fieldOf(table: string, name: string) {
  const { fields, isLink } = TABLES.find((one) => one.name === table)!
  return { field: fields.find((field) => field.name === name)!, isLink }
}

function datalogOf(least: readonly string[], rows: readonly RowText[], tests: readonly string[]): string {
  const clauses = rows.map(parsed).flatMap(({ table, alias, fields }) =>
    fields
      .filter(([name]) => !(fieldOf(table, name).isLink && name === 'film'))
      .map(([name, term]) => {
        const { field, isLink } = fieldOf(table, name)
        const of = isLink ? fields.find(([other]) => other === 'film')![1] : alias
        const value =
          field.type === 'ref' ? `?row-${term}` : term.startsWith('?') ? term : JSON.stringify(term)
        return `[?row-${of} :${attributeName(table, field, isLink)} ${value}]`
      }),
  )
  const compared = tests.map((test) => {
    const [variable, operator, value] = test.split(' ')
    return `[(${operator} ${variable} ${/^\d/.test(value!) ? value : JSON.stringify(value)})]`
  })
  return `[:find ${least.map((variable) => `(min ${variable})`).join(' ')} :where ${[...clauses, ...compared].join(' ')}]`
}

function sqlOf(least: readonly string[], rows: readonly RowText[], tests: readonly string[]): string {
  const places = new Map<string, string[]>()
  const conditions: string[] = []
  const atPlace = (variable: string, place: string): void => {
    places.set(variable, [...(places.get(variable) ?? []), place])
  }
  const all = rows.map(parsed)
  for (const { table, alias, fields } of all) {
    if (fieldOf(table, fields[0]![0]).isLink !== true) atPlace(alias, `${alias}.id`)
    for (const [name, term] of fields) {
      const place = `${alias}.${name}`
      if (fieldOf(table, name).field.type === 'ref' || term.startsWith('?')) atPlace(term, place)
      else conditions.push(`${place} = '${term}'`)
    }
  }
  for (const [first, ...others] of places.values())
    for (const other of others) conditions.push(`${first} = ${other}`)
  for (const test of tests) {
    const [variable, operator, value] = test.split(' ')
    const place = places.get(variable!)![0]!
    conditions.push(`${place} ${operator} ${/^\d/.test(value!) ? value : `'${value}'`}`)
  }
  const shown = least.map((variable) => `min(${places.get(variable)![0]!})`)
  const tables = all.map(({ table, alias }) => `${table} ${alias}`)
  return `SELECT ${shown.join(', ')} FROM ${tables.join(', ')} WHERE ${conditions.join(' AND ')}`
}
