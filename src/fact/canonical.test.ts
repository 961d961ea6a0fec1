import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forms, scalars } from '../testing/arbitrary-values.ts'
import { canonicalBytes } from './canonical.ts'
import { ednFromJsonText } from './json-form.ts'
import { writeJson } from './json-writer.ts'
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
  textKey,
  Uri,
  Uuid,
} from './value.ts'

const hex = (value: Edn): string => Buffer.from(canonicalBytes(value)).toString('hex')

describe('canonical bytes', () => {
  // Written out from the reference, so that nobody changes the encoding unawares.
  it.each<[string, Edn]>([
    ['5f', null],
    ['46', false],
    ['54', true],
    ['6e000000000000f03f', 1],
    ['6e9a9999999999b93f', 0.1],
    ['6e000000000000f07f', Infinity],
    ['6e000000000000f87f', NaN],
    ['641000000039303037313939323534373430393933', 9007199254740993n],
    ['6403000000302e31', new Decimal('0.1')],
    ['730300000061c3a4', 'aä'],
    ['6b03000000612f62', keyword('a/b')],
    ['79020000003f78', symbol('?x')],
    ['690000000000408f40', new Date(1000)],
    [
      `7524000000${Buffer.from('6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10').toString('hex')}`,
      new Uuid('6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'),
    ],
    ['72030000006d3a61', new Uri('m:a')],
    ['62020000000102', Uint8Array.of(1, 2)],
    ['76020000005f54', [null, true]],
    ['76020000005f54', new EdnList([null, true])],
    ['6502000000545f', new EdnSet([null, true])],
    ['6d010000006b01000000615f', new EdnMap([[keyword('a'), null]])],
    ['2303000000782f795f', new Tagged('x/y', null)],
  ])('are %s', (bytes, value) => {
    expect(hex(value)).toBe(bytes)
  })

  it.each<[Edn, Edn]>([
    [1, new Double(1)],
    [0, -0],
    [2n ** 60n, new Double(2 ** 60)],
    [1, new BigInteger(1n)],
    [0.5, new Decimal('0.50')],
    [1.375, new Decimal('1.375')],
    [0.5, new Float(0.5)],
    [new BigInteger(10n ** 400n), new Decimal('1E400')],
    [new EdnSet([1, 'a', keyword('k')]), new EdnSet([keyword('k'), new Double(1), 'a'])],
  ])('of %s and %s are equal, as they are', (one, other) => {
    expect(hex(one)).toBe(hex(other))
  })

  it.each<[Edn, Edn]>([
    [0.1, new Decimal('0.1')],
    [9007199254740993n, new Double(9007199254740992)],
    ['a', keyword('a')],
    ['', null],
    [
      [1, 2],
      [2, 1],
    ],
    [[[1], 2], [[1, 2]]],
    [new BigInteger(10n ** 400n), Infinity],
  ])('of %s and %s differ', (one, other) => {
    expect(hex(one)).not.toBe(hex(other))
  })

  it('are equal exactly where values are', () => {
    const values: fc.Arbitrary<Edn> = fc.oneof(
      scalars,
      fc.array(scalars, { maxLength: 3 }),
      fc.uniqueArray(scalars, { maxLength: 3, selector: textKey }).map((items) => new EdnSet(items)),
    )
    fc.assert(
      fc.property(values, values, (one, other) => {
        expect(hex(one) === hex(other)).toBe(textKey(one) === textKey(other))
      }),
      { numRuns: 1_000 },
    )
  })

  it('are those of what is left when a value went through JSON', () => {
    fc.assert(
      fc.property(fc.oneof(scalars, forms), (value) => {
        expect(hex(ednFromJsonText(writeJson(value), 'value'))).toBe(hex(value))
      }),
      { numRuns: 500 },
    )
  })
})
