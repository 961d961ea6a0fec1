import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../testing/refusal.ts'
import { instantText } from './instant-text.ts'

describe('the text of an instant', () => {
  it('is what the language writes, on every day of its calendar', () => {
    for (let day = -719_529; day < 2_932_897; day += 13) {
      const value = new Date(day * 86_400_000 + (day % 1_000))
      if (instantText(value) !== value.toISOString()) expect(instantText(value)).toBe(value.toISOString())
    }
  })

  it('is that at every moment', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (value) => {
        expect(instantText(value)).toBe(value.toISOString())
      }),
      { numRuns: 2_000 },
    )
    for (const ms of [
      0, -1, 1, -62_167_219_200_000, -62_167_219_200_001, 253_402_300_799_999, 253_402_300_800_000, 8.64e15,
    ])
      expect(instantText(new Date(ms))).toBe(new Date(ms).toISOString())
  })

  it('of no moment is refused', () => {
    expect(refusal(() => instantText(new Date(NaN)))).toMatchObject({ code: 'varve.error/value-unwritable' })
  })
})
