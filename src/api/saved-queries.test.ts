// Saved queries as users hold them: the same in memory, beside a folder and of a service; and what a folder shares with the
// services over it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { EdnMap } from '../fact/value.ts'
import { defineProcedure } from '../procedures/define-procedure.ts'
import { SavedQueries } from '../service/system/saved-queries.ts'
import { StoredProcedures } from '../service/system/stored-procedures.ts'
import { SystemFolder } from '../service/system/system-folder.ts'
import { procedures } from '../testing/test-service.ts'
import { startTestServer } from '../testing/test-server.ts'
import {
  type CheckedQuery,
  connect,
  defineSchema,
  type Database,
  type SchemaOf,
  type Varve,
} from './index.ts'

const schema = defineSchema(
  'shop',
  { alias: 'sho' },
  {
    ':item/id': { type: 'string', unique: 'identity' },
    ':item/price': { type: 'long' },
    ':item/count': { type: 'long', exact: true },
    ':item/since': { type: 'instant' },
    ':item/key': { type: 'uuid' },
    ':item/next': { type: 'ref' },
  },
)
const UUID = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
const SINCE = new Date('2014-11-15')
const PRICE = '[:find ?price . :in $ ?id :where [?i :item/id ?id] [?i :item/price ?price]]'

const root = mkdtempSync(join(tmpdir(), 'varve-saved-'))
let folderCount = 0
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Place = AsyncDisposable & { readonly url: string }
const placeOf = (url: string): Place => ({ url, [Symbol.asyncDispose]: () => Promise.resolve() })
const nextFolder = (): string => join(root, String(folderCount++))

let place: Place
let varve: Varve
let shop: Database<SchemaOf<typeof schema>>

async function begin(opening: Place | Promise<Place>): Promise<void> {
  place = await opening
  varve = await connect(place.url)
  shop = await varve.open(schema)
  await shop.transact([
    {
      ':item/id': 'tea',
      ':item/price': 450,
      ':item/count': 7,
      ':item/since': SINCE,
      ':item/key': UUID,
      ':item/next': { ':item/id': 'pot', ':item/price': 900 },
    },
  ])
}
afterEach(async () => {
  await varve.close()
  await place[Symbol.asyncDispose]()
})

describe.each([
  ['memory', (): Place => placeOf('memory:')],
  ['a folder', (): Place => placeOf(`file:${nextFolder()}`)],
  ['a service', startTestServer],
])('a saved query in %s', (_where, openPlace) => {
  beforeEach(() => begin(openPlace()))

  it('is run by its name, with arguments by the names of its parameters and with defaults', async () => {
    const parameters = [{ name: 'id', type: 'string', default: 'tea' }] as const
    expect(await varve.saveQuery('price', { query: PRICE, database: 'shop', parameters })).toEqual({
      name: 'price',
      version: 1,
    })
    expect(await varve.run('price')).toMatchObject({
      result: 450,
      columns: [{ name: '?price', type: 'long' }],
      basis: { shop: 1 },
      truncated: false,
    })
    expect((await varve.run('price', { id: 'pot' })).result).toBe(900)
    expect((await varve.run('price', { id: undefined })).result).toBe(450)
    expect((await varve.run('price', { id: 'cup' })).result).toBeNull()
  })

  it('gives rows, maps and values as questions do', async () => {
    const shapes = {
      relation: '[:find ?id ?n :where [?i :item/id ?id] [?i :item/count ?n]]',
      collection: '[:find [?id ...] :where [_ :item/id ?id]]',
      tuple: '[:find [?id ?since] :where [?i :item/id ?id] [?i :item/since ?since]]',
      maps: '[:find ?id ?n :keys id n :where [?i :item/id ?id] [?i :item/count ?n]]',
      pulled: '[:find (pull ?i [:item/count {:item/next [:item/id]}]) . :where [?i :item/id "tea"]]',
    }
    const found: unknown[] = []
    for (const [name, query] of Object.entries(shapes)) {
      await varve.saveQuery(name, { query, database: 'sho' })
      found.push((await varve.run(name)).result)
    }
    const [relation, ...others] = found as [Iterable<unknown>, ...unknown[]]
    expect([...relation]).toEqual([['tea', 7n]])
    expect(relation).toMatchObject({ length: 1, columns: [{ name: '?id' }, { name: '?n' }] })
    expect(others).toEqual([
      ['pot', 'tea'],
      ['tea', SINCE],
      [{ ':id': 'tea', ':n': 7n }],
      { ':item/count': 7n, ':item/next': { ':item/id': 'pot' } },
    ])
  })

  it('takes values as the types of its parameters, lists and rules', async () => {
    await varve.saveQuery('ids', {
      query: {
        find: [['?id', '...']],
        in: ['$', '%', '?since', ['?key', '...']],
        where: [
          ['keyed', '?i', '?key'],
          ['?i', ':item/since', '?since'],
          ['?i', ':item/id', '?id'],
        ],
      },
      rules: '[[(keyed ?i ?key) [?i :item/key ?key]]]',
      database: 'shop',
      parameters: [
        { name: 'key', type: 'uuid', doc: 'of items' },
        { name: 'since', type: 'instant', default: SINCE },
      ],
    })
    expect((await varve.run('ids', { key: [UUID] })).result).toEqual(['tea'])
    expect((await varve.run('ids', { key: [UUID], since: '2014-11-15' })).result).toEqual(['tea'])
    expect((await varve.run('ids', { key: [], since: SINCE })).result).toEqual([])
    const refused = async (args: object): Promise<unknown> =>
      varve.run('ids', { ...args }).catch((error: { readonly code: string }) => error.code)
    expect(await refused({ key: UUID })).toBe('varve.error/argument-invalid')
    expect(await refused({ key: [UUID], since: 'soon' })).toBe('varve.error/argument-invalid')
    expect(await refused({})).toBe('varve.error/argument-missing')
    expect(await refused({ keys: [UUID] })).toBe('varve.error/parameter-of-query-unknown')
  })

  it('is run as of a moment, in a version, within bounds', async () => {
    await varve.saveQuery('prices', {
      query: '[:find [?p ...] :where [_ :item/price ?p]]',
      database: 'shop',
    })
    await shop.transact([{ ':item/id': 'tea', ':item/price': 500 }])
    const query = '[:find [?id ...] :where [_ :item/id ?id]]'
    expect(await varve.saveQuery('prices', { query, database: 'shop', note: 'ids' })).toMatchObject({
      version: 2,
    })
    expect((await varve.run('prices')).result).toEqual(['pot', 'tea'])
    expect((await varve.run('prices', {}, { version: 1, cursors: { shop: 1 } })).result).toEqual([450, 900])
    expect(await varve.run('prices', {}, { version: 1, limit: 1 })).toMatchObject({
      result: [500],
      truncated: true,
    })
    await expect(varve.run('prices', {}, { asOf: 'now' as never })).rejects.toMatchObject({
      code: 'varve.error/moment-invalid',
    })
    await expect(varve.run('prices', {}, { version: 3 })).rejects.toMatchObject({
      code: 'varve.error/version-unknown',
    })
    await expect(varve.run('prizes')).rejects.toMatchObject({
      code: 'varve.error/saved-query-unknown',
      fix: 'Did you mean prices?',
    })
  })

  it('asks several databases at once, and counts what is in each', async () => {
    for (const [name, prices] of [
      ['part-1', [450, 900]],
      ['part-2', [450, 30, 900]],
    ] as const) {
      const part = await varve.open(name, { schema: schema.toTransaction() as never })
      await part.transact(prices.map((price, i) => ({ ':item/id': `${name}/${i}`, ':item/price': price })))
    }
    const parameters = [{ name: 'least', type: 'long', default: 0 }] as const
    const queries = {
      counted: '[:find ?p (count ?i) (sum ?p) :where [?i :item/price ?p]]',
      values: '{:find [[?p ...]] :in [$ ?least] :where [[_ :item/price ?p] [(< ?least ?p)]]}',
      keys: '[:find (max ?id) . :in $ % ?least :with ?i :where (priced ?i ?p) [(< ?least ?p)] [?i :item/id ?id]]',
      missing: `[:find (count ?i) . :where [?i :item/id] (not [?i :item/price 450])
                 [(get-else $ ?i :item/key "none") ?key] [(= ?key "none")] [(missing? $ ?i :item/since)]]`,
      keyed: '[:find [?p ...] :in $ [?key ...] :where [?i :item/key ?key] [?i :item/price ?p]]',
      limited: '[:find ?id :where [_ :item/id ?id] :limit 2]',
    }
    for (const [name, query] of Object.entries(queries))
      await varve.saveQuery(name, {
        query,
        database: 'part-*',
        ...(query.includes('%') && { rules: '[[(priced ?i ?p) [?i :item/price ?p]]]' }),
        ...(query.includes('?least') && { parameters }),
      })
    const { result, basis } = await varve.run('counted')
    expect([...(result as Iterable<unknown>)]).toEqual([
      [30, 1, 30],
      [450, 2, 900],
      [900, 2, 1800],
    ])
    expect(basis).toEqual({ 'part-1': 1, 'part-2': 1 })
    expect((await varve.run('values', { least: 30 })).result).toEqual([450, 900])
    expect((await varve.run('keys', { least: 450 })).result).toBe('part-2/2')
    expect((await varve.run('keys', { least: 450 }, { database: 'part-1' })).result).toBe('part-1/1')
    expect((await varve.run('missing')).result).toBe(3)
    expect(await varve.run('limited')).toMatchObject({ result: { length: 2 } })
    // Cursors say which databases there are, so that the answer stays what it is.
    const pinned = await varve.run('counted', {}, { cursors: { 'part-1': 1 } })
    expect(pinned).toMatchObject({ basis: { 'part-1': 1 }, result: { length: 2 } })
    // What is given as text has the type of what it is compared with, as anywhere.
    for (const name of ['part-1', 'part-2'])
      await (await varve.open(name)).transact([{ ':item/id': `${name}/1`, ':item/key': UUID }])
    expect((await varve.run('keyed', { key: [UUID] })).result).toEqual([30, 900])
    await varve.saveQuery('pulled', {
      query: '[:find (pull ?i [*]) :where [?i :item/id]]',
      database: 'part-*',
    })
    await expect(varve.run('pulled')).rejects.toMatchObject({ code: 'varve.error/query-pulls-of-many' })
    await expect(varve.run('counted', {}, { database: 'none-*' })).rejects.toMatchObject({
      code: 'varve.error/database-unknown',
    })
  })

  it('is refused where it says nothing or is named by nothing', async () => {
    const save = (name: string, query: object): Promise<unknown> =>
      varve.saveQuery(name, query as never).catch((error: { readonly code: string }) => error.code)
    expect(await save('A b', { query: PRICE })).toBe('varve.error/query-name-invalid')
    expect(await save('a', {})).toBe('varve.error/field-invalid')
    expect(await save('a', { query: PRICE, parameters: [{ name: 'idd' }] })).toBe(
      'varve.error/parameter-of-query-unknown',
    )
    expect(await varve.saveQuery('all', { query: PRICE }).then(() => varve.checkQuery('all'))).toEqual({
      version: 1,
      holds: true,
      checks: [],
    })
  })
})

describe('beside a folder', () => {
  let folder: string
  beforeEach(() => {
    folder = nextFolder()
    return begin(placeOf(`file:${folder}`))
  })

  it('is what every process over the data sees, and readers write nothing', async () => {
    await using reader = await connect(`file:${folder}`, { readOnly: true })
    await expect(reader.run('price')).rejects.toMatchObject({ code: 'varve.error/saved-query-unknown' })
    await varve.saveQuery('price', { query: PRICE, database: 'shop' })
    expect((await reader.run('price', { id: 'tea' })).result).toBe(450)
    await expect(reader.saveQuery('price', { query: PRICE })).rejects.toMatchObject({
      code: 'varve.error/read-only',
    })
    await using elsewhere = await connect(`file:${folder}`, { readOnly: true, system: nextFolder() })
    await expect(elsewhere.run('price')).rejects.toMatchObject({ code: 'varve.error/saved-query-unknown' })
  })

  it('is not saved while another process owns what is saved, and runs all the same', async () => {
    await varve.saveQuery('price', { query: PRICE, database: 'shop' })
    await using system = await SystemFolder.open(nodeEnv(), `${folder}-system`)
    await expect(varve.saveQuery('price', { query: PRICE, note: 'x' })).rejects.toMatchObject({
      code: 'varve.error/system-owned',
    })
    await new SavedQueries(nodeEnv(), system).retire('price')
    await using reader = await connect(`file:${folder}`, { readOnly: true })
    await expect(reader.run('price', { id: 'tea' })).rejects.toMatchObject({
      code: 'varve.error/saved-query-retired',
    })
  })

  it('is held to what it must answer, at the basis where that was so', async () => {
    await varve.saveQuery('price', { query: PRICE, database: 'shop' })
    const expectation = {
      name: 'tea',
      arguments: new EdnMap([['id', 'tea']]),
      cursors: { shop: 1 },
      resultHash: 'sha256:0',
      rowCount: 2,
    }
    const pin = async (resultHash: string): Promise<void> => {
      await using system = await SystemFolder.open(nodeEnv(), `${folder}-system`)
      await new SavedQueries(nodeEnv(), system).expect('price', { ...expectation, resultHash })
    }
    /** By who opens the folder now: others follow what is pinned in their own time. */
    const checked = async (version?: number): Promise<CheckedQuery> => {
      await using reader = await connect(`file:${folder}`, { readOnly: true })
      return await reader.checkQuery('price', version)
    }
    await pin('sha256:0')
    const broken = await checked()
    expect(broken).toMatchObject({
      version: 1,
      holds: false,
      checks: [{ name: 'tea', cursors: { shop: 1 }, expected: { rowCount: 2 }, found: { rowCount: 1 } }],
    })
    await pin(broken.checks[0]!.found!.resultHash)
    await shop.transact([{ ':item/id': 'tea', ':item/price': 500 }])
    expect(await checked()).toMatchObject({ holds: true })
    await varve.saveQuery('price', { query: '[:find ?x :in ?x]' })
    expect(await checked()).toMatchObject({
      holds: false,
      checks: [{ error: { code: 'varve.error/parameter-of-query-unknown' } }],
    })
    expect(await checked(1)).toMatchObject({ version: 1, holds: true })
  })

  it('calls the procedures that are stored beside it, and those of the connection', async () => {
    const source = '(n: number): number => n * 2'
    {
      await using system = await SystemFolder.open(nodeEnv(), `${folder}-system`)
      const stored = new StoredProcedures(nodeEnv(), system, procedures)
      await stored.save({ name: 't/twice', parameters: { n: 'long' }, returns: 'long', source }, 'ada')
    }
    const own = defineProcedure({ name: 't/own', parameters: { n: 'long' }, returns: 'long', source })
    await varve.saveQuery('twice', {
      query: '[:find ?n . :where [?i :item/id "tea"] [?i :item/price ?p] [(t/twice ?p) ?q] [(t/own ?q) ?n]]',
      database: 'shop',
    })
    await using reader = await connect(`file:${folder}`, { readOnly: true, procedures: [own] })
    expect((await reader.run('twice')).result).toBe(1800)
  })
})
