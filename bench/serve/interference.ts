// What readers cost the writer: its commits beside clients at a fixed rate that leaves 30 % of the processor idle, and
// alone, while the service is stopped and reads nothing at all; in pairs, of which every second one begins alone.
//
// That the writer never waits for a reader is known by what there is to wait for: the service holds no file of the data
// that it could write, neither a lock nor a message goes from it to the writer, and it goes on reading files that the
// writer has removed.

import { type Figure, median, percentile } from '../harness.ts'
import { openFiles } from './processes.ts'
import { type Asked, COMMITS_PER_SECOND, msAt, type PartContext, type World } from './world.ts'
import { availableParallelism } from 'node:os'

const PAIR_COUNT = 10
const SECONDS = 10
const CLIENT_COUNT = 16
const BUSY_SHARE = 0.7
const CALIBRATION_COUNT = 3
const P50_RATIO_MAX = 1.1
const P99_RATIO_MAX = 1.5
const START_PER_SECOND = 1_000

export async function interference(
  world: World,
  { scale, say, note }: PartContext,
): Promise<readonly Figure[]> {
  await world.serve(true)
  const ms = msAt(scale, SECONDS)
  const asked: Asked = { mix: 'both', clientCount: CLIENT_COUNT, ms, deadlineMs: Infinity }
  const perSecond = await calibrated(world, asked)
  note('interference: questions a second', Math.round(perSecond))
  const [withReaders, alone, idle]: [Float64Array[], Float64Array[], number[]] = [[], [], []]
  const beside = async (): Promise<void> => {
    const { commits, idleShare } = await world.ask({ ...asked, perSecond })
    withReaders.push(commits)
    idle.push(idleShare * 100)
  }
  const solo = async (): Promise<void> => {
    world.served.pause()
    alone.push(await world.commit(ms))
    world.served.goOn()
  }
  let writableCount = 0
  for (let pair = 0; pair < PAIR_COUNT; pair++) {
    for (const run of pair % 2 === 0 ? [beside, solo] : [solo, beside]) await run()
    const files = openFiles(world.served.processId, world.data)
    if (files.count === 0) throw new Error('the service has no file of the data open')
    writableCount = Math.max(writableCount, files.writableCount)
    say(`pair ${pair + 1}`)
  }
  return [
    { name: 'idle share of the processor, beside clients', unit: '%', runs: idle },
    ...ratios('p50', 0.5, P50_RATIO_MAX, { withReaders, alone }),
    ...ratios('p99', 0.99, P99_RATIO_MAX, { withReaders, alone }),
    {
      name: 'files through which the writer could wait',
      unit: 'files',
      runs: [writableCount],
      target: { text: '0', isMet: writableCount === 0 },
    },
  ]
}

type Commits = { readonly withReaders: readonly Float64Array[]; readonly alone: readonly Float64Array[] }

function ratios(name: string, fraction: number, max: number, commits: Commits): readonly Figure[] {
  const beside = commits.withReaders.map((waits) => percentile(waits, fraction))
  const alone = commits.alone.map((waits) => percentile(waits, fraction))
  const runs = beside.map((ms, pair) => ms / alone[pair]!)
  return [
    { name: `commit ${name}, ${COMMITS_PER_SECOND}/s, beside clients`, unit: 'ms', runs: beside },
    { name: `commit ${name}, ${COMMITS_PER_SECOND}/s, alone`, unit: 'ms', runs: alone },
    {
      name: `commit ${name}, beside clients to alone`,
      unit: '×',
      runs,
      target: { text: `≤ ${max}`, isMet: median(runs) <= max },
    },
  ]
}

/** The rate at which our processes together take their share of all cores: what others do on the machine is not counted. */
async function calibrated(world: World, asked: Asked): Promise<number> {
  let perSecond = START_PER_SECOND
  for (let i = 0; i < CALIBRATION_COUNT; i++) {
    const run = await world.ask({ ...asked, perSecond })
    const busyShare = (run.serviceMs + run.clientMs + run.writerMs) / (run.ms * availableParallelism())
    // A step is bounded: processor time for a question falls as more of them come at once.
    perSecond *= Math.min(3, BUSY_SHARE / busyShare)
  }
  return perSecond
}
