// `npm run torture -- --minutes N`: goes on where the last run stopped, always with the tier that is furthest behind,
// and adds up. The sums are kept outside of the checkout; `--fresh` begins anew, `--tier NAME` runs one.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { addSlice, brokenGuards, NOTHING, showSum, type Sum, type Tier, TIERS } from './tiers.ts'

type State = {
  readonly begun: string
  readonly seconds: number
  readonly sums: Readonly<Record<string, Sum>>
}

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    fresh: { type: 'boolean', default: false },
    tier: { type: 'string' },
  },
})
const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-test')
const path = join(folder, 'torture.json')

process.exitCode = await torture()

async function torture(): Promise<number> {
  const tiers = TIERS.filter(({ name }) => values.tier === undefined || name === values.tier)
  const minutes = Number(values.minutes)
  if (tiers.length === 0 || !(minutes > 0)) {
    process.stderr.write(`give --minutes N and one of ${TIERS.map(({ name }) => name).join(', ')}\n`)
    return 2
  }
  let state = values.fresh ? freshState() : readState()
  const deadlineMs = Date.now() + minutes * 60_000
  while (Date.now() < deadlineMs) {
    const tier = furthestBehind(tiers, state)
    const before = state.sums[tier.name] ?? NOTHING
    const startMs = Date.now()
    try {
      const sum = addSlice(before, await tier.slice(before.slices))
      const seconds = state.seconds + (Date.now() - startMs) / 1000
      state = { ...state, seconds, sums: { ...state.sums, [tier.name]: sum } }
    } catch (error) {
      process.stderr.write(`${tier.name}, slice ${before.slices}: ${(error as Error).stack}\n`)
      return 1
    }
    writeState(state)
  }
  return report(state)
}

function furthestBehind(tiers: readonly Tier[], { sums }: State): Tier {
  const share = ({ name, target }: Tier): number => (sums[name]?.done ?? 0) / target
  return tiers.reduce((worst, tier) => (share(tier) < share(worst) ? tier : worst))
}

function report({ begun, seconds, sums }: State): number {
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
  process.stdout.write('Lost acknowledged writes 0, invented facts 0, wrong answers 0\n')
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
