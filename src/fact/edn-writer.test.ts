import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forms, SCALARS } from '../testing/arbitrary-values.ts'
import { refusal } from '../testing/refusal.ts'
import { readEdn } from './edn-reader.ts'
import { writeEdn } from './edn-writer.ts'
import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  Float,
  keyword,
  symbol,
  Tagged,
  Uri,
  Uuid,
} from './value.ts'

const back = (value: Edn): Edn => readEdn(writeEdn(value)).value

describe('values as EDN text', () => {
  it.each(Object.entries(SCALARS))('of type %s come back exactly, alone and in tuples', (_type, values) => {
    fc.assert(
      fc.property(values, fc.array(fc.option(values), { minLength: 2, maxLength: 8 }), (value, tuple) => {
        expect(back(value)).toStrictEqual(value)
        expect(back(tuple)).toStrictEqual(tuple)
      }),
    )
  })

  it('come back exactly whatever they are made of, pretty too', () => {
    fc.assert(
      fc.property(forms, fc.integer({ min: 1, max: 60 }), (form, width) => {
        expect(back(form)).toStrictEqual(form)
        expect(readEdn(writeEdn(form, { pretty: true, width })).value).toStrictEqual(form)
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, Edn]>([
    ['nil', null],
    ['true', true],
    ['2', 2],
    ['2.0', new Double(2)],
    ['0.1', 0.1],
    ['1.0E21', new Double(1e21)],
    ['5.0E-324', 5e-324],
    ['##NaN', NaN],
    ['##-Inf', -Infinity],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['2N', new BigInteger(2n)],
    ['1.5M', new Decimal('1.50')],
    ['1E+900M', new Decimal('1e900')],
    ['#float 1.5', new Float(1.5)],
    ['#float 0.1', new Float(0.1)],
    ['#float ##Inf', new Float(Infinity)],
    ['"a\\"\\\\\\nb"', 'a"\\\nb'],
    [':a/b', keyword('a/b')],
    ['?x', symbol('?x')],
    ['#inst "2014-11-15T13:37:42.000-00:00"', new Date('2014-11-15T13:37:42Z')],
    ['#uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"', new Uuid('6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10')],
    ['#uri "https://example.com/a%20b"', new Uri('https://example.com/a%20b')],
    ['#bytes "AQI="', Uint8Array.of(1, 2)],
    ['[1 "a" nil]', [1, 'a', null]],
    ['(a 1)', new EdnList([symbol('a'), 1])],
    ['#{1 2}', new EdnSet([1, 2])],
    ['{:a 1, "b" 2}', new EdnMap([[keyword('a'), 1], ['b', 2]])], // prettier-ignore
    ['#my/tag [1]', new Tagged('my/tag', [1])],
  ])('are written as %s', (text, value) => {
    expect(writeEdn(value)).toBe(text)
    expect(readEdn(text).value).toStrictEqual(value)
  })

  it('break into lines that are no wider than asked, where the parts allow', () => {
    const query = readEdn(
      '{:find [?name (max ?amount)] :where [[?p :purchase/amount ?amount] [?p :name ?name]]}',
    )
    expect(writeEdn(query.value, { pretty: true, width: 40 })).toBe(
      [
        '{:find [?name (max ?amount)]',
        ' :where [[?p :purchase/amount ?amount]',
        '         [?p :name ?name]]}',
      ].join('\n'),
    )
  })

  it.each<[string, Edn]>([
    ['half of a surrogate pair', 'a\ud800'],
    ['a keyword with a blank', keyword('a b')],
    ['a keyword without a name', keyword('')],
    ['a keyword that begins with a colon', keyword(':a')],
    ['a symbol that would read as nil', symbol('nil')],
    ['a symbol that would read as a number', symbol('12')],
    ['a plain number beyond 2^53', 2 ** 60],
    ['an invalid date', new Date(NaN)],
    ['a decimal that is not finite', new Decimal(NaN)],
    ['a tag that means something else', new Tagged('inst', 'x')],
    ['a tag with a blank', new Tagged('a b', 1)],
  ])('refuse %s rather than write something else', (_what, value) => {
    expect(refusal(() => writeEdn(value)).code).toBe('varve.error/value-unwritable')
    expect(refusal(() => writeEdn([new EdnMap([[1, value]])])).code).toBe('varve.error/value-unwritable')
  })

  it('refuse what is nested too deep before the stack ends', () => {
    let deep: Edn = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(refusal(() => writeEdn(deep)).code).toBe('varve.error/notation-limit')
    expect(refusal(() => writeEdn(deep, { pretty: true })).code).toBe('varve.error/notation-limit')
  })
})
