import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SCALARS } from '../testing/arbitrary-values.ts'
import { refusal } from '../testing/refusal.ts'
import { type Attribute, type MemberType, type TupleShape, VALUE_TYPES, type ValueType } from './attribute.ts'
import { coerceValue, TUPLE_TEXT_LENGTH_MAX } from './coerce.ts'
import { readEdn } from './edn-reader.ts'
import { writeEdn } from './edn-writer.ts'
import { ednFromJsonText, formFromData } from './json-form.ts'
import { compareValues, Decimal, double, type Edn, type EdnMap, Float, keyword, type Value } from './value.ts'

const UNUSED = { cardinality: 'one', unique: undefined, isComponent: false, isIndexed: false } as const
function attribute(valueType: ValueType, tuple?: TupleShape): Attribute {
  return { id: 1, ident: keyword('a/b'), valueType, ...UNUSED, noHistory: false, tuple, predicates: [] }
}

/** Names entities as a database with one ident would. */
function resolveRef(form: Edn): number {
  if (typeof form === 'number') return form
  if (form === keyword('the/one')) return 7
  throw new Error(`nobody is called ${writeEdn(form)}`)
}

const take = (type: ValueType, form: Edn, isPlainData: boolean, tuple?: TupleShape): Value =>
  coerceValue(attribute(type, tuple), form, { resolveRef, isPlainData })
const fromEdn = (type: ValueType, text: string): string => writeEdn(take(type, readEdn(text).value, false))
/** A value as it stands in a transaction that came as JSON. */
function fromJson(type: ValueType, text: string): string {
  const tx = ednFromJsonText(`[{"a/b": ${text}}]`, 'transaction') as readonly EdnMap[]
  return writeEdn(take(type, tx[0]!.get(keyword('a/b'))!, true))
}

const WRONG = 'db.error/wrong-type-for-attribute'

describe('a value in EDN, taken by its attribute’s type', () => {
  it.each<[ValueType, string, string]>([
    ['string', '"tea"', '"tea"'],
    ['boolean', 'false', 'false'],
    ['keyword', ':a/b', ':a/b'],
    ['symbol', 'a/b', 'a/b'],
    ['instant', '#inst "2014"', '#inst "2014-01-01T00:00:00.000-00:00"'],
    ['uuid', `#uuid "${'ab'.repeat(16)}"`, '#uuid "abababab-abab-abab-abab-abababababab"'],
    ['uri', '#uri "a:b"', '#uri "a:b"'],
    ['bytes', '#bytes "AQI="', '#bytes "AQI="'],
    ['ref', '12', '12'],
    ['ref', ':the/one', '7'],
    // Numbers of another type, where nothing is lost.
    ['long', '2', '2'],
    ['long', '2.0', '2'],
    ['long', '2N', '2'],
    ['long', '2.0M', '2'],
    ['long', '#float 2', '2'],
    ['long', '-0.0', '0'],
    ['long', '9223372036854775807', '9223372036854775807'],
    ['long', '9223372036854775807N', '9223372036854775807'],
    ['long', '1e18', '1000000000000000000'],
    ['double', '2', '2.0'],
    ['double', '0.1', '0.1'],
    ['double', '2N', '2.0'],
    ['double', '0.5M', '0.5'],
    ['double', '#float 0.5', '0.5'],
    ['double', '-0.0', '0.0'],
    ['double', '##Inf', '##Inf'],
    ['double', '##-Inf', '##-Inf'],
    ['double', '9007199254740994', '9.007199254740994E15'],
    ['float', '0.1', '#float 0.1'],
    ['float', '2', '#float 2.0'],
    ['float', '16777217', '#float 1.6777216E7'],
    ['float', '0.1M', '#float 0.1'],
    ['float', '-0.0', '#float 0.0'],
    ['float', '1e-60', '#float 0.0'],
    ['float', '##Inf', '#float ##Inf'],
    ['bigint', '2', '2N'],
    ['bigint', '2.0', '2N'],
    ['bigint', '1e30M', '1000000000000000000000000000000N'],
    ['bigdec', '2', '2M'],
    ['bigdec', '1.50M', '1.5M'],
    ['bigdec', '0.5', '0.5M'],
    ['bigdec', '2N', '2M'],
    ['bigdec', '#float 0.5', '0.5M'],
  ])('%s from %s is %s', (type, text, expected) => {
    expect(fromEdn(type, text)).toBe(writeEdn(readEdn(expected).value))
  })

  it.each<[ValueType, string, string]>([
    ['string', ':a', WRONG],
    ['string', '1', WRONG],
    ['boolean', '1', WRONG],
    ['boolean', '"true"', WRONG],
    ['keyword', '"a/b"', WRONG],
    ['keyword', 'a/b', WRONG],
    ['symbol', ':a', WRONG],
    ['symbol', '"a"', WRONG],
    ['instant', '"2014"', WRONG],
    ['instant', '0', WRONG],
    ['uuid', `"${'ab'.repeat(16)}"`, WRONG],
    ['uri', '"a:b"', WRONG],
    ['bytes', '"AQI="', WRONG],
    ['bytes', '[1 2]', WRONG],
    ['long', '2.5', WRONG],
    ['long', '0.1M', WRONG],
    ['long', '"2"', WRONG],
    ['long', 'true', WRONG],
    ['long', '##Inf', WRONG],
    ['long', '##NaN', WRONG],
    ['long', '9223372036854775808N', WRONG],
    ['long', '1e19', WRONG],
    ['double', '9007199254740993', WRONG],
    ['double', '0.1M', WRONG],
    ['double', '"2.0"', WRONG],
    ['double', '##NaN', 'varve.error/nan-refused'],
    ['double', '#float ##NaN', 'varve.error/nan-refused'],
    ['double', '1E400M', WRONG],
    ['float', '##NaN', 'varve.error/nan-refused'],
    ['float', '1e40', 'varve.error/number-out-of-range'],
    ['float', '-1e40', 'varve.error/number-out-of-range'],
    ['float', '1E400M', 'varve.error/number-out-of-range'],
    ['float', '[1]', WRONG],
    ['bigint', '2.5', WRONG],
    ['bigint', '##Inf', WRONG],
    ['bigdec', '0.1', WRONG],
    ['bigdec', '##Inf', WRONG],
    ['bigdec', '##NaN', WRONG],
    ['bigdec', '"1.5"', WRONG],
    ['long', 'nil', 'db.error/nil-value'],
    ['tuple', 'nil', 'db.error/nil-value'],
    ['long', '[1 2]', WRONG],
    ['string', '{:a 1}', WRONG],
  ])('%s from %s is refused', (type, text, code) => {
    const error = refusal(() => fromEdn(type, text))
    expect(error.code).toBe(code)
    expect(error.message).toContain(':a/b')
    expect(error.fix).not.toBe('')
  })

  it('is itself where it is of the type, for every type', () => {
    for (const [type, values] of Object.entries(SCALARS)) {
      fc.assert(
        fc.property(values, fc.boolean(), (value, isPlainData) => {
          expect(take(type as ValueType, value, isPlainData)).toStrictEqual(value)
        }),
        { numRuns: 30 },
      )
    }
  })

  it('of a number equals the number that was given, float apart', () => {
    const numbers = fc.oneof(SCALARS.long, SCALARS.double, SCALARS.float, SCALARS.bigint, SCALARS.bigdec)
    const types = fc.constantFrom<ValueType>('long', 'double', 'bigint', 'bigdec')
    fc.assert(
      fc.property(types, numbers, (type, number) => {
        let taken: Value
        try {
          taken = take(type, number, false)
        } catch (error) {
          expect([WRONG, 'varve.error/number-out-of-range']).toContain(refusal(() => { throw error }).code) // prettier-ignore
          return
        }
        expect(compareValues(taken, number)).toBe(0)
      }),
      { numRuns: 500 },
    )
  })
})

describe('a value in plain data, taken by its attribute’s type', () => {
  it.each<[ValueType, string, string]>([
    ['string', '"tea"', '"tea"'],
    ['string', '":a/b"', '":a/b"'],
    ['string', '":)"', '":)"'],
    ['string', '"?x"', '"?x"'],
    ['string', '"$5"', '"$5"'],
    ['string', '"*"', '"*"'],
    ['keyword', '":a/b"', ':a/b'],
    ['keyword', '"a/b"', ':a/b'],
    ['keyword', '{"#kw": "a/b"}', ':a/b'],
    ['symbol', '"a/b"', 'a/b'],
    ['symbol', '"?x"', '?x'],
    ['instant', '"2014-11-15T13:37:42Z"', '#inst "2014-11-15T13:37:42.000-00:00"'],
    ['instant', '"2014"', '#inst "2014-01-01T00:00:00.000-00:00"'],
    ['uuid', `"${'AB'.repeat(16)}"`, '#uuid "abababab-abab-abab-abab-abababababab"'],
    ['uri', '"a:b"', '#uri "a:b"'],
    ['bytes', '"AQI="', '#bytes "AQI="'],
    ['boolean', 'true', 'true'],
    ['long', '2', '2'],
    ['long', '2.0', '2'],
    ['long', '9007199254740993', '9007199254740993'],
    ['long', '{"#long": "-9223372036854775808"}', '-9223372036854775808'],
    ['double', '2', '2.0'],
    ['double', '{"#double": "Infinity"}', '##Inf'],
    ['float', '0.1', '#float 0.1'],
    ['bigint', '"123456789012345678901234567890"', '123456789012345678901234567890N'],
    ['bigint', '2', '2N'],
    ['bigdec', '0.1', '0.1M'],
    ['bigdec', '"0.10"', '0.1M'],
    ['bigdec', '12', '12M'],
    ['bigdec', '{"#bigdec": "0.1"}', '0.1M'],
    ['ref', '12', '12'],
    ['ref', '":the/one"', '7'],
  ])('%s from %s is %s', (type, text, expected) => {
    expect(fromJson(type, text)).toBe(writeEdn(readEdn(expected).value))
  })

  it.each<[ValueType, string, string]>([
    ['keyword', '"a b"', WRONG],
    ['symbol', '"nil"', WRONG],
    ['instant', '"yesterday"', WRONG],
    ['instant', '1416058662000', WRONG],
    ['uuid', '"6f1c"', WRONG],
    ['uri', '"a b"', WRONG],
    ['bytes', '"AQ"', WRONG],
    ['long', '"2"', WRONG],
    ['long', '2.5', WRONG],
    ['double', '"2.0"', WRONG],
    ['bigint', '"2.5"', WRONG],
    ['bigdec', '"much"', WRONG],
    ['boolean', '"true"', WRONG],
    ['double', '{"#double": "NaN"}', 'varve.error/nan-refused'],
    ['float', '1e40', 'varve.error/number-out-of-range'],
    ['string', '1', WRONG],
    ['string', '["a"]', WRONG],
    ['string', 'null', 'db.error/nil-value'],
  ])('%s from %s is refused', (type, text, code) => {
    expect(refusal(() => fromJson(type, text)).code).toBe(code)
  })

  it('may be what JavaScript has beside JSON', () => {
    const plain = (type: ValueType, value: unknown) => take(type, formFromData(value, 'transaction'), true)
    expect(plain('bigint', 2n ** 70n)).toStrictEqual(take('bigint', readEdn(`${2n ** 70n}N`).value, false))
    expect(plain('long', 2n ** 62n)).toBe(2n ** 62n)
    expect(plain('long', 5)).toBe(5)
    expect(plain('double', 5)).toStrictEqual(double(5))
    expect(plain('float', 0.1)).toStrictEqual(new Float(0.1))
    expect(plain('instant', new Date(5))).toStrictEqual(new Date(5))
    expect(plain('bytes', Uint8Array.of(1))).toStrictEqual(Uint8Array.of(1))
    expect(refusal(() => plain('long', 2 ** 63)).code).toBe(WRONG)
    expect(refusal(() => plain('long', 2n ** 63n)).code).toBe(WRONG)
  })

  it('is within what notations read back', () => {
    const plain = (type: ValueType, value: unknown) => take(type, formFromData(value, 'transaction'), true)
    const code = 'varve.error/number-out-of-range'
    for (const type of ['bigint', 'bigdec'] as const) {
      const largest = plain(type, 10n ** 1000n - 1n)
      expect(readEdn(writeEdn(largest)).value).toStrictEqual(largest)
      expect(refusal(() => plain(type, -(10n ** 1001n))).code).toBe(code)
    }
    expect(refusal(() => plain('bigdec', new Decimal('1e-1001'))).code).toBe(code)
    expect(refusal(() => plain('bigdec', new Decimal(`1.${'1'.repeat(1_000)}`))).code).toBe(code)
  })
})

describe('a tuple', () => {
  const pair: TupleShape = { kind: 'heterogeneous', types: ['long', 'string'] }
  const of = (type: MemberType): TupleShape => ({ kind: 'homogeneous', type })
  const tuple = (shape: TupleShape, text: string, isPlainData = false) =>
    writeEdn(take('tuple', readEdn(text).value, isPlainData, shape))

  it('takes each member by its own type', () => {
    expect(tuple(pair, '[1.0 "a"]')).toBe('[1 "a"]')
    expect(tuple(pair, '[nil "a"]')).toBe('[nil "a"]')
    expect(tuple(pair, '[nil nil]')).toBe('[nil nil]')
    expect(tuple(of('float'), '[1 0.1 nil]')).toBe('[#float 1.0 #float 0.1 nil]')
    expect(tuple(of('instant'), '["2014" "2015"]', true)).toContain('#inst "2014-01-01')
    expect(tuple(of('long'), '[1 2 3 4 5 6 7 8]')).toBe('[1 2 3 4 5 6 7 8]')
  })

  it('resolves references, but for composites, which are made of what facts hold', () => {
    expect(tuple(of('ref'), '[:the/one 12]')).toBe('[7 12]')
    const composite: TupleShape = { kind: 'composite', attributes: [1, 2], types: ['ref', 'string'] }
    expect(tuple(composite, '[7 "a"]')).toBe('[7 "a"]')
    expect(refusal(() => tuple(composite, '[:the/one "a"]')).code).toBe('db.error/invalid-tuple-value')
  })

  it.each<[string, TupleShape, string]>([
    ['no vector', pair, '(1 "a")'],
    ['a text', pair, '"ab"'],
    ['one member', of('long'), '[1]'],
    ['no member', of('long'), '[]'],
    ['nine members', of('long'), '[1 2 3 4 5 6 7 8 9]'],
    ['too few members', pair, '[1 nil nil]'],
    ['a member of another type', pair, '["a" "b"]'],
    ['a member that loses something', pair, '[1.5 "b"]'],
    ['a tuple in it', of('long'), '[1 [2 3]]'],
    ['a text that is too long', pair, `[1 "${'x'.repeat(TUPLE_TEXT_LENGTH_MAX + 1)}"]`],
  ])('with %s is refused', (_what, shape, text) => {
    const error = refusal(() => tuple(shape, text))
    expect(error.code).toBe('db.error/invalid-tuple-value')
    expect(error.message).toContain(':a/b')
    expect(error.message.length).toBeLessThan(200)
  })

  it('may hold a text of 255 characters', () => {
    const text = `[1 "${'x'.repeat(TUPLE_TEXT_LENGTH_MAX)}"]`
    expect(tuple(pair, text)).toBe(text)
  })

  it('is itself where its members are of their types, for every type that may stand in one', () => {
    for (const type of VALUE_TYPES) {
      if (type === 'tuple' || type === 'bytes') continue
      const members = fc.array(fc.option(SCALARS[type]), { minLength: 2, maxLength: 8 })
      fc.assert(
        fc.property(members, (made) => {
          expect(take('tuple', made, false, of(type))).toStrictEqual(made)
        }),
        { numRuns: 20 },
      )
    }
  })
})
