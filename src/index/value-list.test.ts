// Lists of values, held against plain arrays: values of one type, of several, pushed and read from bytes of the log.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '../base/bytes.ts'
import type { ValueType } from '../fact/attribute.ts'
import { compareValues, equalValues, type Value } from '../fact/value.ts'
import { readValueInto, writeValue } from '../log/value-codec.ts'
import { type ColumnData, rowCountOf } from '../segment/column.ts'
import { columnOf, valueAt } from '../segment/value-column.ts'
import { SCALARS, scalars } from '../testing/arbitrary-values.ts'
import { ValueList } from './value-list.ts'

const brokenTexts = fc
  .array(fc.integer({ min: 0xd700, max: 0xe000 }), { maxLength: 3 })
  .map((units) => String.fromCharCode(...units))
const longTexts = fc.string({ unit: 'binary', minLength: 30, maxLength: 300 })
/** Values of one type, as an attribute has them; and of several, which no list has and every list takes. */
const valuesOfOneType = fc.oneof(
  ...Object.values(SCALARS).map((ofType) => fc.array(ofType, { maxLength: 40 })),
  fc.array(fc.oneof(SCALARS.string, longTexts), { maxLength: 40 }),
  fc.array(fc.oneof(SCALARS.string, brokenTexts), { maxLength: 40 }),
)
const valuesOfAnyType = fc.array(scalars, { maxLength: 20 })
const values: fc.Arbitrary<readonly Value[]> = fc.oneof(
  { weight: 9, arbitrary: valuesOfOneType },
  { weight: 1, arbitrary: valuesOfAnyType },
)
const TX_INSTANT_MS = 1_400_000_000_000

/** Every other value by itself, the others as the log has them. */
function listOf(given: readonly Value[]): ValueList {
  const list = new ValueList()
  given.forEach((v, row) => {
    if (row % 2 === 0) return list.push(v)
    const bytes = new ByteWriter()
    writeValue(bytes, v, TX_INSTANT_MS)
    const reader = new ByteReader(bytes.view())
    readValueInto(list, reader, TX_INSTANT_MS)
    expect(reader.isAtEnd).toBe(true)
  })
  return list
}

it('give back what was put in, from any row on', () => {
  fc.assert(
    fc.property(values, fc.nat(45), (given, first) => {
      const list = listOf(given)
      expect(list.length).toBe(given.length)
      expect(given.map((_, row) => list.at(row))).toStrictEqual(given)
      const rest = list.from(Math.min(first, given.length))
      // What is taken off is a list of its own.
      for (const v of given.slice(0, 3)) list.push(v)
      expect(Array.from({ length: rest.length }, (_, row) => rest.at(row))).toStrictEqual(given.slice(first))
    }),
    { numRuns: 400 },
  )
})

it('find and order their values as values are found and ordered', () => {
  fc.assert(
    fc.property(values, (given) => {
      const list = listOf(given)
      given.forEach((x, row) =>
        given.forEach((y, other) => {
          expect(list.isAt(row, y)).toBe(equalValues(x, y))
          expect(Math.sign(list.compare(row, other))).toBe(Math.sign(compareValues(x, y)))
        }),
      )
    }),
    { numRuns: 200 },
  )
})

it('become the columns that their values make', () => {
  const ofType = fc.constantFrom(...(Object.keys(SCALARS) as (keyof typeof SCALARS & ValueType)[]))
  const rows = fc.array(fc.nat(39), { maxLength: 60 })
  fc.assert(
    fc.property(
      ofType.chain((type) => fc.tuple(fc.constant(type), fc.array(SCALARS[type], { maxLength: 40 }))),
      rows,
      fc.boolean(),
      ([type, given], taken, isPrefix) => {
        const ascending = [...new Set(taken)].sort((x, y) => x - y)
        // The first ones lie otherwise than others: views of the same memory.
        const some = ascending
          .map((row, place) => (isPrefix ? place : row))
          .filter((row) => row < given.length)
        const column = listOf(given).column(type, Uint32Array.from(some))
        const expected = columnOf(
          type,
          some.map((row) => given[row]!),
        )
        const valuesIn = (data: ColumnData): unknown =>
          Array.from({ length: rowCountOf(data) }, (_, row) => valueAt(type, data, row))
        expect(column.kind).toBe(expected.kind)
        expect(valuesIn(column)).toStrictEqual(valuesIn(expected))
      },
    ),
    { numRuns: 400 },
  )
})
