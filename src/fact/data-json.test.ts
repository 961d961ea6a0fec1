// Data says the same directly and by way of its JSON.

import { BigNumber } from 'bignumber.js'
import { describe, expect, it } from 'vitest'
import { writeDataJson } from './data-json.ts'
import { writeEdn } from './edn-writer.ts'
import { ednFromJsonText, type FormMode, formFromData } from './json-form.ts'
import { double, keyword } from './value.ts'

const MODES: readonly FormMode[] = [
  'query',
  'pattern',
  'transaction',
  'schema',
  'value',
  'arguments',
  'instant',
]
const DATA: readonly unknown[] = [
  null,
  [1, 2.5, -0, 1e21, NaN, 2n ** 53n, 2n ** 70n, true, '?x', ':a/b', 'text', { '#str': '?x' }],
  [new Date(0), new Uint8Array([0, 255]), new BigNumber('1.50'), new Set([1, 'a']), new Map([[1, { a: 2 }]])],
  [keyword('a/b'), double(2), ['or', ['?e', ':a/b', '_'], [['<', '?x', 3]]]],
  { find: ['?x'], in: ['$', ['?x', '...']], where: [['?e', ':a/b', '?x']] },
  [
    { ':db/id': 'tempid', ':a/b': [':c/d', 'x'], ':a/since': new Date(1.5e12) },
    [':db/add', 'tempid', ':a/b', 1],
  ],
]

describe.each(MODES)('in the mode %s', (mode) => {
  it.each(DATA.map((data, index) => [index, data]))(
    'sample %i is the form that it is itself, or refused as well',
    (_, data) => {
      const direct = outcome(() => formFromData(data, mode))
      expect(outcome(() => ednFromJsonText(writeDataJson(data), mode))).toEqual(direct)
    },
  )
})

it('has no text of what has no meaning', () => {
  expect(() => writeDataJson({ a: [undefined] })).toThrow(
    expect.objectContaining({ code: 'varve.error/data-unconvertible', data: { place: { path: ['a', 0] } } }),
  )
})

function outcome(read: () => Parameters<typeof writeEdn>[0]): unknown {
  try {
    return writeEdn(read())
  } catch (error) {
    return (error as { readonly code: unknown }).code
  }
}
