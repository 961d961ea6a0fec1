import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ByteReader, ByteWriter } from '../base/bytes.ts'
import { entityId, TX_BASE } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { datomsWith, type EntityBlock } from '../fact/entity-block.ts'
import { BigInteger, Float, keyword, type Scalar, type Value } from '../fact/value.ts'
import { SCALARS } from '../testing/arbitrary-values.ts'
import {
  decodeTransactions,
  decodeTransactionsFrom,
  encodeTransaction,
  readFacts,
  type Transaction,
} from './transaction-codec.ts'
import type { Frame } from './transaction-log.ts'
import { readValue } from './value-codec.ts'

const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  ...Object.values(SCALARS),
  fc.string({ unit: 'binary', maxLength: 400 }),
  // The log keeps what no notation says: halves of surrogate pairs, NaN, bigints of any size.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(NaN, new Float(NaN), new BigInteger(10n ** 3_000n)),
)
const values: fc.Arbitrary<Value> = fc.oneof(
  { weight: 9, arbitrary: scalars },
  { weight: 1, arbitrary: fc.array(fc.option(scalars), { maxLength: 8 }) },
)
const transactions = fc.array(
  fc.record({
    txInstantMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
    facts: fc.array(
      fc.record({
        e: fc.tuple(fc.nat(2 ** 20), fc.nat()).map(([kind, index]) => entityId(kind, index)),
        a: fc.nat(),
        v: values,
        added: fc.boolean(),
      }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
)

function packed(written: readonly Transaction[]): Uint8Array {
  const bytes = new ByteWriter(16)
  for (const transaction of written) encodeTransaction(bytes, transaction)
  return bytes.view()
}

/** What a sink is told, as transactions. */
function factsOf(frame: Frame, fromT: number, limitT: number): readonly Transaction[] {
  const told: Transaction[] = []
  let datoms: Datom[] = []
  let about = { t: -1, txInstantMs: 0 }
  readFacts(frame, fromT, limitT, {
    begin: (t, txInstantMs) => {
      about = { t, txInstantMs }
      datoms = []
    },
    fact: (e, a, added, bytes) =>
      void datoms.push({ e, a, v: readValue(bytes, about.txInstantMs), t: about.t, added }),
    end: () => void told.push({ ...about, datoms }),
  })
  return told
}

describe('transactions as bytes', () => {
  it('come back exactly, with every type of value', () => {
    fc.assert(
      fc.property(transactions, fc.nat(2 ** 40), (made, firstT) => {
        const written = made.map(({ txInstantMs, facts }, index): Transaction => {
          const t = firstT + index
          return { t, txInstantMs, datoms: facts.map((fact): Datom => ({ ...fact, t })) }
        })
        const frame = { firstT, lastT: firstT + made.length - 1, epoch: 1, payload: packed(written) }
        expect([...decodeTransactions(frame)]).toStrictEqual(written)
        expect([...decodeTransactionsFrom(frame, firstT + 1)]).toStrictEqual(written.slice(1))
        expect(factsOf(frame, firstT, Infinity)).toStrictEqual(written)
        expect(factsOf(frame, firstT + 1, firstT + 3)).toStrictEqual(written.slice(1, 3))
      }),
      { numRuns: 150 },
    )
  })

  it('hold a block of facts as they hold its datoms', () => {
    const columns = fc.array(
      fc.array(fc.option(scalars, { nil: undefined }), { minLength: 3, maxLength: 3 }),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    const beside = fc.array(fc.constantFrom(3, 50, 99, 103, 104), { maxLength: 3 })
    fc.assert(
      fc.property(columns, beside, fc.boolean(), (made, entities, added) => {
        const t = 7
        const block: EntityBlock = {
          firstEntity: 100,
          entityCount: 3,
          columns: made.map((column, index) => ({ a: 40 + index, values: column })),
          datomCount: made.flat().filter((v) => v !== undefined).length,
        }
        const own = entities.sort((x, y) => x - y).map((e): Datom => ({ e, a: 39, v: 'beside', t, added }))
        const datoms = [{ e: TX_BASE + t, a: 1, v: new Date(0), t, added: true }, ...own]
        const all = datomsWith(block, datoms, t)
        expect(all).toHaveLength(datoms.length + block.datomCount)
        expect(packed([{ t, txInstantMs: 0, datoms, block }])).toEqual(
          packed([{ t, txInstantMs: 0, datoms: all }]),
        )
      }),
      { numRuns: 150 },
    )
  })

  it('are small: a purchase of five facts takes less than eighty bytes', () => {
    const t = 90_000
    const e = entityId(40, 300_000)
    const date = new Date(1_400_000_000_000)
    const facts: [number, number, Value][] = [
      [TX_BASE + t, 1, date],
      [e, 40, 'pur-300000'],
      [e, 41, entityId(50, 1_200)],
      [e, 42, 99_50],
      [e, 43, date],
      [e, 44, keyword('status/open')],
    ]
    const datoms = facts.map(([entity, a, v]): Datom => ({ e: entity, a, v, t, added: true }))
    expect(packed([{ t, txInstantMs: date.getTime(), datoms }]).byteLength).toBeLessThan(80)
  })

  it('fail an assertion where bytes are missing or too many', () => {
    const payload = packed([{ t: 0, txInstantMs: 0, datoms: [] }])
    const frame = { firstT: 0, lastT: 0, epoch: 1, payload }
    expect(() => [...decodeTransactions({ ...frame, lastT: 1 })]).toThrow('are there to be read')
    expect(() => factsOf({ ...frame, lastT: 1 }, 0, Infinity)).toThrow('are there to be read')
    expect(() => [...decodeTransactions({ ...frame, payload: Buffer.concat([payload, payload]) })]).toThrow(
      'from its first to its last t',
    )
    expect(() => factsOf({ ...frame, payload: Buffer.concat([payload, payload]) }, 0, Infinity)).toThrow(
      'from its first to its last t',
    )
  })
})

describe('bytes', () => {
  it('hold whole numbers of any size up to 2^53', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (x) => {
        const bytes = new ByteWriter(1)
        bytes.signedVarint(x)
        bytes.varint(Math.abs(x))
        const reader = new ByteReader(bytes.view())
        expect(reader.signedVarint()).toBe(x === 0 ? 0 : x)
        expect(reader.varint()).toBe(Math.abs(x))
        expect(reader.isAtEnd).toBe(true)
      }),
    )
  })
})
