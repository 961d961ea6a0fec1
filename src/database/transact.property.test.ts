// The transactor against the model of src/testing/naive-transact.ts, over random schemas, histories and
// transactions: some thousand of them. `npm run torture` goes on to millions.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { schemaChoice, schemaOf, transactionChoices } from '../testing/arbitrary-transactions.ts'
import { attemptTransaction, compareTransactions, writerOver } from '../testing/compare-transactions.ts'
import { NaiveFacts } from '../testing/naive-facts.ts'
import { factOf } from '../testing/naive-transact.ts'
import { SpeculativeFacts } from './speculative.ts'
import { bootstrapTransaction } from './transact.ts'

const numRuns = 250

const textOf = (datoms: Iterable<Datom>): string[] =>
  [...datoms].map((datom) => `${factOf(datom)} ${datom.t} ${datom.added}`)

function expectSameFacts(actual: FactSource, expected: NaiveFacts): void {
  const [some] = expected.match(undefined, undefined, undefined)
  expect(textOf(actual.match(undefined, undefined, undefined))).toEqual(
    textOf(expected.match(undefined, undefined, undefined)),
  )
  for (const index of ['eavt', 'aevt', 'avet', 'vaet'] as const) {
    expect(textOf(actual.range(index, { prefix: [] }))).toEqual(textOf(expected.range(index, { prefix: [] })))
  }
  if (some !== undefined) {
    expect(textOf(actual.match(some.e, undefined, undefined))).toEqual(
      textOf(expected.match(some.e, undefined, undefined)),
    )
  }
  expect(actual.basisT).toBe(expected.basisT)
  expect(actual.tAt(1000)).toBe(expected.tAt(1000))
}

describe('transactions', () => {
  it('do what the model says', () => {
    const { done, failed, codes } = compareTransactions({ runCount: numRuns })
    // A generator that only makes errors, or none, would prove nothing.
    expect(done).toBeGreaterThan(numRuns / 2)
    expect(failed).toBeGreaterThan(numRuns / 4)
    expect(codes.size).toBeGreaterThan(4)
  })

  it('look the same on top of facts as among them', () => {
    fc.assert(
      fc.property(schemaChoice, transactionChoices, fc.nat(6), fc.nat(6), (schema, choices, x, y) => {
        const base = NaiveFacts.create(bootstrapTransaction(schemaOf(schema)))
        let facts = base
        for (const choice of choices) {
          const writer = writerOver(facts)
          const actual = attemptTransaction(
            choice.map((one) => writer.write(one).form),
            facts,
          )
          if (!(actual instanceof VarveError)) facts = facts.with(actual.datoms)
        }
        const above = facts.datoms.filter(({ t }) => t > base.basisT)
        const speculative = new SpeculativeFacts(base, above)
        expectSameFacts(speculative, facts)
        expectSameFacts(speculative.history(), facts.history())
        expectSameFacts(speculative.asOf(x), facts.asOf(x))
        expectSameFacts(speculative.since(y).asOf(x), facts.asOf(x).since(y))
        expectSameFacts(speculative.history().since(y), facts.history().since(y))
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    )
  })
})
