// Everything at once, for five minutes: two hundred durable transactions and two thousand point questions a second, each
// at its own moment whether or not those before were answered, and one scan after another. Waits are counted from
// the moment at which something was due. Every acknowledged transaction is found again at the end.

import { join } from 'node:path'
import { checkAcknowledged, openAccounts } from './commit/accounts.ts'
import { type BenchContext, type Figure, median, percentile, runBench } from './harness.ts'
import { Load, type Waits } from './mixed/load.ts'

const RUN_SECONDS = 300
const WARM_UP_SECONDS = 10
const POINT_P99_MS_MAX = 10
const COMMIT_P99_MS_MAX = 20
/** From the second fifth of the run to the last. */
const MEMORY_GROWTH_MAX = 0.1

await runBench(
  { name: 'mixed', about: '200 transactions/s, 2,000 point questions/s and one scan after another', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const url = `file:${join(folder, 'data')}`
  const accounts = await openAccounts(url, scale)
  note('accounts', accounts.accountCount)
  const load = new Load(accounts)
  await load.run(WARM_UP_SECONDS)
  say('warm')
  const seconds = Math.max(10, Math.round(RUN_SECONDS * Math.min(1, scale)))
  const { waits, memoryMiB } = await load.run(seconds)
  note('seconds', seconds)
  await accounts.varve.close()
  await checkAcknowledged(url, load.acknowledgements)
  note('transactions acknowledged and found again', load.acknowledgements.count)
  note('questions refused, since too many waited', waits.refusedCount)
  return figuresOf(waits, memoryMiB)
}

function figuresOf({ points, commits, scans }: Waits, memoryMiB: readonly number[]): readonly Figure[] {
  const sorted = (waits: readonly number[]): Float64Array => Float64Array.from(waits).sort()
  const [point, commit] = [sorted(points), sorted(commits)]
  const pointP99 = percentile(point, 0.99)
  const commitP99 = percentile(commit, 0.99)
  const fifth = Math.floor(memoryMiB.length / 5)
  const [early, late] = [median(memoryMiB.slice(fifth, 2 * fifth)), median(memoryMiB.slice(-fifth))]
  const growth = late / early - 1
  return [
    {
      name: 'point, p50',
      unit: `ms, ${point.length.toLocaleString('en')} questions`,
      runs: [percentile(point, 0.5)],
    },
    {
      name: 'point, p99',
      unit: 'ms',
      runs: [pointP99],
      target: { text: `≤ ${POINT_P99_MS_MAX}`, isMet: pointP99 <= POINT_P99_MS_MAX },
    },
    { name: 'point, longest', unit: 'ms', runs: [point.at(-1)!] },
    {
      name: 'commit, p50',
      unit: `ms, ${commit.length.toLocaleString('en')} transactions`,
      runs: [percentile(commit, 0.5)],
    },
    {
      name: 'commit, p99',
      unit: 'ms',
      runs: [commitP99],
      target: { text: `≤ ${COMMIT_P99_MS_MAX}`, isMet: commitP99 <= COMMIT_P99_MS_MAX },
    },
    { name: 'commit, longest', unit: 'ms', runs: [commit.at(-1)!] },
    { name: 'scan', unit: 'ms', runs: scans },
    {
      name: 'resident memory, each second',
      unit: 'MiB',
      runs: memoryMiB,
      target: {
        text: `${(growth * 100).toFixed(1)} % from the second fifth to the last, ≤ ${MEMORY_GROWTH_MAX * 100} %`,
        isMet: growth <= MEMORY_GROWTH_MAX,
      },
    },
  ]
}
