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
    fc.property(stretches, (added) => {
      const list = new ValueList()
      const chains = new ValueChains(list)
      const expected = new Map<unknown, number[]>()
      for (const values of added) {
        for (const v of values) {
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
    }),
    { numRuns: 150 },
  )
})
