// Points, scans and a mix of both from 1, 16 and 256 clients that ask as fast as they are answered, with the audit and
// without: both in turns, each time by a service that was started anew.

import { type Figure, percentile } from '../harness.ts'
import type { Mix } from './client.ts'
import { type Measured, msAt, type PartContext, type World } from './world.ts'

const ROUND_COUNT = 3
const SECONDS = 4
const CLIENT_COUNTS = [1, 16, 256]
const MIXES: readonly Mix[] = ['point', 'scan', 'both']

type Runs = { readonly name: string; readonly runs: Measured[] }

export async function mixes(world: World, { scale, say }: PartContext): Promise<readonly Figure[]> {
  const measured = new Map<string, Runs>()
  const ms = msAt(scale, SECONDS)
  for (let round = 0; round < ROUND_COUNT; round++) {
    for (const isAudited of round % 2 === 0 ? [true, false] : [false, true]) {
      await world.serve(isAudited)
      for (const mix of MIXES) {
        for (const clientCount of CLIENT_COUNTS) {
          const name = `${mix}, ${clientCount} clients, ${isAudited ? 'audit' : 'no audit'}`
          const runs = measured.get(name) ?? { name, runs: [] }
          measured.set(name, runs)
          runs.runs.push(await world.ask({ mix, clientCount, ms, deadlineMs: Infinity }))
        }
      }
      say(`round ${round + 1}, ${isAudited ? 'audit' : 'no audit'}`)
    }
  }
  return [...measured.values()].flatMap(figuresOf)
}

function figuresOf({ name, runs }: Runs): readonly Figure[] {
  const all = ({ answers }: Measured): Float64Array =>
    Float64Array.of(...answers.points, ...answers.scans).sort()
  const figure = (what: string, unit: string, of: (run: Measured) => number): Figure => ({
    name: `${name}${what}`,
    unit,
    runs: runs.map(of),
  })
  return [
    figure('', '/s', (run) => (all(run).length * 1_000) / run.ms),
    figure(', p50', 'ms', (run) => percentile(all(run), 0.5)),
    figure(', p99', 'ms', (run) => percentile(all(run), 0.99)),
    figure(', refused', 'questions', ({ answers }) => answers.refusedCount),
    figure(', service', 'µs of processor an answer', (run) => (run.serviceMs * 1_000) / all(run).length),
    figure(', clients', 'µs of processor an answer', (run) => (run.clientMs * 1_000) / all(run).length),
  ]
}
