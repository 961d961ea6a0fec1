// A column in memory and in a form that rest on its own rows alone. A view of a column that several share holds texts of the
// others, and is as wide as they need; whether it lies as codes, too, was decided for all of them together.

import type { Check } from '../base/batches.ts'
import { type ColumnData, integerColumn, plainText, takeRows } from './column.ts'
import { withDictionary } from './text.ts'

/** The picked rows of a column, or all of them, whatever lay beside them. */
export function ownColumn(column: ColumnData, rows: Uint32Array, check: Check): ColumnData {
  const taken = takeRows(column, rows, check)
  switch (taken.kind) {
    case 'text':
    case 'dictionary':
      // From plain text in any case, so that the decision is that of these rows.
      return withDictionary(plainText(taken, check))
    case 'long': {
      const numbers = Float64Array.from(taken.data, Number)
      return numbers.every(Number.isSafeInteger) ? integerColumn(numbers) : taken
    }
    default:
      return taken
  }
}
