// Random values of every type, and random forms made of them, for the round trips of notations and formats.

import fc from 'fast-check'
import { isKeywordText, isSymbolText, isTagText } from '../fact/names.ts'
import type { ValueType } from '../fact/attribute.ts'
import {
  BigInteger,
  Decimal,
  double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  Float,
  keyOf,
  keyword,
  LONG_MAX,
  LONG_MIN,
  long,
  type Scalar,
  symbol,
  Tagged,
  Uri,
  Uuid,
} from '../fact/value.ts'

/** Texts that any encoding can keep, with whatever notations escape among them. */
export const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed()),
  fc.string({
    unit: fc.constantFrom('"', '\\', '\n', '\t', '\b', '\f', '\0', '\u2028', 'é', '😀', ' ', ';'),
  }),
  fc.constantFrom('?x', '$', '%', ':a/b', '_', '*', '.', '...', '', '#kw', 'nil', '2014-11-15', '__proto__'),
)

const part = fc.string({
  unit: fc.constantFrom(..."abzAZ019.+-*!_?$%&=<>|#:'", 'é', '漢', '😀'),
  minLength: 1,
  maxLength: 6,
})
const names = fc.oneof(
  part,
  fc.tuple(part, part).map(([namespace, name]) => `${namespace}/${name}`),
  fc.constantFrom('a/b', 'order/id', 'db.type/ref', '/', 'a//', '+', '-', '...', '*', '_', 'ns.x/y?'),
)
export const keywords = names.filter(isKeywordText).map(keyword)
export const symbols = names.filter(isSymbolText).map(symbol)

export const longs = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: LONG_MIN, max: LONG_MAX }).map(long),
  fc.constantFrom<number | bigint>(LONG_MIN, LONG_MAX, 2 ** 53 - 1, -(2 ** 53) + 1, 2n ** 53n, -(2n ** 53n)),
)
export const doubles = fc.oneof(
  fc.double({ noNaN: true }).map(double),
  fc.integer().map(double),
  fc.constantFrom(0, -0, 1e21, 1e40, 5e-324, 1.7976931348623157e308, 0.1, -1.5e-7).map(double),
)
export const decimals = fc.oneof(
  fc
    .tuple(fc.bigInt({ min: -(10n ** 45n), max: 10n ** 45n }), fc.integer({ min: -60, max: 60 }))
    .map(([digits, exponent]) => new Decimal(`${digits}e${exponent}`).plus(0)),
  fc
    .constantFrom(
      '0',
      '0.1',
      '1.5',
      '-12.50',
      '1e1000',
      '1e-1000',
      `${'9'.repeat(1_000)}e-990`,
      `${'9'.repeat(1_000)}e-1000`,
    )
    .map((text) => new Decimal(text)),
)
export const bigints = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: -(10n ** 300n), max: 10n ** 300n }),
  fc.constantFrom(0n, LONG_MIN, LONG_MAX, 10n ** 999n),
)
const instants = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.constantFrom(-8.64e15, 8.64e15, 0, -1, -62_167_219_200_001).map((ms) => new Date(ms)),
)

/** Values of each type but tuple, as facts hold them: no NaN. */
export const SCALARS: Readonly<Record<Exclude<ValueType, 'tuple'>, fc.Arbitrary<Scalar>>> = {
  string: texts,
  keyword: keywords,
  symbol: symbols,
  boolean: fc.boolean(),
  long: longs,
  bigint: bigints.map((x) => new BigInteger(x)),
  float: fc.float({ noNaN: true }).map((x) => new Float(x)),
  double: doubles,
  bigdec: decimals,
  instant: instants,
  uuid: fc.uuid().map((text) => new Uuid(text)),
  uri: fc.webUrl({ withFragments: true, withQueryParameters: true }).map((text) => new Uri(text)),
  bytes: fc.uint8Array({ maxLength: 20 }),
  ref: fc.nat({ max: 2 ** 45 }),
}

export const scalars: fc.Arbitrary<Scalar> = fc.oneof(...Object.values(SCALARS))

/** Any form that notations can say: what facts hold, NaN, nil, and collections of all that in one another. */
export const forms: fc.Arbitrary<Edn> = fc.letrec<{ form: Edn }>((tie) => {
  const items = fc.array(tie('form'), { maxLength: 5 })
  const distinct = fc.uniqueArray(tie('form'), { maxLength: 5, selector: keyOf })
  const tags = names.filter((text) => isTagText(text) && !/^(?:inst|uuid|uri|bytes|float)$/.test(text))
  return {
    form: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      scalars,
      fc.constantFrom<Edn>(null, NaN, new Float(NaN)),
      items,
      items.map((list) => new EdnList(list)),
      distinct.map((set) => new EdnSet(set)),
      fc
        .uniqueArray(fc.tuple(tie('form'), tie('form')), { maxLength: 4, selector: ([key]) => keyOf(key) })
        .map((entries) => new EdnMap(entries)),
      fc.tuple(tags, tie('form')).map(([tag, value]) => new Tagged(tag, value)),
    ),
  }
}).form
