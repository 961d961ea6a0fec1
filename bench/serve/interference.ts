// What readers cost the writer: its commits beside clients at a fixed rate that leaves 30 % of the processor idle, and
// alone, while the service is stopped and reads nothing at all; in pairs, of which every second one begins alone.
// Three times: with everybody on whatever core is free; the same while the writer's thread goes before all others, where the
// machine lets us (Linux: of the real-time class); and with the last core left to the writer, beside clients as well as alone,
// and the others to readers. Beside each stands what a bare write and sync takes in the same place, which is what the machine
// itself does to whoever waits for a disk.
//
// That the writer never waits for a reader is known by what there is to wait for: the service holds no file of the data
// that it could write, neither a lock nor a message goes from it to the writer, and it goes on reading files that the
// writer has removed. What both wait for are cores and the disk.

import { availableParallelism } from 'node:os'
import { type Figure, median, percentile } from '../harness.ts'
import { openFiles } from './processes.ts'
import { type Asked, COMMITS_PER_SECOND, msAt, type PartContext, type World } from './world.ts'

const PAIR_COUNT = 10
const SYNC_PAIR_COUNT = 4
const SECONDS = 6
const CLIENT_COUNT = 16
const BUSY_SHARE = 0.7
const CALIBRATION_COUNT = 8
const P50_RATIO_MAX = 1.1
const P99_RATIO_MAX = 1.5
const START_PER_SECOND = 1_000

const CORE_COUNT = availableParallelism()
/** Of cores of their own: with more, questions would wait for each other and not for the writer. */
const READERS_BUSY_SHARE = 0.95

type Place = {
  readonly name: string
  /** Of readers. */
  readonly coreCount: number
  readonly readers: string
  readonly writer: string
  readonly isWriterFirst: boolean
}
const ALL = `0-${CORE_COUNT - 1}`
const OWN_COUNT = Math.max(1, CORE_COUNT - 1)
const PLACES: readonly Place[] = [
  { name: 'on all cores', coreCount: CORE_COUNT, readers: ALL, writer: ALL, isWriterFirst: false },
  { name: 'behind the writer', coreCount: CORE_COUNT, readers: ALL, writer: ALL, isWriterFirst: true },
  {
    name: 'on cores of their own',
    coreCount: OWN_COUNT,
    readers: `0-${OWN_COUNT - 1}`,
    writer: String(CORE_COUNT - 1),
    isWriterFirst: false,
  },
]

/** Waits of what the writer does, of each run. */
type Waits = { readonly beside: Float64Array[]; readonly alone: Float64Array[] }
type Writing = (ms: number) => Promise<Float64Array>

export async function interference(world: World, context: PartContext): Promise<readonly Figure[]> {
  await world.serve(true)
  const figures: Figure[] = []
  for (const place of PLACES) {
    world.hold(place.readers, place.writer)
    if (world.letWriterGoFirst(place.isWriterFirst)) {
      figures.push(...(await interferenceAt(world, place, context)))
    } else {
      context.say(`readers ${place.name}: not measured, since this machine lets us put no thread first`)
    }
  }
  world.hold(ALL, ALL)
  world.letWriterGoFirst(false)
  return figures
}

async function interferenceAt(
  world: World,
  { name, coreCount }: Place,
  { scale, say, note }: PartContext,
): Promise<readonly Figure[]> {
  const ms = msAt(scale, SECONDS)
  const asked: Asked = { mix: 'both', clientCount: CLIENT_COUNT, ms, deadlineMs: Infinity }
  const perSecond = await calibrated(world, asked, coreCount)
  note(`readers ${name}: questions a second`, Math.round(perSecond))
  const idle: number[] = []
  const inPairs = async (count: number, writing: Writing): Promise<Waits> => {
    const waits: Waits = { beside: [], alone: [] }
    const beside = async (): Promise<void> => {
      const { commits, idleShare } = await world.ask({ ...asked, perSecond }, writing)
      waits.beside.push(commits)
      idle.push(idleShare * 100)
    }
    const alone = async (): Promise<void> => {
      world.served.pause()
      waits.alone.push(await writing(ms))
      world.served.goOn()
    }
    for (let pair = 0; pair < count; pair++)
      for (const run of pair % 2 === 0 ? [beside, alone] : [alone, beside]) await run()
    return waits
  }
  const commits = await inPairs(PAIR_COUNT, (each) => world.commit(each))
  say(`readers ${name}: commits`)
  const syncs = await inPairs(SYNC_PAIR_COUNT, (each) => world.sync(each))
  say(`readers ${name}: bare syncs`)
  const files = openFiles(world.served.processId, world.data)
  if (files.count === 0) throw new Error('the service has no file of the data open')
  const bounds = { p50: P50_RATIO_MAX, p99: P99_RATIO_MAX }
  return [
    { name: `readers ${name}: idle share of the processor`, unit: '%', runs: idle },
    ...ratios(`readers ${name}: commit`, commits, bounds),
    ...ratios(`readers ${name}: bare write and sync`, syncs),
    {
      name: `readers ${name}: files through which the writer could wait`,
      unit: 'files',
      runs: [files.writableCount],
      target: { text: '0', isMet: files.writableCount === 0 },
    },
  ]
}

const FRACTIONS = { p50: 0.5, p99: 0.99 } as const

function ratios(
  name: string,
  waits: Waits,
  bounds?: { readonly p50: number; readonly p99: number },
): readonly Figure[] {
  return (['p50', 'p99'] as const).flatMap((which): readonly Figure[] => {
    const at = (each: Float64Array): number => percentile(each, FRACTIONS[which])
    const [beside, alone] = [waits.beside.map(at), waits.alone.map(at)]
    const runs = beside.map((ms, pair) => ms / alone[pair]!)
    const max = bounds?.[which]
    return [
      { name: `${name} ${which}, ${COMMITS_PER_SECOND}/s, beside clients`, unit: 'ms', runs: beside },
      { name: `${name} ${which}, ${COMMITS_PER_SECOND}/s, alone`, unit: 'ms', runs: alone },
      {
        name: `${name} ${which}, beside clients to alone`,
        unit: '×',
        runs,
        ...(max !== undefined && { target: { text: `≤ ${max}`, isMet: median(runs) <= max } }),
      },
    ]
  })
}

/**
 * The rate at which our processes together take their share of all cores, and readers no more than theirs of those they are
 * held to: what others do on the machine is not counted.
 */
async function calibrated(world: World, asked: Asked, coreCount: number): Promise<number> {
  let perSecond = START_PER_SECOND
  for (let i = 0; i < CALIBRATION_COUNT; i++) {
    const run = await world.ask({ ...asked, perSecond })
    const readersMs = run.serviceMs + run.clientMs
    const busyShare = (readersMs + run.writerMs) / (run.ms * CORE_COUNT)
    const readersShare = readersMs / (run.ms * coreCount)
    // A step is bounded: processor time for a question falls as more of them come at once.
    perSecond *= Math.min(3, BUSY_SHARE / busyShare, READERS_BUSY_SHARE / readersShare)
  }
  return perSecond
}
