// Restrictions as data: sets of entities, windows in order, keys; and masks, value by value.

import { describe, expect, it } from 'vitest'
import type { ValueType } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Value } from '../fact/value.ts'
import { SeededRandom } from '../testing/seeded-random.ts'
import { isMaskFit, type MaskName, maskOf } from './mask.ts'
import { entitySet, hasEntity, intersectionOf, restriction, unionOf, type Window } from './restriction.ts'

describe('sets of entities', () => {
  it('unite and intersect as sets do', () => {
    const random = new SeededRandom(1)
    for (let round = 0; round < 200; round++) {
      const draw = (): Set<number> =>
        new Set(Array.from({ length: random.below(20) }, () => random.below(30)))
      const [x, y, z] = [draw(), draw(), draw()]
      const sorted = (set: Set<number>): number[] => [...set].sort((a, b) => a - b)
      const sets = [x, y, z].map((set) => entitySet(set))
      expect([...unionOf(sets)!]).toEqual(sorted(new Set([...x, ...y, ...z])))
      expect([...intersectionOf(sets[0], sets[1])!]).toEqual(sorted(new Set([...x].filter((e) => y.has(e)))))
      for (let e = 0; e < 30; e++) expect(hasEntity(sets[0]!, e)).toBe(x.has(e))
    }
  })

  it('lie in memory that threads share, be they given in order or not', () => {
    for (const given of [[1, 2, 5], [5, 2, 1, 2], Float64Array.of(1, 2, 5), Float64Array.of(5, 1, 2)]) {
      const set = entitySet(given)
      expect([...set]).toEqual([1, 2, 5])
      expect(set.buffer).toBeInstanceOf(SharedArrayBuffer)
    }
  })

  it('that are absent are all', () => {
    const some = entitySet([1])
    expect(unionOf([some, undefined])).toBeUndefined()
    expect(intersectionOf(some, undefined)).toBe(some)
    expect([...unionOf([])!]).toEqual([])
  })
})

describe('restrictions', () => {
  const keyOf = (windows: readonly Window[], hashKey?: string): string =>
    restriction([[50, windows]], hashKey).key

  it('have one key where they let through the same', () => {
    const [some, others] = [entitySet([1, 2]), entitySet([2, 3])]
    expect(keyOf([{ entities: some }, { mask: 'hash' }])).toBe(
      keyOf([{ mask: 'hash' }, { entities: entitySet([1, 2]) }]),
    )
    expect(keyOf([{ entities: some }, { entities: others }])).toBe(
      keyOf([{ entities: entitySet([1, 2, 3]) }]),
    )
    const keys = [
      keyOf([{}]),
      keyOf([{ entities: some }]),
      keyOf([{ entities: others }]),
      keyOf([{ entities: some, mask: 'hash' }]),
      keyOf([{ mask: 'hash' }]),
      keyOf([{ mask: 'hash' }], 'another'),
      keyOf([]),
      restriction([[51, [{}]]]).key,
    ]
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('have windows for each mask once, those that mask least first', () => {
    const some = entitySet([1])
    const { windows } = restriction([
      [
        50,
        [
          { mask: 'null' },
          { mask: 'hash', entities: some },
          { mask: 'last-four' },
          { entities: some },
          { mask: 'hash' },
        ],
      ],
      [49, []],
    ])
    expect([...windows]).toEqual([
      [50, [{ entities: some }, { mask: 'last-four' }, { mask: 'hash' }, { mask: 'null' }]],
    ])
  })
})

describe('masks', () => {
  const masked = (mask: Exclude<MaskName, 'null'>, type: ValueType, text: string): string =>
    writeEdn(maskOf(mask, type, 'a key')!(readEdn(text).value as Value))

  it.each([
    ['last-four', 'string', '"4000-1234"', '"****1234"'],
    ['last-four', 'string', '"1234"', '"****34"'],
    ['last-four', 'string', '"a"', '"****"'],
    ['last-four', 'string', '""', '"****"'],
    ['last-four', 'string', '"👩‍🚀🌊🌊"', '"****🌊🌊"'],
    ['last-four', 'long', '1234567890', '7890'],
    ['last-four', 'long', '-1234567', '567'],
    ['last-four', 'long', '7', '0'],
    ['last-four', 'long', '-9223372036854775808', '5808'],
    ['last-four', 'bigint', '123456789012345678901234567890N', '7890N'],
    ['year', 'instant', '#inst "1980-05-17T10:00:00Z"', '#inst "1980-01-01T00:00:00.000-00:00"'],
    ['year', 'instant', '#inst "1969-12-31T23:59:59.999Z"', '#inst "1969-01-01T00:00:00.000-00:00"'],
    ['year', 'instant', '#inst "0099-05-17T10:00:00Z"', '#inst "0099-01-01T00:00:00.000-00:00"'],
  ] as const)('%s of a %s: %s is %s', (mask, type, value, shown) => {
    expect(masked(mask, type, value)).toBe(shown)
  })

  it.each([
    ['string', '"tea"', /^"[0-9a-f]{32}"$/],
    ['keyword', ':a/b', /^:masked\/h[0-9a-f]{32}$/],
    ['symbol', 'a/b', /^masked\/h[0-9a-f]{32}$/],
    ['uri', '#uri "https://example.org/"', /^#uri "urn:masked:[0-9a-f]{32}"$/],
    [
      'uuid',
      '#uuid "00000000-0000-4000-8000-000000000001"',
      /^#uuid "[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"$/,
    ],
    ['long', '42', /^\d{1,16}$/],
    ['bigint', '42N', /^\d+N$/],
    ['bytes', '#bytes "AAEC"', /^#bytes "[A-Za-z0-9+/]{22}=="$/],
  ] as const)('hash of a %s: %s is like %s', (type, value, shape) => {
    const shown = masked('hash', type, value)
    expect(shown).toMatch(shape)
    expect(masked('hash', type, value)).toBe(shown)
    expect(writeEdn(maskOf('hash', type, 'another key')!(readEdn(value).value as Value))).not.toBe(shown)
  })

  it('fit some types alone', () => {
    const fits = (mask: MaskName, valueType: ValueType): boolean => isMaskFit(mask, { id: 100, valueType })
    expect(fits('year', 'long')).toBe(false)
    expect(fits('last-four', 'instant')).toBe(false)
    for (const type of ['boolean', 'double', 'float', 'bigdec', 'instant', 'ref', 'tuple'] as const) {
      expect(fits('hash', type)).toBe(false)
      expect(fits('null', type)).toBe(true)
    }
    // Built-in attributes make the schema.
    expect(isMaskFit('hash', { id: 0, valueType: 'keyword' })).toBe(false)
  })
})
