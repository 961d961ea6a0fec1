// Import of a million rows of ten columns by the command line: from CSV with a thousand rows a transaction and with one,
// and from Parquet. Durable and indexed at the end, the start of the process and the first reading of the file included.
// Then the same beside a reader and a writer in one process. Nothing is reported before the rows were counted again.

import { statSync } from 'node:fs'
import { join } from 'node:path'
import { connectLocal } from '../src/api/connect.ts'
import { keyword } from '../src/fact/value.ts'
import { importBesideOthers } from './import/neighbours.ts'
import { watchVarve, type Watched } from './import/process.ts'
import { COLUMN_COUNT, writePurchases } from './import/purchases.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'

const ROW_COUNT = 1_000_000
const RUN_COUNT = 3
const MANY_PER_SECOND_MIN = 500_000
const SINGLE_PER_SECOND_MIN = 300_000
const PEAK_MIB_MAX = 1_024
const READER_MS_MAX = 50
const WRITER_MS_MAX = 250

await runBench(
  { name: 'import', about: '10 M datoms from CSV and Parquet, durable and indexed', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const rowCount = Math.round(ROW_COUNT * scale)
  const csv = join(folder, 'purchases.csv')
  writePurchases(csv, rowCount, 7)
  const parquet = join(folder, 'purchases.parquet')
  await toParquet(csv, parquet)
  note('rows', rowCount)
  note('bytes of CSV', statSync(csv).size)
  note('bytes of Parquet', statSync(parquet).size)
  const modes: readonly (readonly [string, string, readonly string[], number])[] = [
    ['CSV, 1,000 rows a transaction', csv, [], MANY_PER_SECOND_MIN],
    ['CSV, one row a transaction', csv, ['--as-known-at', 'day'], SINGLE_PER_SECOND_MIN],
    ['Parquet, 1,000 rows a transaction', parquet, [], MANY_PER_SECOND_MIN],
  ]
  const figures: Figure[] = []
  for (const [name, path, flags, perSecondMin] of modes) {
    const runs: Watched[] = []
    for (let round = 0; round < RUN_COUNT; round++) {
      say(`${name}: run ${round + 1} of ${RUN_COUNT}`)
      const data = join(folder, `data-${figures.length}-${round}`)
      const place = ['--data', data, '--database', 'db', '--entity', 'p', '--identity', 'id']
      runs.push(await watchVarve(['import', path, ...place, ...flags]))
      await checkCount(data, rowCount)
    }
    const rates = runs.map(({ ms }) => (rowCount * COLUMN_COUNT * 1_000) / ms)
    const peaks = runs.map(({ peakBytes }) => peakBytes / 2 ** 20)
    figures.push(
      {
        name,
        unit: 'datoms/s',
        runs: rates,
        target: { text: `≥ ${perSecondMin}`, isMet: median(rates) >= perSecondMin },
      },
      {
        name: `${name}: peak memory`,
        unit: 'MiB',
        runs: peaks,
        target: { text: `≤ ${PEAK_MIB_MAX}`, isMet: Math.max(...peaks) <= PEAK_MIB_MAX },
      },
    )
  }
  say('beside a reader and a writer')
  const { readerMsMax, writerMsMax, writtenCount } = await importBesideOthers(join(folder, 'beside'), csv)
  note('transactions of the writer beside', writtenCount)
  const longest = (name: string, ms: number, msMax: number): Figure => ({
    name,
    unit: 'ms',
    runs: [ms],
    target: { text: `≤ ${msMax}`, isMet: ms <= msMax },
  })
  return [
    ...figures,
    longest('longest pause of a reader in the process', readerMsMax, READER_MS_MAX),
    longest('longest stall of a writer in the process', writerMsMax, WRITER_MS_MAX),
  ]
}

async function toParquet(csv: string, parquet: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' })
  const connection = await instance.connect()
  await connection.run(`copy (select * from read_csv('${csv}')) to '${parquet}' (format parquet)`)
  connection.closeSync()
  instance.closeSync()
}

/** Every row is there, once, and indexed. */
async function checkCount(folder: string, rowCount: number): Promise<void> {
  const varve = await connectLocal(`file:${folder}`, { readOnly: true })
  const { facts, schema } = (await varve.catalog.connection('db')).value()
  let count = 0
  for (const { v } of facts.match(undefined, schema.attributeNamed(keyword('p/id'))!.id, undefined))
    if (v) count++
  await varve.close()
  if (count !== rowCount) throw new Error(`${count} rows of ${rowCount} are there`)
}
