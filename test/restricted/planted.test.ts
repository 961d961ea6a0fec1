// Mistakes planted in restrictions: random askings find every one.

import { expect, it } from 'vitest'
import { compareRestricted, SecretTold } from '../../src/testing/compare-restricted.ts'
import { withPlantedBug } from '../../src/testing/planted.ts'

// Each begins with a seed that finds it soon.
it.each([
  ['mask-shows-short-values', 1],
  ['restriction-keeps-masked-order', 1],
  ['restriction-tells-of-lost-pasts', 1],
] as const)('the planted bug %s is found', { timeout: 300_000 }, async (bug, seed) => {
  await expect(withPlantedBug(bug, () => compareRestricted(seed, 5_000))).rejects.toBeInstanceOf(SecretTold)
})
