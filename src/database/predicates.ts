// Predicates that the schema names: of attributes, on one value; of entity specs, on an entity of the database
// after. They are functions registered in this process, or one of those that every database knows.

import type { Attribute } from '../fact/attribute.ts'
import { DB_ENTITY_ATTRS, DB_ENTITY_PREDS } from '../fact/bootstrap.ts'
import type { FactSource } from '../fact/datom.ts'
import {
  BigInteger,
  Keyword,
  numberType,
  toDouble,
  type Edn,
  type EdnSymbol,
  type Value,
} from '../fact/value.ts'
import * as errors from './errors.ts'
import type { AttributePredicate, FunctionRegistry } from './functions.ts'
import type { Ensure } from './transact-changes.ts'

const BUILTIN_PREDICATES: ReadonlyMap<string, (value: Edn) => boolean> = new Map<
  string,
  (value: Edn) => boolean
>([
  ['pos?', (value) => numberType(value) !== undefined && toDouble(value) > 0],
  ['neg?', (value) => numberType(value) !== undefined && toDouble(value) < 0],
  ['zero?', (value) => numberType(value) !== undefined && toDouble(value) === 0],
  ['even?', (value) => remainderOfTwo(value) === 0],
  ['odd?', (value) => remainderOfTwo(value) === 1],
  ['string?', (value) => typeof value === 'string'],
  ['keyword?', (value) => value instanceof Keyword],
  ['number?', (value) => numberType(value) !== undefined],
  ['boolean?', (value) => typeof value === 'boolean'],
  ['inst?', (value) => value instanceof Date],
  ['some?', (value) => value !== null],
  ['true?', (value) => value === true],
  ['false?', (value) => value === false],
])

export function checkAttributePredicates(attribute: Attribute, v: Value, functions: FunctionRegistry): void {
  for (const { text } of attribute.predicates) {
    const answer = attributePredicate(text, functions)(v)
    if (answer !== true) {
      throw errors.attributePredicateFailed(attribute, text, errors.shown(v), String(answer))
    }
  }
}

/** Judges an entity that a transaction ensured, by the facts after it. */
export function checkEnsured({ e, spec }: Ensure, after: FactSource, functions: FunctionRegistry): void {
  const name = String(after.schema.identOf(spec) ?? spec)
  const missing: string[] = []
  for (const { v } of after.match(spec, DB_ENTITY_ATTRS, undefined)) {
    const attribute = after.schema.attributeNamed(v as Keyword)
    if (attribute === undefined || isEmpty(after.match(e, attribute.id, undefined))) missing.push(String(v))
  }
  if (missing.length > 0) throw errors.entityAttributesMissing(e, name, missing)
  for (const { v } of after.match(spec, DB_ENTITY_PREDS, undefined)) {
    const { text } = v as EdnSymbol
    const registered = functions.get(text)
    if (registered?.kind !== 'entity-predicate') throw errors.predicateUnknown(text)
    const answer: unknown = registered.run(after, e)
    if (answer !== true) throw errors.entityPredicateFailed(e, name, text, String(answer))
  }
}

/** The names that may stand as attribute predicates in any database. */
export function isBuiltinPredicate(name: string): boolean {
  return builtinPredicate(name) !== undefined
}

function attributePredicate(name: string, functions: FunctionRegistry): AttributePredicate {
  const registered = functions.get(name)
  if (registered?.kind === 'attribute-predicate') return registered.run
  const builtin = builtinPredicate(name)
  if (builtin === undefined) throw errors.predicateUnknown(name)
  return builtin
}

function builtinPredicate(name: string): AttributePredicate | undefined {
  return BUILTIN_PREDICATES.get(name.startsWith('clojure.core/') ? name.slice('clojure.core/'.length) : name)
}

/** 0 or 1 of an integer of any type, else undefined. */
function remainderOfTwo(value: Edn): number | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? Math.abs(value % 2) : undefined
  if (typeof value === 'bigint') return Number(value & 1n)
  if (value instanceof BigInteger) return Number(value.value & 1n)
  return undefined
}

function isEmpty(datoms: Iterable<unknown>): boolean {
  for (const _ of datoms) return false
  return true
}
