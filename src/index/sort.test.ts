// The order of rows by value.

import { expect, it } from 'vitest'
import type { DictionaryColumn } from '../segment/column.ts'
import { sortByValue } from './sort.ts'

it('texts of other types in a shared dictionary are nobody’s values', () => {
  const texts = ['-5', '00000000-0000-4000-8000-000000000001', '12']
  const bytes = new TextEncoder().encode(texts.join(''))
  const offsets = Uint32Array.of(0, 2, 38, 40)
  const column: DictionaryColumn = {
    kind: 'dictionary',
    codes: Uint8Array.of(2, 0, 2),
    dictionary: { kind: 'text', offsets, bytes },
  }
  expect([...sortByValue('bigint', column)]).toEqual([1, 0, 2])
})
