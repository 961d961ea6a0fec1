// Searches against looking at every row.

import type { ValueType } from '../fact/attribute.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareValues, double, symbol, Uri, type Value } from '../fact/value.ts'
import { integerColumn } from '../segment/column.ts'
import { columnOf } from '../segment/value-column.ts'
import { Probe, searchInteger } from './probe.ts'

const ascending = (values: readonly Value[]): Value[] => [...values].sort(compareValues)

function expectSearch(type: ValueType, values: Value[], wanted: Value): void {
  const column = columnOf(type, values)
  const probe = new Probe(type, wanted)
  const count = (test: (difference: number) => boolean): number =>
    values.filter((value) => test(compareValues(value, wanted))).length
  expect(probe.search(column, 0, values.length)).toBe(count((difference) => difference < 0))
  expect(probe.search(column, 0, values.length, true)).toBe(count((difference) => difference <= 0))
}

describe('a probe', () => {
  it('finds the place of a text', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 3 }))
    fc.assert(
      fc.property(texts, fc.string({ unit: 'grapheme', maxLength: 3 }), (values, wanted) => {
        expectSearch('string', ascending(values), wanted)
        expectSearch(
          'uri',
          ascending(values).map((text) => new Uri(text as string)),
          new Uri(wanted),
        )
      }),
    )
  })

  it('finds the place of a number, also of one of another type', () => {
    const wanted = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true }).map(double),
      fc.bigInt({ max: 2n ** 63n }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 })),
        wanted,
        fc.integer({ min: -9, max: 9 }),
        (values, x, y) => {
          for (const probe of [x, y, y + 0.5]) expectSearch('long', ascending(values), probe)
          expectSearch('double', ascending(values.map((value) => double(value / 2))), x)
        },
      ),
    )
  })

  it('takes a value of another type for what it is: a text is no symbol', () => {
    expectSearch('symbol', [symbol('a'), symbol('b')], 'a')
    expectSearch('string', ['a', 'b'], symbol('a'))
    expectSearch('string', ['\u{fffd}'], '\ud800')
    expectSearch('instant', [new Date(0), new Date(5)], 0)
  })
})

describe('a search for an entity', () => {
  it('finds its first row, however the entities lie', () => {
    const gaps = fc.array(fc.oneof(fc.constant(1), fc.nat(2), fc.nat(2 ** 40)), { maxLength: 60 })
    fc.assert(
      fc.property(
        gaps,
        fc.nat(60),
        fc.integer({ min: -1, max: 1 }),
        fc.nat(2 ** 41),
        (steps, at, near, far) => {
          let e = 0
          const entities = steps.map((step) => (e += step))
          for (const wanted of [(entities[at] ?? far) + near, far]) {
            const found = searchInteger(integerColumn(entities), 0, entities.length, wanted)
            expect(found).toBe(entities.filter((entity) => entity < wanted).length)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
