// Points at a steady rate beside three times as many scans as the service can answer: what is left of the points' speed. The
// scans that can be answered are found first, by clients that ask one after another.

import { type Figure, median, percentile } from '../harness.ts'
import type { Answers } from './client.ts'
import { msAt, type PartContext, type World } from './world.ts'

const ROUND_COUNT = 3
const SECONDS = 6
const POINTS_PER_SECOND = 300
const POINT_CLIENT_COUNT = 64
const SATURATING_CLIENT_COUNT = 16
const SCAN_CLIENT_COUNT = 512
const OVERLOAD = 3
/** Of a point; an answer that comes later is of no use any more. */
const DEADLINE_MS = 500
const GOODPUT_SHARE_MIN = 0.8

type Runs = { readonly alone: Answers[]; readonly beside: Answers[]; readonly scans: Answers[] }

export async function classes(world: World, { scale, say, note }: PartContext): Promise<readonly Figure[]> {
  await world.serve(true)
  const ms = msAt(scale, SECONDS)
  const points = {
    mix: 'point',
    clientCount: POINT_CLIENT_COUNT,
    perSecond: POINTS_PER_SECOND,
    ms,
    deadlineMs: DEADLINE_MS,
  } as const
  const scan = { mix: 'scan', ms, deadlineMs: Infinity } as const
  note('classes: points a second', POINTS_PER_SECOND)
  const runs: Runs = { alone: [], beside: [], scans: [] }
  const asked: number[] = []
  for (let round = 0; round < ROUND_COUNT; round++) {
    runs.alone.push((await world.ask(points)).answers)
    const full = (await world.ask({ ...scan, clientCount: SATURATING_CLIENT_COUNT })).answers
    const perSecond = (OVERLOAD * full.scans.length * 1_000) / full.ms
    asked.push(perSecond)
    const both = await world.askBoth(points, { ...scan, clientCount: SCAN_CLIENT_COUNT, perSecond })
    runs.beside.push(both.points)
    runs.scans.push(both.scans)
    say(`round ${round + 1}`)
  }
  return figuresOf(runs, asked)
}

function figuresOf({ alone, beside, scans }: Runs, asked: readonly number[]): readonly Figure[] {
  const of = (all: readonly Answers[], name: string): readonly Figure[] => [
    { name: `points ${name}, p50`, unit: 'ms', runs: all.map(({ points }) => percentile(points, 0.5)) },
    { name: `points ${name}, p99`, unit: 'ms', runs: all.map(({ points }) => percentile(points, 0.99)) },
    { name: `points ${name}, in time`, unit: '/s', runs: all.map(goodputOf) },
    { name: `points ${name}, refused`, unit: 'questions', runs: all.map(({ refusedCount }) => refusedCount) },
  ]
  const shares = beside.map((run, round) => goodputOf(run) / goodputOf(alone[round]!))
  return [
    ...of(alone, 'alone'),
    ...of(beside, 'beside too many scans'),
    {
      name: 'points in time beside too many scans',
      unit: '× those alone',
      runs: shares,
      target: { text: `≥ ${GOODPUT_SHARE_MIN}`, isMet: median(shares) >= GOODPUT_SHARE_MIN },
    },
    { name: 'scans asked', unit: '/s', runs: asked },
    { name: 'scans answered', unit: '/s', runs: scans.map((run) => (run.scans.length * 1_000) / run.ms) },
    {
      name: 'scans refused, or no client free',
      unit: '/s',
      runs: scans.map((run) => ((run.refusedCount + run.unaskedCount) * 1_000) / run.ms),
    },
  ]
}

function goodputOf({ inTimeCount, ms }: Answers): number {
  return (inTimeCount * 1_000) / ms
}
