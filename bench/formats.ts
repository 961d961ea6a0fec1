// One answer of a million rows and five columns, as the native engine gives it, written in every format; and its hash. Every
// written answer has as many rows as the data, and the same hash.

import { join } from 'node:path'
import { gzipSync, zstdCompressSync, constants } from 'node:zlib'
import { nodeEnv } from '../src/base/env-node.ts'
import { NEVER_ENDS } from '../src/base/batches.ts'
import { Catalog } from '../src/database/catalog.ts'
import { createEngine } from '../src/engine/create.ts'
import { ask, ASK_LIMITS } from '../src/query/ask.ts'
import { atMoment, momentSources } from '../src/query/moment.ts'
import { resultHash } from '../src/query/result-hash.ts'
import { InThreadRunner } from '../src/query/run-here.ts'
import { FORMATS, writeAnswer, type WrittenAnswer } from '../src/query/written.ts'
import { type BenchContext, type Figure, runBench, timed } from './harness.ts'
import { makePeople } from './people/people.ts'
import { storePeople } from './people/stored.ts'

const PEOPLE_COUNT = 1_000_000
const RUN_COUNT = 5
const QUERY = `[:find ?e ?name ?last ?sex ?salary :where
  [?e :person/name ?name] [?e :person/last-name ?last] [?e :person/sex ?sex] [?e :person/salary ?salary]]`

await runBench(
  { name: 'formats', about: 'a large answer in every format, and its hash', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const people = makePeople(Math.round(PEOPLE_COUNT * scale))
  const data = join(folder, 'data')
  await storePeople(people, data)
  const env = nodeEnv()
  await using catalog = await Catalog.openFolder(env, data, { isReadOnly: true })
  const request = {
    query: QUERY,
    args: [],
    database: await atMoment(catalog, 'people', {}),
    sourceNamed: momentSources(catalog, {}),
  }
  const { query, answer } = await ask(request, new InThreadRunner(createEngine(env), env.clock), ASK_LIMITS)
  note('rows', answer.rows.length)
  note('columns', answer.columns.map(({ type }) => type).join(', '))
  const hashes: number[] = []
  let hash = ''
  for (let i = 0; i < RUN_COUNT; i++) {
    const { ms, result } = await timed(() => resultHash(query, answer))
    hashes.push(ms)
    hash = result
  }
  const figures: Figure[] = [{ name: 'hash', unit: 'ms', runs: hashes }]
  for (const format of FORMATS) {
    say(format)
    const options = { format, engine: 'native', bytesMax: Infinity, check: NEVER_ENDS } as const
    const runs: number[] = []
    let written: WrittenAnswer | undefined
    for (let i = 0; i < RUN_COUNT; i++) {
      const { ms, result } = await timed(() => writeAnswer(query, answer, options))
      runs.push(ms)
      written = result
      if (result.resultHash !== hash || result.rowCount !== people.count)
        throw new Error(`${format} is another answer`)
    }
    const bytes = Buffer.concat(written!.pieces)
    note(`${format}, MB`, megabytes(bytes))
    note(
      `${format}, MB as gzip 1 and zstd 1`,
      `${megabytes(gzipSync(bytes, { level: 1 }))}, ${megabytes(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }))}`,
    )
    figures.push({ name: `${format} with its hash`, unit: 'ms', runs })
  }
  return figures
}

function megabytes({ byteLength }: Uint8Array): string {
  return (byteLength / 1e6).toFixed(1)
}
