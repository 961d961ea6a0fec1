// Rows by value, held against a plain map, with many rows of few values and few of many.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyOf, type Value } from '../fact/value.ts'
import { SCALARS } from '../testing/arbitrary-values.ts'
import { ValueChains } from './value-chains.ts'
import { ValueList } from './value-list.ts'

const stretches = fc.oneof(
  ...Object.values(SCALARS).map((ofType) => fc.array(fc.array(ofType, { maxLength: 30 }), { maxLength: 3 })),
  fc.array(fc.array(fc.constantFrom<Value>('a', 'b', 'ab', 'grün', '😀'), { maxLength: 60 }), {
    maxLength: 3,
  }),
)

it('knows the rows of every value, newest first, whenever it is asked between two additions', () => {
  fc.assert(
    fc.property(
      stretches,
      fc.array(SCALARS.string, { maxLength: 40 }),
      fc.nat(40),
      (added, cut, takenCount) => {
        // Values before the cut are taken off, whether the chains have taken them and some behind them or not.
        const whole = new ValueList()
        const before = new ValueChains(whole)
        for (const v of [...cut, ...(added[0] ?? [])].slice(0, takenCount)) whole.push(v)
        before.addAll()
        for (const v of [...cut, ...(added[0] ?? [])].slice(takenCount)) whole.push(v)
        const list = whole.from(cut.length)
        const chains = before.from(cut.length, list)
        const expected = new Map<unknown, number[]>()
        added[0]?.forEach((v, row) => expected.set(keyOf(v), [row, ...(expected.get(keyOf(v)) ?? [])]))
        for (const [index, values] of added.entries()) {
          for (const v of index === 0 ? [] : values) {
            expected.set(keyOf(v), [list.length, ...(expected.get(keyOf(v)) ?? [])])
            list.push(v)
          }
          chains.addAll()
          for (const v of [...added.flat(), 'nobody has it']) {
            const rows: number[] = []
            for (let row = chains.last(v); row >= 0; row = chains.before(row)) rows.push(row)
            expect(rows).toEqual(expected.get(keyOf(v)) ?? [])
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})
