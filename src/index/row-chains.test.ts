// Rows by entity, held against a plain map: entities that ascend, that come again and that come in any order.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RowChains } from './row-chains.ts'

const KIND = 2 ** 32

const entity = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 40 }))
    .map(([k, index]) => k * KIND + index),
)
const ascending = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2 }))
  .map(([count, kind]) => Array.from({ length: count }, (_, index) => kind * KIND + index))
const entities = fc.array(fc.oneof(fc.array(entity, { maxLength: 40 }), ascending), { maxLength: 6 })

it('knows the rows of every entity, newest first, in whatever order they came', () => {
  fc.assert(
    fc.property(entities, fc.nat(60), (stretches, cut) => {
      // Rows before the cut are taken off on the way.
      const [before, after] = [stretches.flat().slice(0, cut), stretches.flat().slice(cut)]
      const whole = new RowChains()
      for (const e of [...before, ...after.slice(0, 5)]) whole.add(e)
      const chains = whole.from(before.length)
      const expected = new Map<number, number[]>()
      after.forEach((e, row) => {
        if (row < 5) return void expected.set(e, [row, ...(expected.get(e) ?? [])])
        chains.add(e)
        expected.set(e, [row, ...(expected.get(e) ?? [])])
        expect(chains.entityAt(row)).toBe(e)
        expect(chains.last(e)).toBe(row)
      })
      for (const e of [...expected.keys(), 41, KIND + 41, 5 * KIND]) {
        const rows: number[] = []
        for (let row = chains.last(e); row >= 0; row = chains.before(row)) rows.push(row)
        expect(rows).toEqual(expected.get(e) ?? [])
      }
    }),
    { numRuns: 300 },
  )
})
