// DuckDB opens the index files as they lie: through the views that `varve views` prints it counts the facts that
// Varve counts, attribute by attribute, while superseded files still lie in the folder.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { viewsOf } from '../../src/database/views.ts'
import { readRoot } from '../../src/index/root.ts'
import { makeRichFolder, richSchema } from '../../src/testing/rich-database.ts'

const env = nodeEnv()
const folder = env.files.makeTemporaryFolder('varve-views')
let catalog: Catalog
let duckdb: DuckDBConnection

beforeAll(async () => {
  await makeRichFolder(env, folder, { seed: 7, transactionCount: 600, isIndexedWhole: true })
  catalog = await Catalog.openFolder(env, folder, { isReadOnly: true })
  duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  await duckdb.run(await viewsOf(catalog))
})

afterAll(async () => {
  duckdb.closeSync()
  await catalog[Symbol.asyncDispose]()
  env.files.remove(folder)
})

async function rowsOf(sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await duckdb.runAndReadAll(sql)).getRowsJS()
}

describe('views over the index files', () => {
  it('are defined while superseded files, dead rows and packs lie in the folder', async () => {
    const { root } = (await readRoot(catalog.storage.open('rich').blobs))!
    const files = readdirSync(join(folder, 'rich/index/segments'))
    expect(files.length).toBeGreaterThan(root.segments.length)
    expect(root.segments.filter(({ dead }) => dead !== undefined).length).toBeGreaterThan(2)
    expect(root.segments.some(({ isPack }) => isPack)).toBe(true)
  })

  it('count the facts that Varve counts, attribute by attribute, now and in history', async () => {
    const { facts, schema } = (await catalog.connection('rich')).value()
    const history = facts.history()
    let total = 0
    for (const { id, ident } of schema.attributes()) {
      const name = `rich."${ident.text}`
      const now = [...facts.match(undefined, id, undefined)]
      const ever = [...history.match(undefined, id, undefined)]
      total += now.length
      const [[count, sum]] = (await rowsOf(`SELECT count(*), sum(e + t) FROM ${name}"`)) as [[bigint, bigint]]
      expect([ident.text, Number(count), Number(sum)]).toEqual([
        ident.text,
        now.length,
        now.reduce((sum, { e, t }) => sum + e + t, 0),
      ])
      const events = await rowsOf(`SELECT e, t, added FROM ${name}/history" ORDER BY ALL`)
      expect([ident.text, events.map(([e, t, added]) => `${e} ${t} ${added}`).sort()]).toEqual([
        ident.text,
        ever.map(({ e, t, added }) => `${e} ${t} ${added}`).sort(),
      ])
    }
    expect(await rowsOf('SELECT count(*) FROM rich.facts')).toEqual([[BigInt(total)]])
    const allEvents = [...history.range('eavt', { prefix: [] })].length
    expect(await rowsOf('SELECT count(*) FROM rich.history')).toEqual([[BigInt(allEvents)]])
  })

  it('tell of any t by the intervals', async () => {
    const facts = (await catalog.connection('rich')).value().facts.asOf(300)
    for (const name of ['one/long', 'many/string', 'one/ref']) {
      const { id } = [...facts.schema.attributes()].find(({ ident }) => ident.text === name)!
      const sql = `SELECT count(*) FROM rich."${name}/intervals" WHERE added <= 300 AND (retracted IS NULL OR retracted > 300)`
      expect(await rowsOf(sql)).toEqual([[BigInt([...facts.match(undefined, id, undefined)].length)]])
    }
  })

  it('give every type of value a type of SQL, exactly', async () => {
    const types = await rowsOf(
      `SELECT view_name, data_type FROM duckdb_columns() JOIN duckdb_views() ON view_name = table_name
       WHERE column_name = 'v' AND view_name LIKE 'one/%' AND view_name NOT LIKE '%/%/%' ORDER BY ALL`,
    )
    expect(Object.fromEntries(types)).toEqual({
      'one/bigdec': 'DECIMAL(38,2)',
      'one/bigint': 'HUGEINT',
      'one/boolean': 'BOOLEAN',
      'one/bytes': 'BLOB',
      'one/double': 'DOUBLE',
      'one/float': 'FLOAT',
      'one/instant': 'TIMESTAMP',
      'one/keyword': 'VARCHAR',
      'one/long': 'BIGINT',
      'one/ref': 'BIGINT',
      'one/string': 'VARCHAR',
      'one/symbol': 'VARCHAR',
      'one/uri': 'VARCHAR',
      'one/uuid': 'UUID',
    })
    const { facts } = (await catalog.connection('rich')).value()
    for (const [name, shown] of [
      ['one/instant', (v: unknown) => (v as Date).toISOString()],
      ['one/bigdec', (v: unknown) => String(Number(v))],
      ['one/uuid', String],
      ['one/long', String],
      ['one/bigint', (v: unknown) => String(v).replace('N', '')],
    ] as const) {
      const { id } = [...facts.schema.attributes()].find(({ ident }) => ident.text === name)!
      const varve = [...facts.match(undefined, id, undefined)].map(({ e, v }) => `${e} ${shown(v)}`)
      const sql = (await rowsOf(`SELECT e, v FROM rich."${name}"`)).map(
        ([e, v]) => `${String(e)} ${shown(v)}`,
      )
      expect(sql.sort()).toEqual(varve.sort())
    }
  })

  it('lie in files that read_parquet opens one by one', async () => {
    const { root } = (await readRoot(catalog.storage.open('rich').blobs))!
    for (const { key, rowCount } of root.segments) {
      const path = join(folder, 'rich/index', key)
      expect(await rowsOf(`SELECT count(*) FROM read_parquet('${path}')`)).toEqual([[BigInt(rowCount)]])
    }
  })

  it('need files', async () => {
    await using memory = Catalog.openMemory(env)
    await memory.create('rich', { schema: richSchema() })
    await expect(viewsOf(memory)).rejects.toMatchObject({ code: 'varve.error/views-need-files' })
  })
})
