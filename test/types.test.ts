// The compiler as users meet it: where it marks what is wrong, what it says there, and how long it takes. (What it
// knows of results stands in test/types/results.ts, which `npm run check` compiles.)

import { describe, expect, it } from 'vitest'
import { compile, withoutMarks } from './compile.ts'
import { allExamples } from './examples.ts'
import { programOfQueries } from './types/generate-queries.ts'

const HEAD = `import type { Database, SchemaOf, Varve } from 'varve'
import type { customers, shop } from '../../test/types/schema.ts'
export declare const database: Database<SchemaOf<typeof shop>>
export declare const varve: Varve
export const db = database.db()
export const typed = varve.typed({} as typeof shop, {} as typeof customers)
export declare const entity: NonNullable<Awaited<ReturnType<typeof db.entity>>>
`

/** What is wrong stands between « and »; the message is what the compiler must say of it. */
const WRONG: readonly { readonly name: string; readonly code: string; readonly says: string }[] = [
  {
    name: 'an attribute in the data form',
    code: `db.q({ find: ['?c'], where: [['?a', ':article/cents', '?c'],\n  ['?a', «':article/kode'», '?x']] })`,
    says: 'Attribute :article/kode has no schema. Did you mean :article/code?',
  },
  {
    name: 'an attribute in a nested clause of the data form',
    code: `db.q({ find: ['?a'], where: [['?a', ':article/code'], ['not', ['or', ['?a', «':article/centss'», 1], ['?a', ':article/sold', true]]]] })`,
    says: 'Did you mean :article/cents?',
  },
  {
    name: 'an attribute of another database in the data form',
    code: `typed.query({ query: { find: ['?n'], where: [['$shop', '?a', ':article/code', '?x'], ['$cus', '?c', «':customer/nmae'», '?n']] } })`,
    says: 'Attribute :customer/nmae has no schema. Did you mean :customer/name?',
  },
  {
    name: 'an attribute of get-else in the data form',
    code: `db.q({ find: ['?x'], where: [['?a', ':article/code'], [['get-else', '$', '?a', «':article/cent'», 0], '?x']] })`,
    says: 'Did you mean :article/cents?',
  },
  {
    name: 'an attribute in EDN text',
    code: 'db.q(«`[:find ?n\n :where [?a :article/code ?n]\n        [?a :article/kode ?x]]`»)',
    says: 'Attribute :article/kode has no schema. Did you mean :article/code?',
  },
  {
    name: 'an attribute of an alias in EDN text',
    code: `typed.query({ «query»: '[:find ?n :where [$cus ?c :customer/nam ?n]]' })`,
    says: 'Attribute :customer/nam has no schema. Did you mean :customer/name?',
  },
  {
    name: 'an attribute deep in EDN text',
    code: `db.q(«'[:find ?c :where [?a :article/code ?c] (not-join [?a] (or [?a :article/sold true] (and [?a :article/tag "x"] [?a :article/cents 1])))]'»)`,
    says: 'Did you mean :article/tags?',
  },
  {
    name: 'an attribute that is like no other',
    code: `db.q(«'[:find ?c :where [_ :something/else ?c]]'»)`,
    says: 'Attribute :something/else has no schema',
  },
  {
    name: 'an ident in the place of an attribute',
    code: `db.q({ find: ['?a'], where: [['?a', «':kind/book'», '?x']] })`,
    says: ':kind/book is no attribute, but a name',
  },
  {
    name: 'an attribute of a pull in a query',
    code: `db.q(«'[:find (pull ?a [:article/code {:article/parts [:part/nam]}]) :where [?a :article/code]]'»)`,
    says: 'Attribute :part/nam has no schema. Did you mean :part/name?',
  },
  {
    name: 'a key of a transaction',
    code: `database.transact([{ ':article/code': 'tea' }, { ':article/code': 'set',\n  «':article/censt'»: 5 }])`,
    says: 'Attribute :article/censt has no schema. Did you mean :article/cents?',
  },
  {
    name: 'a key of a nested map of a transaction',
    code: `database.transact([{ ':article/parts': [{ «':part/nane'»: 'lid' }] }])`,
    says: 'Did you mean :part/name?',
  },
  {
    name: 'an attribute of a list form',
    code: `database.transact([[':db/add', 'a', ':article/code', 'x'], [':db/add', 'a', «':article/cod'», 'x']])`,
    says: 'Did you mean :article/code?',
  },
  {
    name: 'a value of the wrong type in a map',
    code: `database.transact([{ ':article/code': 'tea',\n  «':article/cents'»: 'four' }])`,
    says: "Type 'string' is not assignable to type 'number | bigint |",
  },
  {
    name: 'one of many values of the wrong type',
    code: `database.transact([{ ':article/tags': ['x', «5»] }])`,
    says: "Type 'number' is not assignable to type",
  },
  {
    name: 'a value of the wrong type in a list form',
    code: `database.transact([[':db/add', 'a', ':article/sold', «'yes'»]])`,
    says: "not assignable to type 'boolean'",
  },
  {
    name: 'a member of a tuple of the wrong type',
    code: `database.transact([{ ':article/size': [1, «'two'»] }])`,
    says: "Type 'string' is not assignable to type",
  },
  {
    name: 'a key of a what-if',
    code: `db.asOf(3).with([{ «':article/codes'»: 'x' }])`,
    says: 'Did you mean :article/code?',
  },
  {
    name: 'an attribute of a pattern',
    code: `db.pull([':article/code', «':article/pirce'»], 17)`,
    says: 'Attribute :article/pirce has no schema. Did you mean :article/price?',
  },
  {
    name: 'an attribute of a nested pattern',
    code: `db.pull([{ ':article/parts': [':db/id', «':part/nam'»] }], 17)`,
    says: 'Did you mean :part/name?',
  },
  {
    name: 'the key of a nested pattern',
    code: `db.pull(['*', { «':article/part'»: [':part/name'] }], 17)`,
    says: 'Did you mean :article/parts?',
  },
  {
    name: 'an attribute with options',
    code: `db.pull([[«':article/tgas'», ':limit', 5]], 17)`,
    says: 'Did you mean :article/tags?',
  },
  {
    name: 'an attribute of a pattern as text',
    code: `db.pull(«'[:article/code {:article/related [:article/cods]}]'», 17)`,
    says: 'Attribute :article/cods has no schema. Did you mean :article/code?',
  },
  {
    name: 'a lookup ref by an attribute that is not unique',
    code: `db.pull(['*'], [«':article/tags'», 'x'])`,
    says: 'is not assignable to type',
  },
  { name: 'an attribute of an entity', code: `entity.get(«':article/cods'»)`, says: 'is not assignable to' },
  {
    name: 'a key of the facts about a transaction',
    code: `database.transact([], { meta: { «':article/kode'»: 'x' } })`,
    says: 'does not exist in type',
  },
  {
    name: 'an argument of the wrong type',
    code: `db.q('[:find ?a :in $ ?code :where [?a :article/code ?code]]', «5»)`,
    says: "Argument of type 'number' is not assignable to parameter of type 'string'",
  },
]

describe('the compiler marks', () => {
  it('each mistake at its place, and nothing else', async () => {
    let program = HEAD
    const expected = WRONG.map(({ name, code, says }) => {
      const { text, places } = withoutMarks(code, program.split('\n').length)
      program += `${text}\n`
      return { name, ...places[0]!, says }
    })
    const { errors } = await compile(program)
    const found = expected.map(({ name, line, column, says }) => {
      const error = errors.find((candidate) => candidate.line === line && candidate.column === column)
      return `${name}: ${error?.message.includes(says) ? says : `at ${line}:${column} ${error?.message ?? 'nothing'}`}`
    })
    expect(found).toEqual(expected.map(({ name, says }) => `${name}: ${says}`))
    const places = new Set(expected.map(({ line, column }) => `${line}:${column}`))
    expect(
      errors.filter(({ program: of, line, column }) => of === undefined || !places.has(`${line}:${column}`)),
    ).toEqual([])
  })
})

describe('the programs of the pages', () => {
  it('compile', async () => {
    const { errors } = await compile(...allExamples().map(({ code }) => code))
    expect(errors).toEqual([])
  })
})

const QUERY_COUNT = 200
// A guard against types whose work explodes, on machines that do other things: 200 questions take about two seconds.
const CHECK_SECONDS_MAX = 30

describe('the compiler', () => {
  it(`checks ${QUERY_COUNT} questions, half of them text of up to 40 clauses, in good time`, async () => {
    const head = HEAD.replace('import type { Database,', 'import type { Rows, Database,')
    const without = await compile(`${head}\nexport type Nothing = Rows<[1]>\n`)
    const { errors, checkSeconds } = await compile(
      `${head}\n${programOfQueries(QUERY_COUNT, 1)}\nexport {}\n`,
    )
    expect(errors).toEqual([])
    process.stdout.write(
      `${QUERY_COUNT} questions: ${(checkSeconds - without.checkSeconds).toFixed(2)} s of ${checkSeconds.toFixed(2)} s\n`,
    )
    expect(checkSeconds).toBeLessThan(CHECK_SECONDS_MAX)
  })
})
