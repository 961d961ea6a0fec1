// Functions that a program registers under a name, written against plain JavaScript: transaction functions and
// predicates, which the writer calls, and functions for `:xform` of pull. They run in this process and are no part
// of any database: whoever writes must register them again.

import { ASK_LIMITS } from '../query/ask.ts'
import { argumentCountWrong, sourceMissing } from '../query/ask-errors.ts'
import { checkRules } from '../query/check-rules.ts'
import { parsedPattern, parsedQuery } from '../query/parsed.ts'
import { parseRules } from '../query/parse-rules.ts'
import type { FunctionRegistry, RegisteredFunction } from '../database/functions.ts'
import type { EngineOptions } from '../engine/question.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { pull } from '../engine/pull.ts'
import { shapeAnswer } from '../engine/shape.ts'
import type { FactSource } from '../fact/datom.ts'
import { formFromData } from '../fact/json-form.ts'
import { toPlain } from '../fact/plain.ts'
import type { Edn } from '../fact/value.ts'
import type { EngineInput } from '../plan/engine.ts'
import { LocalEntity } from './entity.ts'
import { argumentForm, entityForm, formOf } from '../interface/forms.ts'
import type { Entity } from '../interface/types/interfaces.ts'

/** The database that a function sees. Reads are synchronous: the function runs inside the transaction. */
export interface FunctionDb {
  readonly basisT: number
  /** Asks this database alone; results have the shapes of `Db.q`, a relation being an array of rows. */
  q(query: unknown, ...args: readonly unknown[]): unknown
  pull(pattern: unknown, eid: unknown): unknown
  /** Null where the reference names nobody. */
  entity(eid: unknown): Entity | null
}

/** Made by `transactionFunction`, `attributePredicate`, `entityPredicate` or `xform`. */
export type NamedFunction =
  | {
      readonly kind: 'transaction'
      readonly run: (db: FunctionDb, args: readonly unknown[]) => readonly unknown[]
    }
  | { readonly kind: 'attribute-predicate'; readonly run: (value: unknown) => boolean | string }
  | { readonly kind: 'entity-predicate'; readonly run: (db: FunctionDb, entity: number) => boolean | string }
  | { readonly kind: 'xform'; readonly run: (value: unknown) => unknown }

/** By the name that transactions, schemas and patterns call them with: a symbol, such as `account/withdraw`. */
export type NamedFunctions = { readonly [name: string]: NamedFunction }

/**
 * A function that transactions call as `['account/withdraw', account, 500]`. It sees the database before the
 * transaction and gives operations; what it throws refuses the transaction.
 */
export function transactionFunction(
  run: (db: FunctionDb, ...args: never[]) => readonly unknown[],
): NamedFunction {
  // The types of its arguments are a promise of who writes the transactions; only the function can check them.
  return { kind: 'transaction', run: (db, args) => run(db, ...(args as never[])) }
}

/** For `:db.attr/preds`: true allows the value; false, or a text that says why not, refuses the transaction. */
export function attributePredicate(run: (value: unknown) => boolean | string): NamedFunction {
  return { kind: 'attribute-predicate', run }
}

/** For `:db.entity/preds`: judges an entity of the database after the transaction. */
export function entityPredicate(run: (db: FunctionDb, entity: number) => boolean | string): NamedFunction {
  return { kind: 'entity-predicate', run }
}

/** For `:xform` of pull: what stands in the result instead of the value. */
export function xform(run: (value: unknown) => unknown): NamedFunction {
  return { kind: 'xform', run }
}

export type Xforms = ReadonlyMap<string, (value: Edn) => Edn>

/** What the writer calls. */
export function registryOf(functions: NamedFunctions, engine: EngineOptions): FunctionRegistry {
  const registry = new Map<string, RegisteredFunction>()
  for (const [name, named] of Object.entries(functions)) {
    const registered = registeredFunction(named, engine)
    if (registered !== undefined) registry.set(name, registered)
  }
  return registry
}

/** What pull calls. */
export function xformsOf(functions: NamedFunctions): Xforms {
  const xforms = new Map<string, (value: Edn) => Edn>()
  for (const [name, named] of Object.entries(functions)) {
    if (named.kind === 'xform') xforms.set(name, (value) => formFromData(named.run(toPlain(value)), 'value'))
  }
  return xforms
}

function registeredFunction(named: NamedFunction, engine: EngineOptions): RegisteredFunction | undefined {
  switch (named.kind) {
    case 'transaction':
      return {
        kind: 'transaction',
        run: (facts, ...args) =>
          formFromData(named.run(functionDb(facts, engine), args.map(toPlain)), 'transaction'),
      }
    case 'attribute-predicate':
      return { kind: 'attribute-predicate', run: (value) => named.run(toPlain(value)) }
    case 'entity-predicate':
      return {
        kind: 'entity-predicate',
        run: (facts, entity) => named.run(functionDb(facts, engine), entity),
      }
    case 'xform':
      return undefined
  }
}

function functionDb(facts: FactSource, engine: EngineOptions): FunctionDb {
  return {
    basisT: facts.basisT,
    q: (query, ...args) =>
      toPlain(
        answerFrom(facts, formOf(query, 'query'), args.map(argumentForm), {
          engine,
          timeoutMs: ASK_LIMITS.timeoutMs,
        }),
      ),
    pull: (pattern, eid) => {
      const result = pull(facts, parsedPattern(formOf(pattern, 'pattern')), entityForm(eid, facts.schema))
      return result === null ? null : toPlain(result)
    },
    entity: (eid) => LocalEntity.of(facts, entityForm(eid, facts.schema)) as Entity | null,
  }
}

/** How a function asks: by whom, and how long that may take. */
export type AskingNow = { readonly engine: EngineOptions; readonly timeoutMs: number }

/** What a query says of these facts alone, at once. */
export function answerFrom(
  facts: FactSource,
  form: Edn,
  args: readonly Edn[],
  { engine, timeoutMs }: AskingNow,
): Edn {
  const parsed = parsedQuery(form)
  const rest = [...args]
  const inputs = parsed.query.inputs.map((input): EngineInput => {
    if (input.kind === 'source') {
      if (input.name !== '$') throw sourceMissing(input.name)
      return { kind: 'facts', facts }
    }
    const value = rest.shift()
    if (value === undefined) throw argumentCountWrong(parsed.query.inputs, args.length)
    return input.kind === 'rules'
      ? { kind: 'rules', rules: parseRules(value, parsed.placeOf) }
      : { kind: 'value', value }
  })
  if (rest.length > 0) throw argumentCountWrong(parsed.query.inputs, args.length)
  const rules = inputs.find((input) => input.kind === 'rules')?.rules ?? new Map()
  const query = checkRules(parsed.query, rules)
  const [foreign] = query.catalogSources.filter((name) => name !== '$')
  if (foreign !== undefined) throw sourceMissing(foreign)
  const limits = {
    deadlineMs: engine.clock.nowMs() + timeoutMs,
    rowCountMax: ASK_LIMITS.rowCountMax,
    memoryBytesMax: ASK_LIMITS.memoryBytes,
  }
  const answer = nativeAnswer({ query, inputs, catalog: new Map([['$', facts]]), limits }, engine)
  return shapeAnswer(query, answer)
}
