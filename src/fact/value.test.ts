import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forms, scalars } from '../testing/arbitrary-values.ts'
import { readEdn } from './edn-reader.ts'
import {
  BigInteger,
  compareText,
  compareValues,
  Decimal,
  double,
  type Edn,
  equalValues,
  exactDecimal,
  isComparable,
  Keyword,
  keyOf,
  keyword,
  long,
  LONG_MAX,
  LONG_MIN,
  numberType,
  symbol,
  textKey,
} from './value.ts'

const read = (text: string): Edn => readEdn(text).value
const sign = (x: number): number => Math.sign(x) + 0

/** Numbers close to each other, of every type. */
const closeNumbers = fc
  .tuple(
    fc.constantFrom(0, 1, 2 ** 24, 2 ** 53, 2 ** 60, 0.1, 1e308, 2.5),
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom('long', 'double', 'float', 'bigint', 'bigdec', 'finer'),
  )
  .map(([base, step, type]): Edn => {
    const x = base + step
    switch (type) {
      case 'float':
        return read(`#float ${Math.fround(x) < 3e38 ? Math.fround(x) : 1}`)
      case 'finer':
        return exactDecimal(x).plus(new Decimal('1e-40'))
      case 'bigdec':
        return new Decimal(String(x))
      case 'double':
        return double(x)
      default: {
        const whole = BigInt(Math.trunc(x))
        return type === 'bigint' || whole > LONG_MAX ? new BigInteger(whole) : long(whole)
      }
    }
  })

describe('the order of all values', () => {
  it('goes from nil over numbers and texts to collections', () => {
    const sorted = [
      'nil',
      'false',
      'true',
      '##-Inf',
      '-1E400M',
      '-1',
      '0',
      '#float 0.5',
      '0.5000001M',
      '1',
      '1E400M',
      '##Inf',

      '##NaN',
      '""',
      '"Z"',
      '"a"',
      '"a "',
      '"\uffff"',
      '"😀"',
      ':b',
      ':z',
      ':a/a',
      ':a/b',
      ':b/a',
      'a',
      'b/a',

      '#inst "1969"',
      '#inst "2014"',
      `#uuid "${'00'.repeat(16)}"`,
      `#uuid "${'ff'.repeat(16)}"`,
      '#uri "a"',

      '#bytes "AA=="',
      '#bytes "AAA="',
      '#bytes "/w=="',
      '[]',
      '[nil]',
      '[1]',
      '[1 nil]',
      '[1 2]',
      '[2]',
      '(1)',
      '#{1}',
      '{:a 1}',
      '#a 1',
    ].map(read)
    for (const [i, x] of sorted.entries()) {
      for (const [j, y] of sorted.entries()) expect(sign(compareValues(x, y))).toBe(sign(i - j))
    }
  })

  it('is an order: antisymmetric, transitive, and the same however a sort meets it', () => {
    const some = fc.oneof(forms, closeNumbers)
    fc.assert(
      fc.property(some, some, some, (x, y, z) => {
        expect(sign(compareValues(x, y))).toBe(-sign(compareValues(y, x)) + 0)
        expect(compareValues(x, x)).toBe(0)
        if (compareValues(x, y) <= 0 && compareValues(y, z) <= 0)
          expect(compareValues(x, z)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 1_000 },
    )
  })

  it('compares numbers by their exact values, whatever their types', () => {
    fc.assert(
      fc.property(closeNumbers, closeNumbers, (x, y) => {
        const exact = (n: Edn): Decimal => {
          if (n instanceof Decimal) return n
          if (typeof n === 'bigint') return new Decimal(String(n))
          if (n instanceof BigInteger) return new Decimal(String(n.value))
          return exactDecimal(typeof n === 'number' ? n : (n as { value: number }).value)
        }
        expect(sign(compareValues(x, y))).toBe(exact(x).comparedTo(exact(y)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('compares texts as their UTF-8 bytes compare', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 })
    const near = fc.string({ unit: fc.constantFrom('a', '\uffff', '\ue000', '😀', '\ud7ff'), maxLength: 4 })
    fc.assert(
      fc.property(fc.oneof(text, near), fc.oneof(text, near), (x, y) => {
        expect(sign(compareText(x, y))).toBe(Buffer.compare(Buffer.from(x), Buffer.from(y)))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('equality', () => {
  it('is the same as having one key, and as comparing alike, NaN apart', () => {
    const some = fc.oneof(scalars, closeNumbers, forms)
    fc.assert(
      fc.property(some, some, (x, y) => {
        const isAlike = compareValues(x, y) === 0
        // As a Map compares its keys: NaN is one.
        expect(Object.is(keyOf(x), keyOf(y))).toBe(isAlike)
        expect(textKey(x) === textKey(y)).toBe(isAlike)
        if (!equalValues(x, y)) return
        expect(isAlike).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    ['1', '1.0'],
    ['1', '1N'],
    ['1', '1M'],
    ['0.5', '0.5M'],
    ['#float 0.5', '0.5'],
    ['1.50M', '1.5M'],
    ['9007199254740993', '9007199254740993N'],
    ['1e300', `${BigInt(1e300)}N`],
    ['[1 #{2 3} {:a 1, :b 2}]', '[1.0 #{3 2} {:b 2N, :a 1M}]'],
  ])('meets across types: %s and %s', (x, y) => {
    expect(equalValues(read(x), read(y))).toBe(true)
    expect(keyOf(read(x))).toBe(keyOf(read(y)))
  })

  it.each([
    ['0.1', '0.1M'],
    ['#float 0.1', '0.1'],
    ['9007199254740993', '9007199254740992.0'],
    ['##Inf', '1E400M'],
    ['##Inf', `${'9'.repeat(400)}.5M`],
    ['1E400M', `1${'0'.repeat(400)}.5M`],
    ['##-Inf', '-1E400M'],
    ['##NaN', '##NaN'],
    ['"a"', ':a'],
    ['"a"', 'a'],
    ['[1]', '(1)'],
    ['nil', 'false'],
    ['0', 'false'],
    ['"1"', '1'],
    ['["ab" "c"]', '["a" "bc"]'],
    ['#{[1] 2}', '#{[1 2]}'],
  ])('does not: %s and %s', (x, y) => {
    expect(equalValues(read(x), read(y))).toBe(false)
    if (x !== '##NaN') expect(textKey(read(x))).not.toBe(textKey(read(y)))
  })
})

describe('names', () => {
  it('are one object for one text', () => {
    expect(keyword('a/b')).toBe(Keyword.of('a/b'))
    expect(symbol('?x')).toBe(symbol('?x'))
    expect(keyword('a/b')).toMatchObject({ namespace: 'a', name: 'b' })
    expect(keyword('b')).toMatchObject({ namespace: null, name: 'b' })
    expect(keyword('/')).toMatchObject({ namespace: null, name: '/' })
    expect(keyword('a//')).toMatchObject({ namespace: 'a', name: '/' })
  })
})

describe('types', () => {
  it('of numbers are known, and what may be compared by <', () => {
    const numbers = ['2', '9223372036854775807', '2.0', '0.1', '##NaN', '#float 1', '1N', '1M'].map(read)
    expect(numbers.map(numberType)).toEqual([
      'long',
      'long',
      'double',
      'double',
      'double',
      'float',
      'bigint',
      'bigdec',
    ])
    expect([null, true, 'a', keyword('a'), []].map(numberType)).toEqual(Array.from({ length: 5 }))
    expect(isComparable(1, new Decimal(2))).toBe(true)
    expect(isComparable(1, 'a')).toBe(false)
    expect(isComparable(null, null)).toBe(false)
    expect(isComparable([1], [1])).toBe(false)
    expect(long(LONG_MIN)).toBe(LONG_MIN)
    expect(long(5n)).toBe(5)
  })
})
