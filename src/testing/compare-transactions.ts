// The transactor against the model of naive-transact.ts, over random schemas, histories and transactions.

import fc from 'fast-check'
import { VarveError } from '../base/errors.ts'
import { DB_KIND, TX_KIND, kindOf } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { bootstrapTransaction, prepareTransaction, type PreparedTransaction } from '../database/transact.ts'
import {
  type OperationChoice,
  type SchemaChoice,
  schemaChoice,
  schemaOf,
  transactionChoices,
  Writer,
} from './arbitrary-transactions.ts'
import { check } from './broken-promise.ts'
import { NaiveFacts } from './naive-facts.ts'
import { type Fact, factOf, type Facts, naiveTransact } from './naive-transact.ts'

export type TransactionCounters = {
  runs: number
  done: number
  failed: number
  readonly codes: Map<string, number>
}

export type TransactionComparison = { readonly runCount: number; readonly seed?: number }

const NOW_MS = 1_000

/** Throws what fast-check found, with the smallest example and its seed. */
export function compareTransactions({ runCount, seed }: TransactionComparison): TransactionCounters {
  const counters: TransactionCounters = { runs: 0, done: 0, failed: 0, codes: new Map() }
  fc.assert(
    fc.property(schemaChoice, transactionChoices, (schema, choices) => {
      counters.runs++
      compareHistory(schema, choices, counters)
    }),
    { numRuns: runCount, ...(seed !== undefined && { seed }) },
  )
  return counters
}

function compareHistory(
  schema: SchemaChoice,
  choices: readonly (readonly OperationChoice[])[],
  counters: TransactionCounters,
): void {
  let facts = NaiveFacts.create(bootstrapTransaction(schemaOf(schema)))
  let state = ownFacts(facts)
  const states = [state]
  for (const choice of choices) {
    const held = facts
    const written = writerOver(facts)
    const forms = choice.map((one) => written.write(one))
    const operations = forms.flatMap((one) => one.operations)
    const model = naiveTransact(state, operations, facts.schema, (kind) => held.entityCount(kind))
    const actual = attemptTransaction(
      forms.map(({ form }) => form),
      facts,
    )
    if (model.kind === 'failed') {
      counters.failed++
      check(actual instanceof VarveError, `done, though it must fail with ${[...model.codes].join(' or ')}`)
      counters.codes.set(actual.code, (counters.codes.get(actual.code) ?? 0) + 1)
      check(model.codes.has(actual.code), `failed with ${actual.code}, not ${[...model.codes].join(' or ')}`)
      continue
    }
    if (actual instanceof VarveError) throw actual
    counters.done++
    checkDatoms(actual, model)
    facts = facts.with(actual.datoms)
    state = model.after
    states.push(state)
  }
  states.forEach((then, t) =>
    same([...ownFacts(facts.asOf(t)).keys()], [...then.keys()], `the facts at t ${t}`),
  )
}

function checkDatoms(
  { t, datoms: [txInstant, ...datoms], tempids }: PreparedTransaction,
  model: Extract<ReturnType<typeof naiveTransact>, { kind: 'done' }>,
): void {
  const isInstant = txInstant?.t === t && (txInstant.v as Date).getTime() === NOW_MS && txInstant.added
  check(isInstant, 'the first datom is the instant')
  same(datoms.filter(({ added }) => added).map(factOf), model.added.map(factOf), 'what is asserted')
  same(datoms.filter(({ added }) => !added).map(factOf), model.retracted.map(factOf), 'what is retracted')
  for (const [name, e] of tempids) check(model.tempids.get(name) === e, `the entity of ${name}`)
}

function same(found: readonly string[], expected: readonly string[], what: string): void {
  const [x, y] = [found, expected].map((texts) => [...texts].sort().join('\n'))
  check(x === y, `${what}:\n${x}\ninstead of\n${y}`)
}

/** Turns choices into operations over the entities that there are. */
export function writerOver(facts: NaiveFacts): Writer {
  const entities = [...new Set([...facts.datoms].filter(isOwn).map(({ e }) => e))]
  return new Writer(facts.schema, entities, (e, a) => [...facts.match(e, a, undefined)][0]?.v)
}

export function attemptTransaction(
  tx: Parameters<typeof prepareTransaction>[0],
  before: FactSource,
): PreparedTransaction | VarveError {
  try {
    return prepareTransaction(tx, { before, nowMs: NOW_MS })
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
}

function isOwn({ e }: Fact): boolean {
  return kindOf(e) !== DB_KIND && kindOf(e) !== TX_KIND
}

function ownFacts(facts: NaiveFacts): Facts {
  const own = [...facts.match(undefined, undefined, undefined)].filter(isOwn)
  return new Map(own.map(({ e, a, v }) => [factOf({ e, a, v }), { e, a, v }]))
}
