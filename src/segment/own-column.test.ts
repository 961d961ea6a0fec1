// Columns of their own: equal for equal rows, whatever lay beside them.

import { expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { SeededRandom } from '../base/seeded-random.ts'
import { type ColumnData, concatColumns, integerColumn, rowCountOf } from './column.ts'
import { ownColumn } from './own-column.ts'
import { textColumn, withDictionary } from './text.ts'

function rowsFrom(first: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => first + i)
}

it('rows are held as if nothing had lain beside them', () => {
  const random = new SeededRandom(1)
  for (let round = 0; round < 60; round++) {
    const draw = (count: number, kindCount: number): ColumnData =>
      textColumn(Array.from({ length: count }, () => `text ${random.below(kindCount)}`))
    const own = draw(random.below(80), random.pick([2, 1_000]))
    const others = draw(random.below(300), random.pick([2, 1_000]))
    const together = concatColumns([others, own])
    const rows = rowsFrom(rowCountOf(others), rowCountOf(own))
    const alone = ownColumn(own, rowsFrom(0, rowCountOf(own)), NEVER_ENDS)
    expect(ownColumn(together, rows, NEVER_ENDS)).toEqual(alone)
    expect(ownColumn(withDictionary(together), rows, NEVER_ENDS)).toEqual(alone)
  }
})

it('whole numbers are as narrow as they allow, whatever a neighbour needs', () => {
  const data = BigInt64Array.of(2n ** 60n, 1n, -5n)
  const long: ColumnData = { kind: 'long', data }
  expect(ownColumn(long, rowsFrom(1, 2), NEVER_ENDS)).toEqual(integerColumn([1, -5]))
  expect(ownColumn(long, rowsFrom(0, 3), NEVER_ENDS)).toEqual(long)
})
