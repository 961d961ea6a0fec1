// `varve codegen` from a running service: the module that it writes compiles, says of every query what its parameters take
// and its rows are, and runs.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { QueryToSave, Rows, Varve } from 'varve'
import { connect as connectEmbedded } from 'varve'
import { nodeEnv } from '../src/base/env-node.ts'
import { main } from '../src/cli/main.ts'
import { connect } from '../src/client/index.ts'
import { startTestServer, type TestServer } from '../src/testing/test-server.ts'
import { TestTerminal } from '../src/testing/test-terminal.ts'
import { compile, withoutMarks } from './compile.ts'
import { root } from './examples.ts'
import { customers, shop } from './types/schema.ts'

const QUERIES: Readonly<Record<string, QueryToSave>> = {
  // Every type of value, in a row and as a parameter.
  'every.type': {
    query: `[:find ?code ?cents ?weight ?rate ?price ?serial ?state ?handler ?sold ?since ?uuid ?page ?picture ?kind ?place
      :in $ ?code ?cents ?weight ?price ?serial ?state ?sold ?since ?uuid ?page
      :where [?a :article/code ?code] [?a :article/cents ?cents] [?a :article/weight ?weight]
             [?a :article/rate ?rate] [?a :article/price ?price] [?a :article/serial ?serial]
             [?a :article/state ?state] [?a :article/handler ?handler] [?a :article/sold ?sold]
             [?a :article/since ?since] [?a :article/uuid ?uuid] [?a :article/page ?page]
             [?a :article/picture ?picture] [?a :article/kind ?kind] [?a :article/place ?place]]`,
    database: 'shop',
    parameters: [
      { name: 'code', type: 'string', doc: 'Of the article. */ Never mind.' },
      { name: 'cents', type: 'long', default: 450 },
      { name: 'weight', type: 'double', default: 1.5 },
      { name: 'price', type: 'bigdec' },
      { name: 'serial', type: 'bigint' },
      { name: 'state', type: 'keyword', default: ':state/open' },
      { name: 'sold', type: 'boolean', default: true },
      { name: 'since', type: 'instant' },
      { name: 'uuid', type: 'uuid' },
      { name: 'page', type: 'uri', default: 'https://varve.example' },
    ],
    doc: 'Whatever it is.\n\nIn two parts, of which one says */ and `code`.',
    tags: ['types'],
  },
  'shape/scalar': { query: '[:find ?c . :where [_ :article/cents ?c]]', database: 'shop' },
  'shape/tuple': {
    query: '[:find [?code ?since] :where [?a :article/code ?code] [?a :article/since ?since]]',
    database: 'shop',
  },
  'shape/collection': { query: '{:find [[?u ...]] :where [[_ :article/uuid ?u]]}', database: 'shop' },
  'shape/maps': {
    query: '[:find ?code (sum ?c) :keys code sum :where [?a :article/code ?code] [?a :article/cents ?c]]',
    database: 'shop',
  },
  'shape/pulled': {
    query: `[:find (pull ?a [:article/since {:article/parts [:part/name]} (:article/cents :as n)]) .
      :in $ [?code ...]
      :where [?a :article/code ?code] [(re-matches "t\\\\w\\"?.*" ?code)] (not [?a :article/code "it's"])]`,
    database: 'shop',
  },
  // Of a name that no function may have; databases by alias, rules, and a parameter that has the type of its attribute.
  delete: {
    query: `[:find [?name ...] :in $cus $shop % ?sold [?from ?to]
      :where [$shop ?a :article/sold ?sold] [$shop ?a :article/code ?id] [$cus ?c :customer/id ?id]
             [$cus ?c :customer/name ?name] [$cus ?c :customer/born ?born] [(<= ?from ?born)] [(<= ?born ?to)]
             ($cus named ?c)]`,
    rules: '[[(named ?c) [?c :customer/name]]]',
    parameters: [{ name: 'from-to', doc: 'when born' }],
  },
  'no-parameters': { query: '[:find ?n :where [$cus _ :customer/name ?n]]' },
}

let server: TestServer
let varve: Varve
let folder: string
let path: string
beforeAll(async () => {
  server = await startTestServer()
  varve = await connect(server.url)
  await (
    await varve.open(customers)
  ).transact([{ ':customer/id': 'tea', ':customer/name': 'Ada', ':customer/born': new Date('1985-12-10') }])
  await (await varve.open(shop)).transact([ARTICLE])
  for (const [name, query] of Object.entries(QUERIES)) await varve.saveQuery(name, query)
  mkdirSync(join(root, '.cache'), { recursive: true })
  folder = mkdtempSync(join(root, '.cache', 'codegen-'))
  path = join(folder, 'queries.ts')
})
afterAll(async () => {
  await varve.close()
  await server[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
const ARTICLE = {
  ':article/code': 'tea',
  ':article/cents': 450,
  ':article/weight': 1.5,
  ':article/rate': 0.5,
  ':article/price': '4.50',
  ':article/serial': 7,
  ':article/state': ':state/open',
  ':article/handler': 'shop/tea',
  ':article/sold': true,
  ':article/since': '2014-11-15',
  ':article/uuid': UUID,
  ':article/page': 'https://varve.example',
  ':article/picture': new Uint8Array([1]),
  ':article/kind': ':kind/book',
  ':article/place': ['A', 4, null],
  ':article/parts': [{ ':part/name': 'lid' }],
} as const

async function codegen(...words: readonly string[]): Promise<TestTerminal & { readonly code: number }> {
  const terminal = new TestTerminal()
  const code = await main(['codegen', '--url', server.url, ...words], { env: nodeEnv(), terminal })
  return Object.assign(terminal, { code })
}

/** What is wrong stands between « and ». */
const PROGRAM = `import type { BigNumber, Rows, Varve } from 'varve'
import * as queries from './program0.ts'

/* oxlint-disable typescript/no-unnecessary-type-parameters -- T makes the compiler compare types exactly */
type Equal<X, Y> =
  (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? true : { readonly is: X }
declare function same<X, Y>(_: Equal<X, Y>): void

same<
  queries.EveryTypeResult,
  Rows<
    [
      string, number | bigint | BigNumber, number, number, number | bigint | BigNumber, number | bigint | BigNumber,
      \`:\${string}\`, string, boolean, Date, string, string, Uint8Array, number,
      readonly [string | null, number | bigint | null, number | null],
    ]
  >
>(true)
same<queries.ShapeScalarResult, number | bigint | null>(true)
same<queries.ShapeTupleResult, [string, Date] | null>(true)
same<queries.ShapeCollectionResult, string[]>(true)
same<queries.ShapeMapsResult, { ':code': string; ':sum': number | bigint }[]>(true)
same<queries.DeleteQueryResult, string[]>(true)

export async function right(varve: Varve): Promise<void> {
  const every = await queries.everyType(varve, { code: 'tea', price: '4.50', serial: 7n, since: '2014', uuid: '…' })
  for (const [code, , weight] of every.result) console.log(code.length + weight)
  const pulled = await queries.shapePulled(varve, { code: ['tea'] }, { asOf: new Date() })
  console.log(pulled.result?.[':article/parts']?.[0]?.[':part/name']?.length)
  console.log(pulled.result?.n, pulled.result?.[':article/since']?.getTime())
  await queries.deleteQuery(varve, { sold: true, 'from-to': [new Date(), '2014'] })
  const { result } = await queries.noParameters(varve)
  console.log(result.at(0)?.[0].length)
}

export async function wrong(varve: Varve): Promise<void> {
  await queries.everyType(varve, { «code»: 5, price: 4, serial: 7, since: new Date(), uuid: '' })
  await queries.everyType(varve, «{ code: '', serial: 7, since: new Date(), uuid: '' }»)
  await queries.everyType(varve, { code: '', price: 4, serial: 7, since: new Date(), uuid: '', «coed»: '' })
  await queries.shapePulled(varve, { «code»: 'tea' })
  await queries.shapePulled(varve, { code: [«5»] })
  await queries.deleteQuery(varve, { «sold»: 'yes', 'from-to': [new Date(), new Date()] })
  await queries.noParameters(varve, { «id»: 5 })
  await queries.noParameters(varve, {}, { «version»: 2 })
  const { result } = await queries.shapeScalar(varve)
  const «cents»: number = result
  const { result: maps } = await queries.shapeMaps(varve)
  console.log(cents, maps[0]?.[«':cod'»])
  const { result: pulled } = await queries.shapePulled(varve, { code: [] })
  console.log(pulled?.[«':article/sins'»])
  await queries.noParameters(«{}»)
}
`

describe('the module', () => {
  it('compiles, and knows arguments and rows', async () => {
    expect((await codegen('--output', path)).code).toBe(0)
    const { text, places } = withoutMarks(PROGRAM)
    const { errors } = await compile(readFileSync(path, 'utf8'), text)
    expect(errors.map(({ program, line, column }) => `${program}:${line}:${column}`)).toEqual(
      places.map(({ line, column }) => `1:${line}:${column}`),
    )
  })

  it('asks the service, and a connection in this process', async () => {
    expect((await codegen('--output', path)).code).toBe(0)
    const module = (await import(path)) as Readonly<Record<string, Generated>>
    const { everyType, shapePulled, deleteQuery, noParameters } = module as Readonly<
      Record<'everyType' | 'shapePulled' | 'deleteQuery' | 'noParameters', Generated>
    >
    const since = new Date('2014-11-15')
    const every = await everyType(varve, { code: 'tea', price: '4.5', serial: 7, since, uuid: UUID })
    const [row] = every.result as Rows<unknown[]>
    expect(row?.slice(0, 4)).toEqual(['tea', 450, 1.5, 0.5])
    expect(String(row?.[4])).toBe('4.5')
    expect(row?.slice(5, 10)).toEqual([7n, ':state/open', 'shop/tea', true, since])
    expect((await shapePulled(varve, { code: ['tea'] })).result).toEqual({
      ':article/since': since,
      ':article/parts': [{ ':part/name': 'lid' }],
      n: 450,
    })
    const span = { sold: true, 'from-to': [new Date('1985-01-01'), new Date('1986-01-01')] }
    expect((await deleteQuery(varve, span)).result).toEqual(['Ada'])
    expect([...((await noParameters(varve, {}, { limit: 1 })).result as Rows<unknown[]>)]).toEqual([['Ada']])

    await using embedded = await connectEmbedded('memory:')
    await embedded.open(customers)
    await embedded.saveQuery('no-parameters', QUERIES['no-parameters']!)
    expect((await noParameters(embedded)).result).toMatchObject({ length: 0 })
  })
})

type Generated = (varve: Varve, args?: object, options?: object) => Promise<{ readonly result: unknown }>

describe('the command', () => {
  it('writes the same from the same, and tells what changed', async () => {
    const first = await codegen()
    expect(await codegen()).toMatchObject({ code: 0, written: first.written })
    expect(first.written).toMatch(/shape\/scalar, version 1, sha256:[0-9a-f]{64}/)
    const file = join(folder, 'checked.ts')
    expect((await codegen('--output', file, '--check')).reported).toContain('is not there')
    expect(await codegen('--output', file)).toMatchObject({ code: 0, written: '' })
    expect(readFileSync(file, 'utf8')).toBe(first.written)
    expect((await codegen('--output', file, '--check')).code).toBe(0)
    writeFileSync(file, first.written.replace('export async function shapeScalar', 'function shapeScalar'))
    const changed = await codegen('--output', file, '--check')
    expect(changed.code).toBe(1)
    expect(changed.reported).toContain('varve.error/generated-out-of-date')
    expect(changed.reported).toContain('would be "export async function shapeScalar("')
    expect((await codegen('--check')).code).toBe(2)
  })

  it('writes those of a name, of a tag, and of a version, and leaves out what is over', async () => {
    await varve.saveQuery('count', { query: '[:find (count ?c) . :where [$cus ?c :customer/id]]' })
    await varve.saveQuery('count', { query: '[:find ?id :where [$cus _ :customer/id ?id]]', tags: ['ids'] })
    const functions = async (...only: readonly string[]): Promise<readonly string[]> =>
      [...(await codegen('--only', ...only)).written.matchAll(/function (\w+)\(/g)].map(([, name]) => name!)
    expect(await functions('ids', 'count@1', 'types')).toEqual(['countV1', 'count', 'everyType'])
    expect((await codegen('--only', 'count@1')).written).toContain(
      "run('count', args, { ...options, version: 1 })",
    )
    expect((await codegen('--only', 'count@3')).reported).toContain('varve.error/version-unknown')
    expect((await codegen('--only', 'cuont')).reported).toContain('Did you mean count?')
    await fetch(`${server.url}/v1/queries/count`, { method: 'DELETE' })
    expect((await codegen('--only', 'count')).reported).toContain('varve.error/nothing-to-generate')
  })

  it('refuses two functions of one name, and warns of a database that is not there', async () => {
    await varve.saveQuery('shape-scalar', { query: '[:find ?x . :where [$gone _ :x/y ?x]]' })
    expect((await codegen()).reported).toContain('varve.error/generated-names-collide')
    const { code, written, reported } = await codegen('--only', 'shape-scalar')
    expect(code).toBe(0)
    expect(written).toContain('type ShapeScalarSources = {}')
    expect(reported).toContain('gone is not to be seen here')
  })
})
