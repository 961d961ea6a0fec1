// A hundredth of some tiers, as tests. They stand in two files, so that two cores share them.

import { expect, it } from 'vitest'
import { addSlice, brokenGuards, NOTHING, showSum, TIERS } from './tiers.ts'

export function quickTiers(...names: readonly string[]): void {
  const tiers = names.map((name) => [name, TIERS.find((tier) => tier.name === name)!] as const)
  it.each(tiers)('a hundredth of the %s', { timeout: 900_000 }, async (_name, tier) => {
    let sum = NOTHING
    while (sum.done < tier.target / 100) sum = addSlice(sum, await tier.slice(sum.slices))
    process.stdout.write(`${showSum(tier, sum)}\n`)
    expect(brokenGuards(tier, sum)).toEqual([])
  })
}
