// Comparisons over columns pick the rows for which the comparison of two numbers holds.

import { describe, expect, it } from 'vitest'
import { double } from '../../fact/value.ts'
import type { CallArgument } from './call-operator.ts'
import { nextDown, nextUp, testOfComparison } from './comparison.ts'
import { NumberDomain } from './domain.ts'

const NUMBERS = [
  -Infinity,
  -1e300,
  -2,
  -1.5,
  -Number.MIN_VALUE,
  0,
  Number.MIN_VALUE,
  1,
  1.5,
  2,
  1e300,
  Infinity,
]
const HOLDS: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  '<': (x, y) => x < y,
  '<=': (x, y) => x <= y,
  '>': (x, y) => x > y,
  '>=': (x, y) => x >= y,
  '=': (x, y) => x === y,
  '!=': (x, y) => x !== y,
}
const DOMAIN = new NumberDomain('double')
const PAIRS = NUMBERS.flatMap((x) => NUMBERS.map((y) => [x, y] as const))
const CHUNK = {
  rowCount: PAIRS.length,
  columns: [Float64Array.from(PAIRS, ([x]) => x), Float64Array.from(PAIRS, ([, y]) => y)],
}

function picked(name: string, x: CallArgument, y: CallArgument): readonly number[] {
  const rows = new Int32Array(CHUNK.rowCount)
  return Array.from(rows.subarray(0, testOfComparison(name, [x, y])!(CHUNK, rows)))
}

function rowsWhere(holds: (x: number, y: number) => boolean): readonly number[] {
  return PAIRS.flatMap(([x, y], row) => (holds(x, y) ? [row] : []))
}

describe.each(Object.keys(HOLDS))('%s over columns', (name) => {
  const holds = HOLDS[name]!
  const column = (index: number): CallArgument => ({ kind: 'column', index, domain: DOMAIN })
  const constant = (value: number): CallArgument => ({ kind: 'constant', value: double(value) })

  it('picks what it picks of two numbers', () => {
    expect(picked(name, column(0), column(1))).toEqual(rowsWhere(holds))
    for (const value of NUMBERS) {
      expect(picked(name, column(0), constant(value))).toEqual(rowsWhere((x) => holds(x, value)))
      expect(picked(name, constant(value), column(1))).toEqual(rowsWhere((_, y) => holds(value, y)))
    }
  })
})

it('knows the doubles next to one', () => {
  expect(nextUp(1)).toBe(1 + 2 ** -52)
  expect(nextDown(1)).toBe(1 - 2 ** -53)
  expect([nextUp(0), nextDown(0)]).toEqual([Number.MIN_VALUE, -Number.MIN_VALUE])
  expect([nextUp(Infinity), nextDown(-Infinity)]).toEqual([NaN, NaN])
})
