// The process that `bench/open.ts` starts: opens a folder, pulls one order by its number, and says how long that took
// from `connect` on and how many bytes were read, of segments (footers and pages) and of everything else.

import { connectLocal } from '../../src/api/connect.ts'
import type { Env } from '../../src/base/env.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { type EdnMap, Keyword } from '../../src/fact/value.ts'
import { pullEntity } from '../../src/query/pull.ts'

const [folder = '', number = '', who = ''] = process.argv.slice(2)
let segmentBytes = 0
const env = countingSegments(nodeEnv())
const fromMs = performance.now()
const varve = await connectLocal(`file:${folder}`, { env, readOnly: who === 'reader' })
const value = (await varve.catalog.connection('orders')).value()
const pattern = readEdn('[:order/number :order/customer :order/status :order/cents]').value
const { result } = await pullEntity(value, pattern, readEdn(`[:order/number ${number}]`).value)
const ms = performance.now() - fromMs
const otherBytes = env.files.counts.readBytes - segmentBytes
const of = (name: string) => (result as EdnMap).get(Keyword.of(`order/${name}`))
console.log(JSON.stringify({ ms, segmentBytes, otherBytes, number: of('number'), customer: of('customer') }))
await varve.close()

function countingSegments(env: Env): Env {
  const open: Env['files']['open'] = (path, mode) => {
    const file = env.files.open(path, mode)
    if (!path.endsWith('.parquet')) return file
    const { read } = file
    return Object.assign(file, {
      read(position: number, target: Uint8Array): number {
        const byteCount = read.call(file, position, target)
        segmentBytes += byteCount
        return byteCount
      },
    })
  }
  return { ...env, files: { ...env.files, open } }
}
