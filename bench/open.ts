// From `connect` to the first answer in a new process whose page cache was dropped: a pull by identity, over ten
// million datoms of which 64 thousand are not indexed yet. Once as the writer, once as a reader. Bytes read are
// counted by the process's own `Env`.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRoot } from '../src/index/root.ts'
import { DATOM_COUNT, Orders } from './disk/orders.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'

const RUN_COUNT = 7
const NOT_INDEXED_COUNT = 64_000
const DROP_CACHES = '/proc/sys/vm/drop_caches'

/** What a process says that opened the folder. */
export type Opened = {
  readonly ms: number
  /** Footers and pages that were touched. */
  readonly segmentBytes: number
  readonly otherBytes: number
  readonly number: number
  readonly customer: string
}

await runBench(
  { name: 'open', about: 'connect to 10 M datoms, 64 k of them not indexed, and pull by identity', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const data = join(folder, 'data')
  const orders = await Orders.create(data)
  await orders.append(DATOM_COUNT * scale)
  await orders.index()
  await orders.append(NOT_INDEXED_COUNT)
  await orders[Symbol.asyncDispose]()
  say('written and indexed')
  const { root } = (await readRoot(orders.storage.blobs))!
  note('datoms', orders.datomCount)
  note('segments', root.segments.length)
  note(
    'bytes of all segments',
    root.segments.reduce((sum, { byteCount }) => sum + byteCount, 0),
  )
  note('page cache', dropCaches() ? 'dropped before every run' : 'not dropped: this needs root on Linux')
  const asReader = await openRepeatedly(data, orders, 'reader')
  const asWriter = await openRepeatedly(data, orders, 'writer')
  return [...figures('reader', asReader), ...figures('writer', asWriter)]
}

function figures(who: string, opened: readonly Opened[]): readonly Figure[] {
  const runs = opened.map(({ ms }) => ms)
  const others = opened.map(({ otherBytes }) => otherBytes / 2 ** 20)
  return [
    {
      name: `first answer, as ${who}`,
      unit: 'ms',
      runs,
      target: { text: '≤ 300', isMet: median(runs) <= 300 },
    },
    {
      name: `footers and pages read, as ${who}`,
      unit: 'MiB',
      runs: opened.map(({ segmentBytes }) => segmentBytes / 2 ** 20),
    },
    {
      name: `other bytes read, as ${who}`,
      unit: 'MiB',
      runs: others,
      target: { text: '≤ 1', isMet: median(others) <= 1 },
    },
  ]
}

async function openRepeatedly(data: string, orders: Orders, who: string): Promise<readonly Opened[]> {
  const all: Opened[] = []
  for (let run = 0; run < RUN_COUNT; run++) {
    // One of the first half, one among the youngest, not indexed yet: both must be found.
    const index =
      run % 2 === 0 ? Math.floor((orders.orderCount * (run + 1)) / 20) : orders.orderCount - 1 - run
    dropCaches()
    const opened = await openOnce(data, 1_000_000 + index, who)
    if (opened.number !== 1_000_000 + index || !opened.customer.startsWith('Customer '))
      throw new Error(`the pull found ${JSON.stringify(opened)}`)
    all.push(opened)
  }
  return all
}

async function openOnce(data: string, number: number, who: string): Promise<Opened> {
  const program = join(import.meta.dirname, 'disk/open-once.ts')
  const child = spawn(process.execPath, [program, data, String(number), who], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const out: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0) throw new Error(`the process that opened the folder ended with ${code}`)
  return JSON.parse(out.join('')) as Opened
}

function dropCaches(): boolean {
  if (!existsSync(DROP_CACHES)) return false
  try {
    // Pages, and what the kernel knows of names and files.
    writeFileSync(DROP_CACHES, '3')
    return true
  } catch {
    return false
  }
}
