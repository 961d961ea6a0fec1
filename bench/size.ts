// Bytes on disk per datom of ten million with their history, once all is indexed and the log is sealed; the present
// beside DuckDB's own file of the same rows. The folder passes `verifyFolder` before a figure is reported.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { nodeEnv } from '../src/base/env-node.ts'
import { Catalog } from '../src/database/catalog.ts'
import { verifyFolder } from '../src/database/verify.ts'
import { viewsOf } from '../src/database/views.ts'
import { readRoot, type Root } from '../src/index/root.ts'
import { DATOM_COUNT, Orders } from './disk/orders.ts'
import { type BenchContext, type Figure, runBench, timed } from './harness.ts'

await runBench(
  { name: 'size', about: 'bytes on disk of 10 M datoms with history, and of DuckDB for the present', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const data = join(folder, 'data')
  const orders = await Orders.create(data)
  const written = await timed(() => orders.append(DATOM_COUNT * scale))
  say('written')
  const indexed = await timed(() => orders.index())
  await orders[Symbol.asyncDispose]()
  note('datoms', orders.datomCount)
  note('written to the log in', `${Math.round(written.ms)} ms`)
  note('indexed in', `${Math.round(indexed.ms)} ms`)
  const checked = await timed(() => verifyFolder(nodeEnv(), data))
  const damage = checked.result.databases
    .flatMap(({ findings }) => findings)
    .filter(({ kind }) => kind === 'damage')
  if (damage.length > 0) throw new Error(JSON.stringify(damage[0]))
  note('verified in', `${Math.round(checked.ms)} ms`)
  const { root } = (await readRoot(orders.storage.blobs))!
  const duckdbBytes = await duckdbFileBytes(data, join(folder, 'present.duckdb'), root)
  return figuresOf(orders, root, duckdbBytes, data)
}

function figuresOf(orders: Orders, root: Root, duckdbBytes: number, data: string): readonly Figure[] {
  const bytesOf = (test: (kind: string) => boolean): number =>
    root.segments.filter(({ kind }) => test(kind)).reduce((sum, { byteCount }) => sum + byteCount, 0)
  const all = bytesOf(() => true) / orders.datomCount
  const present = bytesOf((kind) => kind === 'present')
  const order = bytesOf((kind) => kind !== 'present' && kind !== 'history')
  const ratio = (present + order) / duckdbBytes
  const log = sealedLog(join(data, 'orders/log'), root.indexedT)
  if (log.byteCount === 0) throw new Error('The log is too short to have a sealed file: take a larger scale')
  // Every transaction has about as many datoms.
  const sealed = log.byteCount / (orders.datomCount * (log.endT / (root.indexedT + 1)))
  return [
    { name: 'segments', unit: 'B/datom', runs: [all], target: { text: '≤ 8', isMet: all <= 8 } },
    { name: 'present', unit: 'MB', runs: [present / 1e6] },
    { name: 'orders by value and dead lists', unit: 'MB', runs: [order / 1e6] },
    { name: 'history', unit: 'MB', runs: [bytesOf((kind) => kind === 'history') / 1e6] },
    { name: 'DuckDB, present alone', unit: 'MB', runs: [duckdbBytes / 1e6] },
    {
      name: 'present with all its orders / DuckDB',
      unit: '×',
      runs: [ratio],
      target: { text: '≤ 1.5', isMet: ratio <= 1.5 },
    },
    { name: 'sealed log', unit: 'B/datom', runs: [sealed], target: { text: '≤ 10', isMet: sealed <= 10 } },
  ]
}

/** Bytes of the sealed files of a log, and before which t they end. */
function sealedLog(folder: string, lastT: number): { readonly byteCount: number; readonly endT: number } {
  const names = nodeEnv().files.list(folder)
  const sealed = names.filter((name) => name.endsWith('.sealed'))
  const open = names.filter((name) => name.endsWith('.log')).map((name) => Number(name.slice(0, 15)))
  const byteCount = sealed.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  return { byteCount, endT: Math.min(lastT + 1, ...open) }
}

/** The present of every attribute as a table of (e, v, added, retracted) in a file of DuckDB's own. */
async function duckdbFileBytes(data: string, path: string, root: Root): Promise<number> {
  await using catalog = await Catalog.openFolder(nodeEnv(), data, { isReadOnly: true })
  const duckdb = await DuckDBInstance.create(path)
  const connection = await duckdb.connect()
  await connection.run(await viewsOf(catalog))
  for (const { id } of root.attributes) {
    const ident = (await catalog.connection('orders')).value().schema.attribute(id)!.ident.text
    await connection.run(
      `CREATE TABLE "${ident}" AS SELECT e, v, added, retracted FROM orders."${ident}/intervals" WHERE retracted IS NULL ORDER BY e`,
    )
  }
  await connection.run('DROP SCHEMA orders CASCADE')
  await connection.run('CHECKPOINT')
  connection.closeSync()
  duckdb.closeSync()
  return statSync(path).size
}
