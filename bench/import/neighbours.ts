// Who else is in the process while it imports: one who asks for an entity again and again, and one who writes to the same
// database. The longest that each of them waited is what they felt of the import.

import { LocalSession } from '../../src/cli/local-session.ts'
import { SessionTarget } from '../../src/cli/import-target.ts'
import { connectLocal } from '../../src/api/connect.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { CsvSource } from '../../src/etl/csv-source.ts'
import { RowConverter } from '../../src/etl/convert-rows.ts'
import { planImport } from '../../src/etl/import-plan.ts'
import { Import } from '../../src/etl/import-rows.ts'
import { surveyRows } from '../../src/etl/survey.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { EdnMap, keyword } from '../../src/fact/value.ts'

const PAUSE_MS = 2
const SCHEMA = readEdn(
  '[{:db/ident :clock/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity} {:db/ident :clock/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]',
).value

export type Neighbours = {
  readonly readerMsMax: number
  readonly writerMsMax: number
  readonly writtenCount: number
}

export async function importBesideOthers(folder: string, path: string): Promise<Neighbours> {
  const env = nodeEnv()
  const varve = await connectLocal(`file:${folder}`)
  await using session = new LocalSession(varve)
  await varve.catalog.create('db', { schema: SCHEMA })
  const writer = await varve.catalog.writer('db')
  const source = await CsvSource.open(env, path, { encoding: 'utf-8', hasHeader: true })
  const { inferred } = await surveyRows(source, undefined, () => undefined)
  const options = { identity: ['id'], columns: new Map() }
  const plan = planImport({ columns: source.columns, inferred, options, entity: 'p', known: new Map() })
  let isDone = false
  const longest = { reader: 0, writer: 0 }
  let writtenCount = 0
  const clockId = writer.value().schema.attributeNamed(keyword('clock/id'))!.id
  const reading = (async () => {
    while (!isDone) {
      const startMs = performance.now()
      await env.timers.sleep(PAUSE_MS)
      for (const { e } of writer.value().facts.match(undefined, clockId, 'clock')) void e
      longest.reader = Math.max(longest.reader, performance.now() - startMs - PAUSE_MS)
    }
  })()
  const writing = (async () => {
    while (!isDone) {
      const startMs = performance.now()
      const clock = new EdnMap([
        [keyword('clock/id'), 'clock'],
        [keyword('clock/n'), writtenCount++],
      ])
      await writer.transact({ tx: [clock] })
      longest.writer = Math.max(longest.writer, performance.now() - startMs)
      await env.timers.sleep(PAUSE_MS)
    }
  })()
  await new Import({
    id: path,
    file: path,
    plan,
    target: new SessionTarget(session, 'db'),
    converter: new RowConverter(plan, source, env.clock.nowMs()),
    rows: source.rows(),
    firstMs: undefined,
    onReject: (reject) => {
      throw new Error(reject.message)
    },
    onProgress: () => undefined,
  }).run()
  isDone = true
  await Promise.all([reading, writing])
  return { readerMsMax: longest.reader, writerMsMax: longest.writer, writtenCount }
}
