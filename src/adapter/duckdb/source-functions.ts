// `missing?`, `get-else` and `get-some` as joins with the facts that they ask.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { Keyword } from '../../fact/value.ts'
import { Refusal } from '../../plan/refusal.ts'
import type { Argument, Binding, Variable } from '../../plan/syntax.ts'
import { type Columns, failure } from './calls.ts'
import { asAny, type Expression, literal } from './expressions.ts'
import type { FactViews } from './fact-views.ts'
import { kindOfValue } from './kinds.ts'
import type { SqlWriter } from './sql-writer.ts'

/** A call without the source that it names first. */
type Call = { readonly name: string; readonly args: readonly Argument[] }

type Setting = { readonly facts: FactSource; readonly views: FactViews }

/** A test that nothing is known of the entity's attribute. */
export function missingTest({ name, args }: Call, columns: Columns, { facts, views }: Setting): string {
  if (name !== 'missing?') throw new Refusal(`${name} as a predicate`)
  const view = views.ofAttribute(facts, attributeNamed(facts, args[1]))
  return `NOT EXISTS (SELECT 1 FROM ${view.name} f WHERE f.e = ${entityOf(args[0], columns).sql})`
}

/** What joins each row with what the source says, and the values that come of it; the first is null where it is nil. */
export function sourceValues(
  call: Call,
  columns: Columns,
  setting: Setting & { readonly writer: SqlWriter },
): { readonly from: string; readonly values: readonly Expression[] } {
  const [entity, ...rest] = call.args
  // In a history the last of several values counts.
  if (setting.facts.isHistory || (call.name !== 'get-else' && call.name !== 'get-some'))
    throw new Refusal(`${call.name} over a history`)
  const names = call.name === 'get-else' ? rest.slice(0, 1) : rest
  const held = names.map((arg) =>
    heldValue(entityOf(entity, columns), attributeNamed(setting.facts, arg), setting),
  )
  const from = held.map(({ join }) => join).join(' ')
  if (call.name === 'get-some') return { from, values: someValues(held) }
  const otherwise = defaultOf(rest[1]!, columns, setting.writer)
  return { from, values: [firstOf([held[0]!.value, otherwise])] }
}

type Held = { readonly attribute: Attribute; readonly value: Expression; readonly join: string }

function heldValue(
  entity: Expression,
  attribute: Attribute,
  { facts, views, writer }: Setting & { readonly writer: SqlWriter },
): Held {
  const view = views.ofAttribute(facts, attribute)
  const name = writer.name('g')
  // In the past the attribute may have had several values.
  const one = `CASE WHEN count(*) > 1 THEN ${failure('several values of one entity')} ELSE any_value(v) END`
  const join = `LEFT JOIN (SELECT e, ${one} AS v FROM ${view.name} GROUP BY e) ${name} ON ${name}.e = ${entity.sql}`
  return { attribute, value: { kind: view.kind, sql: `${name}.v` }, join }
}

/** The first attribute that has a value, and the value. */
function someValues(held: readonly Held[]): readonly Expression[] {
  const cases = held.map(({ attribute, value }) => `WHEN ${value.sql} IS NOT NULL THEN ${attribute.id}`)
  const attribute: Expression = { kind: 'long', sql: `CAST(CASE ${cases.join(' ')} END AS BIGINT)` }
  return [attribute, firstOf(held.map(({ value }) => value))]
}

/** The first that is not null. */
function firstOf(values: readonly Expression[]): Expression {
  const [first] = values
  const { kind } = first!
  if (values.every((value) => value.kind === kind))
    return { kind, sql: `coalesce(${values.map(({ sql }) => sql).join(', ')})` }
  const cases = values.map((value) => `WHEN ${value.sql} IS NOT NULL THEN ${asAny(value).sql}`)
  return { kind: 'any', sql: `CASE ${cases.join(' ')} END` }
}

function defaultOf(arg: Argument, columns: Columns, writer: SqlWriter): Expression {
  if (arg.kind === 'variable') return columns.get(arg.name)!
  if (arg.kind !== 'constant') throw new Refusal('a default that is computed')
  const kind = kindOfValue(arg.value)
  return kind === 'any' ? writer.constant(arg.value) : literal(kind, arg.value)
}

/** The variables that take the parts of a result: one of a value, as many as there are of a vector. */
export function partsOf(binding: Binding, count: number): readonly (Variable | undefined)[] {
  const nameOf = (part: Binding): Variable | undefined => {
    if (part.kind === 'variable') return part.name
    if (part.kind === 'blank') return undefined
    throw new Refusal('the parts of a value of a fact')
  }
  if (count === 1) return [nameOf(binding)]
  if (binding.kind !== 'tuple' || binding.items.length > count)
    throw new Refusal('the result of get-some as a whole')
  return binding.items.map(nameOf)
}

function entityOf(arg: Argument | undefined, columns: Columns): Expression {
  const cell = arg?.kind === 'variable' ? columns.get(arg.name) : undefined
  if (cell?.kind === 'long') return cell
  if (arg?.kind === 'constant' && typeof arg.value === 'number') return literal('long', arg.value)
  throw new Refusal('an entity that is known by name')
}

function attributeNamed(facts: FactSource, arg: Argument | undefined): Attribute {
  const value = arg?.kind === 'constant' ? arg.value : undefined
  const attribute = value instanceof Keyword ? facts.schema.attributeNamed(value) : undefined
  if (attribute === undefined) throw new Refusal('an attribute that only rows know')
  return attribute
}
