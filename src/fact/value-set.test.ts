import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SCALARS } from '../testing/arbitrary-values.ts'
import { keyOf, type Value } from './value.ts'
import { ValueSet } from './value-set.ts'

const values = fc.oneof(
  ...Object.values(SCALARS).map((ofType) => fc.array(ofType, { maxLength: 200 })),
  fc.array(fc.constantFrom<Value>('a', 'b', 'ab', ''), { maxLength: 20 }),
)

it('holds every value once, until it is cleared', () => {
  fc.assert(
    fc.property(fc.array(values, { maxLength: 4 }), (rounds) => {
      const set = new ValueSet()
      for (const round of rounds) {
        set.clear()
        const expected = new Set<unknown>()
        for (const v of round) {
          const isNew = !expected.has(keyOf(v))
          expected.add(keyOf(v))
          expect(set.has(v)).toBe(!isNew)
          expect(set.add(v)).toBe(isNew)
        }
      }
    }),
    { numRuns: 100 },
  )
})
