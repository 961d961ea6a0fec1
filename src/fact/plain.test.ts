import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SCALARS } from '../testing/arbitrary-values.ts'
import type { Attribute, ValueType } from './attribute.ts'
import { coerceValue } from './coerce.ts'
import { readEdn } from './edn-reader.ts'
import { formFromData } from './json-form.ts'
import { toPlain } from './plain.ts'
import { Decimal, type Edn, type EdnMap, keyword } from './value.ts'

const plain = (text: string): unknown => toPlain(readEdn(text).value)

describe('values as plain JavaScript', () => {
  it.each<[string, unknown]>([
    ['nil', null],
    ['"a"', 'a'],
    [':a/b', ':a/b'],
    ['a/b', 'a/b'],
    ['true', true],
    ['2', 2],
    ['9007199254740993', 9007199254740993n],
    ['2.0', 2],
    ['#float 1.5', 1.5],
    ['2N', 2n],
    ['#inst "2014"', new Date('2014-01-01T00:00:00Z')],
    ['#uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"', '6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'],
    ['#uri "a:b"', 'a:b'],
    ['#bytes "AQI="', Uint8Array.of(1, 2)],
    ['[1 [nil]]', [1, [null]]],
    ['(1 a)', [1, 'a']],
    ['#{1 :a}', new Set([1, ':a'])],
    ['#my/tag [:a]', { tag: 'my/tag', value: [':a'] }],
  ])('%s', (text, expected) => {
    expect(plain(text)).toStrictEqual(expected)
  })

  it('are objects where they were maps, by the text of their keys', () => {
    expect({ ...(plain('{:a/b 1, "c" {:d 2}, 5 6, __proto__ 7, [1] 8}') as object) }).toEqual({
      ':a/b': 1,
      c: { ':d': 2 },
      '5': 6,
      ['__proto__']: 7,
      '[1]': 8,
    })
    expect(Object.getPrototypeOf(plain('{__proto__ {:a 1}}'))).toBe(Object.prototype)
  })

  it('keep a decimal as an object of its library', () => {
    expect(plain('1.5M')).toStrictEqual(new Decimal('1.5'))
  })

  it('are copies where they could change', () => {
    const date = new Date(5)
    const bytes = Uint8Array.of(1)
    const copies = toPlain([date, bytes]) as [Date, Uint8Array]
    copies[0].setTime(6)
    copies[1][0] = 9
    expect(date.getTime()).toBe(5)
    expect(bytes).toStrictEqual(Uint8Array.of(1))
  })

  it('are what an attribute of their type takes back as the same values', () => {
    for (const [valueType, values] of Object.entries(SCALARS)) {
      const attribute: Attribute = {
        id: 1,
        ident: keyword('a/b'),
        valueType: valueType as ValueType,
        cardinality: 'one',
        unique: undefined,
        isComponent: false,
        isIndexed: false,
        noHistory: false,
        tuple: undefined,
        predicates: [],
      }
      const resolveRef = (form: Edn): number => form as number
      fc.assert(
        fc.property(values, (value) => {
          const form = formFromData([{ 'a/b': toPlain(value) }], 'transaction') as readonly EdnMap[]
          const given = form[0]!.get(attribute.ident)!
          expect(coerceValue(attribute, given, { resolveRef, isPlainData: true })).toStrictEqual(value)
        }),
        { numRuns: 50 },
      )
    }
  })
})
