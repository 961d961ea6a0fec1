// A set of bits holds what a set holds, and refuses what lies too far apart, changing nothing.

import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../testing/seeded-random.ts'
import { noBounds } from '../../testing/no-bounds.ts'
import { DenseSet } from './dense-set.ts'

describe('a dense set', () => {
  it('adds each number once and gives them in their order', () => {
    const random = new SeededRandom(3)
    for (let run = 0; run < 40; run++) {
      const base = random.pick([0, -500, 2 ** 40, 31])
      const dense = new DenseSet(noBounds())
      const wanted = new Set<number>()
      for (let part = 0; part < 5; part++) {
        const numbers = Float64Array.from({ length: 300 }, () => base + random.below(4_000) - part * 900)
        const picked = new Int32Array(numbers.length)
        expect(dense.reserve(numbers, numbers.length)).toBe(true)
        const fresh = new Set(numbers.filter((number) => !wanted.has(number)))
        const newCount = dense.add(numbers, numbers.length, picked)
        expect(new Set(Array.from(picked.subarray(0, newCount), (row) => numbers[row]))).toEqual(fresh)
        expect(newCount).toBe(fresh.size)
        for (const number of fresh) wanted.add(number)
      }
      expect(Array.from(dense.ascending())).toEqual([...wanted].sort((x, y) => x - y))
    }
  })

  it('takes no fractions, no NaN and nothing far away', () => {
    const dense = new DenseSet(noBounds())
    const held = Float64Array.of(5, 7)
    dense.reserve(held, 2)
    dense.add(held, 2, new Int32Array(2))
    for (const number of [1.5, NaN, Infinity, 2 ** 40, -(2 ** 30)])
      expect(dense.reserve(Float64Array.of(6, number), 2)).toBe(false)
    expect(Array.from(dense.ascending())).toEqual([5, 7])
  })
})
