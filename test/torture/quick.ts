// A hundredth of some tiers, as tests. They stand in two files, so that two cores share them.

import { expect, it } from 'vitest'
import { addSlice, brokenGuards, showSum, type Sum, TIERS } from './tiers.ts'

export function quickTiers(...names: readonly string[]): void {
  const tiers = names.map((name) => [name, TIERS.find((tier) => tier.name === name)!] as const)
  it.each(tiers)('a hundredth of the %s', { timeout: 900_000 }, async (_name, tier) => {
    let sum: Sum = { done: 0, counts: {} }
    while (sum.done < tier.target / 100) sum = addSlice(sum, await tier.slice(sum.done))
    process.stdout.write(`${showSum(tier, sum)}\n`)
    expect(brokenGuards(tier, sum)).toEqual([])
  })
}
