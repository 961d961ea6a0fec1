import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readEdn } from '../fact/edn-reader.ts'
import { ednFromJsonText } from '../fact/json-form.ts'
import { EdnList, keyword, symbol } from '../fact/value.ts'
import { forms, scalars } from '../testing/arbitrary-values.ts'
import { queryHashOf } from './pinned.ts'
import { readReceipt, type Receipt, writeReceipt } from './receipt.ts'

const QUERY = '[:find ?x :in $ ?x]'

const ts = fc.dictionary(fc.constantFrom('purchases', 'my-shop', 'b_2'), fc.nat(), {
  minKeys: 1,
  noNullPrototype: true,
})

const hex = fc.nat().map((n) => n.toString(16))

const receipts: fc.Arbitrary<Receipt> = fc.record(
  {
    id: fc.uuid(),
    query: fc.constant(QUERY),
    queryHash: fc.constant(queryHashOf(QUERY)),
    args: fc.array(fc.oneof(scalars, forms), { maxLength: 4 }),
    database: fc.constantFrom('purchases', 'my-shop'),
    basis: ts,
    schemaT: ts,
    limit: fc.nat({ max: 1_000 }),
    procedures: fc.dictionary(fc.constantFrom('finance/days-late#2', 'a.b/c?#1'), hex, {
      minKeys: 1,
      noNullPrototype: true,
    }),
    engine: fc.constantFrom('native', 'duckdb'),
    version: fc.constant('1.2.3'),
    rowCount: fc.nat(),
    truncated: fc.boolean(),
    resultHash: hex.map((text) => `sha256:${text}`),
    asOf: fc.oneof(fc.nat(), fc.date({ noInvalidDate: true })),
    at: fc.date({ noInvalidDate: true }),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'id',
      'query',
      'queryHash',
      'args',
      'basis',
      'schemaT',
      'engine',
      'version',
      'rowCount',
      'truncated',
      'resultHash',
      'at',
    ],
  },
)

describe('a receipt', () => {
  it('comes back exactly from JSON and EDN', () => {
    fc.assert(
      fc.property(receipts, (receipt) => {
        expect(readReceipt(ednFromJsonText(writeReceipt(receipt, 'json'), 'value'))).toStrictEqual(receipt)
        expect(readReceipt(readEdn(writeReceipt(receipt, 'edn')).value)).toStrictEqual(receipt)
      }),
      { numRuns: 200 },
    )
  })

  it('keeps the lists of rules, which JSON has none of', () => {
    const rules = [[new EdnList([symbol('dear'), symbol('?x')]), [symbol('?x'), keyword('item/price'), 9]]]
    const [receipt] = fc.sample(receipts, 1)
    const text = writeReceipt({ ...receipt!, args: [rules] }, 'json')
    expect(readReceipt(ednFromJsonText(text, 'value')).args).toStrictEqual([rules])
  })
})
