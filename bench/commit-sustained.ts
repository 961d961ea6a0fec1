// Sixty-four callers for a minute without a pause, while what they write is indexed beside them: how long the
// longest of them waited, and how the memory of the process behaved. Millions of datoms, each found again.

import { join } from 'node:path'
import { Acknowledgements, checkAcknowledged, openAccounts, Transfers } from './commit/accounts.ts'
import { runCallers, Waits } from './commit/callers.ts'
import { type BenchContext, type Figure, runBench } from './harness.ts'

const RUN_MS = 60_000
const CALLER_COUNT = 64
const LONGEST_MS_MAX = 250
const WAIT_STEPS_MS = [1, 2, 5, 10, 20, 50, 100, 250, Infinity]
const MEMORY_EVERY_MS = 1_000

await runBench(
  { name: 'commit-sustained', about: '64 callers for a minute over 1 M datoms, indexed beside', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const url = `file:${join(folder, 'data')}`
  const accounts = await openAccounts(url, scale)
  const acknowledgements = new Acknowledgements()
  const transfers = new Transfers(accounts.accountCount, 1)
  const waits = new Waits()
  const residentMiB: number[] = []
  const watch = setInterval(() => residentMiB.push(process.memoryUsage.rss() / 2 ** 20), MEMORY_EVERY_MS)
  await runCallers(
    { accounts, transfers, door: 'data', callerCount: CALLER_COUNT, acknowledgements },
    RUN_MS * Math.min(1, scale),
    waits,
  )
  clearInterval(watch)
  say('closing and looking for what was acknowledged')
  await accounts.varve.close()
  await checkAcknowledged(url, acknowledgements)
  note('acknowledged and found again', acknowledgements.count)
  note('waits', histogramOf(waits.sortedMs))
  note('resident MiB, every tenth of the time', tenthsOf(residentMiB).join(' '))
  const longestMs = waits.sortedMs.at(-1)!
  return [
    { name: 'throughput', unit: '/s', runs: [waits.perSecond] },
    { name: 'p50', unit: 'ms', runs: [waits.p50Ms] },
    { name: 'p99', unit: 'ms', runs: [waits.p99Ms] },
    {
      name: 'longest wait',
      unit: 'ms',
      runs: [longestMs],
      target: { text: `≤ ${LONGEST_MS_MAX}`, isMet: longestMs <= LONGEST_MS_MAX },
    },
    { name: 'resident at most', unit: 'MiB', runs: [Math.max(...residentMiB)] },
  ]
}

function histogramOf(sortedMs: Float64Array): string {
  let from = 0
  const parts = WAIT_STEPS_MS.map((stepMs) => {
    let limit = from
    while (limit < sortedMs.length && sortedMs[limit]! <= stepMs) limit++
    const part = `≤ ${stepMs} ms ${limit - from}`
    from = limit
    return part
  })
  return parts.join(', ')
}

function tenthsOf(samples: readonly number[]): readonly number[] {
  const tenths = Array.from({ length: 10 }, (_, tenth) => samples[Math.floor((samples.length * tenth) / 10)])
  return [...tenths, samples.at(-1)].map((sample) => Math.round(sample ?? 0))
}
