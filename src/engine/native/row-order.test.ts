// Rows as columns of numbers come in the order in which their values do, however they are sorted.

import { describe, expect, it } from 'vitest'
import { compareValues, type Edn, keyword } from '../../fact/value.ts'
import { SeededRandom } from '../../testing/seeded-random.ts'
import { noBounds } from '../../testing/no-bounds.ts'
import { CollectedDomain, NumberDomain } from './domain.ts'
import { leastRow, type NumberColumn, orderOf } from './row-order.ts'

const random = new SeededRandom(7)
const TEXTS = ['', 'a', 'aa', 'b', '\u{ffff}', '\u{10000}', 'ä']

type Kind = (row: number) => NumberColumn['numbers'][number]

function column(domain: NumberColumn['domain'], count: number, numberOf: Kind): NumberColumn {
  return { domain, numbers: Float64Array.from({ length: count }, (_, row) => numberOf(row)) }
}

/** A column of one of the kinds that sorting tells apart. */
function columnOf(kind: number, count: number): NumberColumn {
  switch (kind) {
    case 0:
      return column(new NumberDomain('long'), count, () => random.below(20))
    case 1:
      return column(new NumberDomain('long'), count, () => random.below(2 ** 20) - 2 ** 19)
    case 2:
      return column(new NumberDomain('ref'), count, () => random.below(2 ** 31) * 2 ** 20)
    case 3:
      return column(new NumberDomain('double'), count, () => (random.below(9) - 4) / 3)
    case 4:
      return column(new NumberDomain('long'), count, (row) => row)
    case 5:
      // So far from each other that key and row do not fit into one number.
      return column(new NumberDomain('long'), count, () => (random.below(3) - 1) * Number.MAX_SAFE_INTEGER)
    default: {
      const domain = new CollectedDomain()
      const values: readonly Edn[] = [...TEXTS, ...TEXTS.map((text) => keyword(`k/${text}x`)), 1, null]
      return column(domain, count, () => domain.collect(values[random.below(values.length)]!))
    }
  }
}

function compareBy(columns: readonly NumberColumn[]): (x: number, y: number) => number {
  return (x, y) => {
    for (const { numbers, domain } of columns) {
      const difference = compareValues(domain.decode(numbers[x]!), domain.decode(numbers[y]!))
      if (difference !== 0) return difference
    }
    return x - y
  }
}

describe('the order of rows', () => {
  it.each([1, 2, 300, 5_000])('is that of their values: %d rows', (count) => {
    for (let run = 0; run < 12; run++) {
      const width = 1 + random.below(3)
      const columns = Array.from({ length: width }, () => columnOf(random.below(7), count))
      const rows = Array.from({ length: count }, (_, row) => row)
      const wanted = rows.toSorted(compareBy(columns))
      const order = orderOf(columns, count, noBounds())
      expect(Array.from(order ?? rows)).toEqual(wanted)
      expect(compareBy(columns)(leastRow(columns, count, noBounds()), wanted[0]!)).toBe(0)
      if (order !== undefined) expect(wanted).not.toEqual(rows)
    }
  })
})
