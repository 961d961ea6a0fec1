// Goodput under overload: point questions at three times the rate at which as many clients as it takes saturate the
// service, from so many clients that there is nearly always one to ask. An answer counts that comes within its deadline,
// from the moment at which its question was due.

import { type Figure, median } from '../harness.ts'
import { type Measured, msAt, type PartContext, type World } from './world.ts'

const ROUND_COUNT = 3
const SECONDS = 8
const DEADLINE_MS = 500
const SATURATING_CLIENT_COUNT = 64
const CLIENT_COUNT = 4_096
const OVERLOAD = 3
const GOODPUT_SHARE_MIN = 0.8

export async function overload(world: World, { scale, say, note }: PartContext): Promise<readonly Figure[]> {
  await world.serve(true)
  note('overload: deadline in ms', DEADLINE_MS)
  const ms = msAt(scale, SECONDS)
  const [saturated, overloaded]: [Measured[], Measured[]] = [[], []]
  for (let round = 0; round < ROUND_COUNT; round++) {
    const base = { mix: 'point', ms, deadlineMs: DEADLINE_MS } as const
    const full = await world.ask({ ...base, clientCount: SATURATING_CLIENT_COUNT })
    const perSecond = OVERLOAD * goodputOf(full)
    saturated.push(full)
    overloaded.push(await world.ask({ ...base, clientCount: CLIENT_COUNT, perSecond }))
    say(`round ${round + 1}`)
  }
  const shares = overloaded.map((run, round) => goodputOf(run) / goodputOf(saturated[round]!))
  const per = (of: (run: Measured) => number): readonly number[] =>
    overloaded.map((run) => (of(run) * 1_000) / run.ms)
  return [
    {
      name: `saturated, ${SATURATING_CLIENT_COUNT} clients, in time`,
      unit: '/s',
      runs: saturated.map(goodputOf),
    },
    { name: 'three times as much asked, in time', unit: '/s', runs: overloaded.map(goodputOf) },
    {
      name: 'three times as much asked, answered late',
      unit: '/s',
      runs: per(({ answers }) => answers.points.length - answers.inTimeCount),
    },
    {
      name: 'three times as much asked, refused',
      unit: '/s',
      runs: per(({ answers }) => answers.refusedCount),
    },
    {
      name: 'three times as much asked, no client free',
      unit: '/s',
      runs: per(({ answers }) => answers.unaskedCount),
    },
    {
      name: 'goodput at three times the load',
      unit: '× the saturated',
      runs: shares,
      target: { text: `≥ ${GOODPUT_SHARE_MIN}`, isMet: median(shares) >= GOODPUT_SHARE_MIN },
    },
  ]
}

/** Answers in time, a second. */
function goodputOf({ answers, ms }: Measured): number {
  return (answers.inTimeCount * 1_000) / ms
}
