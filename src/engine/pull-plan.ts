// What a pull pattern asks for, resolved against a schema once for pulling many entities.

import { unreachable } from '../base/assert.ts'
import type { Place, Warning } from '../base/errors.ts'
import type { Attribute, AttributeId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, keyOf, keyword } from '../fact/value.ts'
import { attributeUnknown } from '../plan/entity-errors.ts'
import { pullKeyTwice } from '../plan/errors.ts'
import { functionNamed } from '../plan/functions.ts'
import { show } from '../plan/show.ts'
import type { PullAttribute, PullPattern } from '../plan/syntax.ts'
import { Budget } from './budget.ts'
import { VALUE_FUNCTIONS } from './functions.ts'
import { AttributeReader } from './native/attribute-reader.ts'
import { pullNotReference, xformUnknown } from './pull-errors.ts'

export const DB_ID = keyword('db/id')

export type PullOptions = {
  /** A function that `:xform` names, beside the built-in ones of one argument. */
  readonly xform?: (name: string) => ((value: Edn) => Edn) | undefined
  /** Entities that the pull may reach, each counted as often as it is met. */
  readonly entityCountMax?: number
  /** Of the question that the pull is part of. */
  readonly budget?: Budget
  /** Told once for each attribute that the default limit cut. */
  readonly warn?: (warning: Warning) => void
}

/** One attribute of a pattern, resolved against a schema. */
export type PullStep = {
  readonly asked: PullAttribute
  readonly attribute: Attribute
  readonly reader: AttributeReader
  /** One value, not a vector: cardinality one, or the owner of a component. */
  readonly isSingle: boolean
  readonly xform: ((value: Edn) => Edn) | undefined
  readonly follows: Follows
}

/** What becomes of the values of a step. */
export type Follows =
  /** They stand as they are. */
  | { readonly kind: 'value' }
  /** They are entities, and stand as `{:db/id …}`. */
  | { readonly kind: 'reference' }
  /** They are entities that belong to this one, and stand as all that is known of them. */
  | { readonly kind: 'component' }
  | { readonly kind: 'nested'; readonly plan: PullPlan }
  /** The plan of the step itself; `index` is its place among the recursive steps of that plan. */
  | { readonly kind: 'recursion'; readonly index: number }

export type PullPlan = {
  readonly wildcard: boolean
  /** Nothing leads to entities beyond those that the pattern itself spells out: no recursion, no components. */
  readonly isPlain: boolean
  /** The keys that `:db/id` is asked under, none where it is not asked. */
  readonly idKey: Edn | undefined
  readonly steps: readonly PullStep[]
  /** Attributes that the wildcard leaves to a step of their own. */
  readonly overridden: ReadonlySet<AttributeId>
  /** Depths of the recursive steps, in their order. */
  readonly depths: readonly number[]
}

/** All that is known of an entity. */
export const WHOLE: PullPlan = {
  wildcard: true,
  isPlain: false,
  idKey: DB_ID,
  steps: [],
  overridden: new Set(),
  depths: [],
}

/** Checks a pattern against the schema of the facts. */
export function pullPlan(facts: FactSource, pattern: PullPattern, options: PullOptions): PullPlan {
  const { schema } = facts
  const depths: number[] = []
  const steps: PullStep[] = []
  let idKey: Edn | undefined = pattern.wildcard ? DB_ID : undefined
  for (const asked of pattern.attributes) {
    if (asked.attribute === DB_ID && !asked.isReverse) idKey = asked.key
    else steps.push(stepOf(facts, asked, options, depths))
  }
  const overridden = new Set(
    steps.filter(({ asked }) => !asked.isReverse).map(({ attribute }) => attribute.id),
  )
  if (pattern.wildcard) refuseClashes(schema, steps, overridden)
  const isPlain =
    !pattern.wildcard && steps.every(({ follows: { kind } }) => kind !== 'recursion' && kind !== 'component')
  return { wildcard: pattern.wildcard, isPlain, idKey, steps, overridden, depths }
}

function stepOf(facts: FactSource, asked: PullAttribute, options: PullOptions, depths: number[]): PullStep {
  const { schema } = facts
  const attribute = schema.attributeNamed(asked.attribute)
  if (attribute === undefined) throw attributeUnknown(asked.attribute, schema, asked.place)
  const { nested } = asked
  if (attribute.valueType !== 'ref' && (asked.isReverse || nested.kind !== 'none')) {
    throw pullNotReference(attribute.ident.toString(), asked.place)
  }
  return {
    asked,
    attribute,
    reader: new AttributeReader(facts, attribute, options.budget ?? Budget.unbounded()),
    isSingle: asked.isReverse ? attribute.isComponent : attribute.cardinality === 'one',
    xform: asked.xform === undefined ? undefined : xformOf(asked.xform, options, asked.place),
    follows: followsOf(facts, attribute, asked, { options, depths }),
  }
}

function followsOf(
  facts: FactSource,
  attribute: Attribute,
  { nested, isReverse }: PullAttribute,
  { options, depths }: { readonly options: PullOptions; readonly depths: number[] },
): Follows {
  switch (nested.kind) {
    case 'pattern':
      return { kind: 'nested', plan: pullPlan(facts, nested.pattern, options) }
    case 'recursion':
      return { kind: 'recursion', index: depths.push(nested.depth) - 1 }
    case 'none':
      if (attribute.valueType !== 'ref') return { kind: 'value' }
      return { kind: attribute.isComponent && !isReverse ? 'component' : 'reference' }
    default:
      return unreachable(nested)
  }
}

function xformOf(name: string, options: PullOptions, place: Place | undefined): (value: Edn) => Edn {
  const xform = options.xform?.(name)
  if (xform !== undefined) return xform
  const builtin = functionNamed(name)
  const ofValue = VALUE_FUNCTIONS.get(builtin?.name ?? '')
  if (builtin === undefined || ofValue === undefined || builtin.argumentCountMin > 1)
    throw xformUnknown(name, place)
  return (value) => ofValue([value])
}

/** The wildcard may bring an attribute under the very key that a step was given by `:as`. */
function refuseClashes(
  schema: Schema,
  steps: readonly PullStep[],
  overridden: ReadonlySet<AttributeId>,
): void {
  const keys = new Map(steps.map(({ asked }) => [keyOf(asked.key), asked]))
  for (const { id, ident } of schema.attributes()) {
    const clash = overridden.has(id) ? undefined : keys.get(ident)
    if (clash !== undefined) throw pullKeyTwice(show(clash.key), clash.place)
  }
}
