// Lists of what stands beside each key: ascending, each once, whatever the order and the repeats of the rows.

import { expect, it } from 'vitest'
import { SeededRandom } from '../../testing/seeded-random.ts'
import { Adjacency } from './adjacency.ts'
import { Lookup } from './lookup.ts'

const random = new SeededRandom(12)

function columns(rowCount: number, factor: number): readonly [Float64Array, Float64Array] {
  const drawn = (): Float64Array => Float64Array.from({ length: rowCount }, () => random.below(20) * factor)
  return [drawn(), drawn()]
}

it.each([
  ['dense keys', 1],
  // Too far apart for places: found by hash.
  ['sparse keys', 2 ** 40],
])('each key leads to what stands beside it, ascending and once: %s', (_, factor) => {
  for (let run = 0; run < 50; run++) {
    const [keys, others] = columns(random.below(200), factor)
    const { lookup, first, targets } = Adjacency.of(
      Lookup.of(keys, () => undefined),
      others,
      () => undefined,
    )
    for (const key of [...new Set(keys), 7.5, -1]) {
      const beside = [...others].filter((__, row) => keys[row] === key)
      const slot = lookup.slotOf(key)
      const found = slot < 0 ? [] : [...targets.subarray(first[slot], first[slot + 1])]
      expect(found).toEqual([...new Set(beside)].sort((x, y) => x - y))
    }
  }
})

it('a column that lies so already is not copied', () => {
  const values = Float64Array.of(3, 5, 1, 9)
  const { targets } = Adjacency.of(
    Lookup.of(Float64Array.of(1, 1, 2, 2), () => undefined),
    values,
    () => undefined,
  )
  expect(targets).toBe(values)
})
