// `npm run torture -- --minutes N`: goes on where the last run stopped, always with the tiers that are furthest behind,
// and adds up. The sums are kept outside of the checkout; `--fresh` begins anew, `--tier NAME` runs those named, `--workers N`
// says how many tiers run at a time (as many as there are cores, if it does not say).

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { assert } from '../../src/base/assert.ts'
import type { WorkerThread } from '../../src/base/env.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import type { SliceOrder } from './slice-worker.ts'
import { addSlice, brokenGuards, NOTHING, showSum, type Slice, type Sum, type Tier, TIERS } from './tiers.ts'

type State = {
  readonly begun: string
  readonly seconds: number
  readonly sums: Readonly<Record<string, Sum>>
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    fresh: { type: 'boolean', default: false },
    tier: { type: 'string', multiple: true },
    workers: { type: 'string', default: String(availableParallelism()) },
  },
})
const { processes } = nodeEnv()
const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-test')
const path = join(folder, 'torture.json')

async function torture(): Promise<number> {
  const tiers = TIERS.filter(({ name }) => values.tier === undefined || values.tier.includes(name))
  const minutes = Number(values.minutes)
  const workerCount = Math.min(Number(values.workers), tiers.length)
  if (tiers.length === 0 || !(minutes > 0) || !(workerCount > 0)) {
    const names = TIERS.map(({ name }) => name).join(', ')
    process.stderr.write(`give --minutes N, --workers N and one of ${names} as --tier\n`)
    return 2
  }
  const run = new Run(tiers, Date.now() + minutes * 60_000)
  await Promise.all(Array.from({ length: workerCount }, () => run.work()))
  return Math.max(report(run.state, run.hasFailed), Number(run.hasFailed))
}

/** Workers that take one slice after another, no two of the same tier at a time. A tier that fails is left, the others go on. */
class Run {
  state = values.fresh ? freshState() : readState()
  readonly #tiers: Set<Tier>
  readonly #deadlineMs: number
  readonly #running = new Set<Tier>()
  readonly #failed = new Set<Tier>()

  constructor(tiers: readonly Tier[], deadlineMs: number) {
    this.#tiers = new Set(tiers)
    this.#deadlineMs = deadlineMs
  }

  get hasFailed(): boolean {
    return this.#failed.size > 0
  }

  async work(): Promise<void> {
    while (this.#next() !== undefined) await this.#workInOneThread()
  }

  /** Until a slice fails, and with it the thread. */
  async #workInOneThread(): Promise<void> {
    await using worker = processes.startWorker(new URL('slice-worker.ts', import.meta.url), {
      name: 'torture',
    })
    for (let tier = this.#next(); tier !== undefined; tier = this.#next()) {
      this.#running.add(tier)
      const isDone = await this.#slice(worker, tier)
      this.#running.delete(tier)
      if (!isDone) return
    }
  }

  #next(): Tier | undefined {
    if (Date.now() >= this.#deadlineMs) return undefined
    const free = [...this.#tiers].filter((tier) => !this.#running.has(tier))
    return furthestBehind(free, this.state)
  }

  /** True if the slice was done and added; its failure is reported. */
  async #slice(worker: WorkerThread, tier: Tier): Promise<boolean> {
    const { slices } = this.state.sums[tier.name] ?? NOTHING
    const startMs = Date.now()
    try {
      const slice = await sliceOf(worker, { tier: tier.name, number: slices })
      const { seconds, sums } = this.state
      const sum = addSlice(sums[tier.name] ?? NOTHING, slice)
      this.state = {
        ...this.state,
        seconds: seconds + (Date.now() - startMs) / 1000,
        sums: { ...sums, [tier.name]: sum },
      }
      writeState(this.state)
      return true
    } catch (error) {
      this.#failed.add(tier)
      this.#tiers.delete(tier)
      process.stderr.write(`${tier.name}, slice ${slices}: ${(error as Error).stack}\n`)
      return false
    }
  }
}

async function sliceOf(worker: WorkerThread, order: SliceOrder): Promise<Slice> {
  const made = new Promise<Slice>((resolve) => worker.onMessage((slice) => resolve(slice as Slice)))
  worker.post(order)
  const slice = await Promise.race([made, worker.ended])
  assert(slice !== undefined, 'a worker ends when it is told to')
  return slice
}

function furthestBehind(tiers: readonly Tier[], { sums }: State): Tier | undefined {
  const share = ({ name, target }: Tier): number => (sums[name]?.done ?? 0) / target
  return [...tiers].sort((x, y) => share(x) - share(y))[0]
}

function report({ begun, seconds, sums }: State, hasFailed: boolean): number {
  process.stdout.write(`Since ${begun}, ${(seconds / 60).toFixed(1)} minutes of work\n`)
  let isVacuous = false
  for (const tier of TIERS) {
    const sum = sums[tier.name] ?? NOTHING
    process.stdout.write(`${showSum(tier, sum)}\n`)
    for (const guard of brokenGuards(tier, sum)) {
      isVacuous = true
      process.stdout.write(`  proves too little: ${guard}\n`)
    }
  }
  if (!hasFailed) process.stdout.write('Lost acknowledged writes 0, invented facts 0, wrong answers 0\n')
  return isVacuous ? 1 : 0
}

function freshState(): State {
  return { begun: new Date().toISOString(), seconds: 0, sums: {} }
}

function readState(): State {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as State
  } catch {
    return freshState()
  }
}

function writeState(state: State): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(state, undefined, 2)}\n`)
  renameSync(`${path}.new`, path)
}

process.exitCode = await torture()
