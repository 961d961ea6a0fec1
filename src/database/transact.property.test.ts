// The transactor against the model of src/testing/naive-transact.ts, over random schemas, histories and
// transactions. `VARVE_TRANSACT_RUNS` asks for more than the everyday thousand transactions.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { DB_KIND, TX_KIND, kindOf } from '../fact/attribute.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { schemaChoice, schemaOf, transactionChoices, Writer } from '../testing/arbitrary-transactions.ts'
import { NaiveFacts } from '../testing/naive-facts.ts'
import { factOf, naiveTransact, type Fact, type Facts } from '../testing/naive-transact.ts'
import { SpeculativeFacts } from './speculative.ts'
import { bootstrapTransaction, prepareTransaction, type PreparedTransaction } from './transact.ts'

const numRuns = Number(process.env['VARVE_TRANSACT_RUNS'] ?? 250)

const isOwn = ({ e }: Fact): boolean => kindOf(e) !== DB_KIND && kindOf(e) !== TX_KIND

function ownFacts(facts: NaiveFacts): Facts {
  const own = [...facts.match(undefined, undefined, undefined)].filter(isOwn)
  return new Map(own.map(({ e, a, v }) => [factOf({ e, a, v }), { e, a, v }]))
}

function attempt(
  tx: Parameters<typeof prepareTransaction>[0],
  before: FactSource,
): PreparedTransaction | VarveError {
  try {
    return prepareTransaction(tx, { before, nowMs: 1000 })
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
}

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
    let doneCount = 0
    let failedCount = 0
    const codes = new Map<string, number>()
    fc.assert(
      fc.property(schemaChoice, transactionChoices, (schema, choices) => {
        let facts = NaiveFacts.create(bootstrapTransaction(schemaOf(schema)))
        let state = ownFacts(facts)
        const states = [state]
        for (const choice of choices) {
          const entities = [...new Set([...facts.datoms].filter(isOwn).map(({ e }) => e))]
          const held = facts
          const writer = new Writer(facts.schema, entities, (e, a) => [...held.match(e, a, undefined)][0]?.v)
          const written = choice.map((one) => writer.write(one))
          const operations = written.flatMap((one) => one.operations)
          const model = naiveTransact(state, operations, facts.schema, (kind) => held.entityCount(kind))
          const actual = attempt(
            written.map(({ form }) => form),
            facts,
          )
          if (model.kind === 'failed') {
            failedCount++
            expect(actual).toBeInstanceOf(VarveError)
            const { code } = actual as VarveError
            codes.set(code, (codes.get(code) ?? 0) + 1)
            expect([...model.codes]).toContain(code)
            continue
          }
          if (actual instanceof VarveError) throw actual
          doneCount++
          const [txInstant, ...datoms] = actual.datoms
          expect(txInstant).toMatchObject({ t: actual.t, v: new Date(1000), added: true })
          const textOfFacts = (found: Iterable<Fact>): string[] => [...found].map(factOf).sort()
          expect(textOfFacts(datoms.filter(({ added }) => added))).toEqual(textOfFacts(model.added))
          expect(textOfFacts(datoms.filter(({ added }) => !added))).toEqual(textOfFacts(model.retracted))
          for (const [name, e] of actual.tempids) expect(model.tempids.get(name)).toBe(e)
          facts = facts.with(actual.datoms)
          state = model.after
          states.push(state)
        }
        states.forEach((then, t) => {
          expect([...ownFacts(facts.asOf(t)).keys()].sort()).toEqual([...then.keys()].sort())
        })
      }),
      { numRuns },
    )
    // A generator that only makes errors, or none, would prove nothing.
    expect(doneCount).toBeGreaterThan(numRuns / 2)
    expect(failedCount).toBeGreaterThan(numRuns / 4)
    expect(codes.size).toBeGreaterThan(4)
  })

  it('look the same on top of facts as among them', () => {
    fc.assert(
      fc.property(schemaChoice, transactionChoices, fc.nat(6), fc.nat(6), (schema, choices, x, y) => {
        const base = NaiveFacts.create(bootstrapTransaction(schemaOf(schema)))
        let facts = base
        for (const choice of choices) {
          const entities = [...new Set([...facts.datoms].filter(isOwn).map(({ e }) => e))]
          const held = facts
          const writer = new Writer(facts.schema, entities, (e, a) => [...held.match(e, a, undefined)][0]?.v)
          const actual = attempt(
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
