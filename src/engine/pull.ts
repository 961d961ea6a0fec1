// Pull: what a pattern describes of one entity, as nested maps.
//
// A pattern is prepared once against a schema and then walked over facts. The walk keeps its own stack, so that
// chains of a hundred thousand entities need no deep recursion of functions; how many entities one pull may
// reach is bounded, since a net of references unfolds into far more paths than it has entities.

import { isPlanted } from '../base/planted.ts'
import type { Place, Warning } from '../base/errors.ts'
import type { Attribute, AttributeId, EntityId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, EdnMap, keyOf, keyword, type Value } from '../fact/value.ts'
import { pullKeyTwice } from '../plan/errors.ts'
import { functionNamed } from '../plan/functions.ts'
import { show } from '../plan/show.ts'
import type { PullAttribute, PullPattern } from '../plan/syntax.ts'
import { attributeUnknown } from '../plan/entity-errors.ts'
import { findEntity } from '../plan/entity.ts'
import { VALUE_FUNCTIONS } from './functions.ts'
import {
  historyHasNoEntities,
  pullNotReference,
  pullTooLarge,
  pullWasCut,
  xformUnknown,
} from './pull-errors.ts'

/** Values of one attribute that a pull gives where the pattern does not say: Datomic's bound. */
const LIMIT_DEFAULT = 1000
/** Entities that one pull may reach, those met several times counted each time. */
export const PULL_ENTITY_COUNT_MAX = 1_000_000

const DB_ID = keyword('db/id')

export type PullOptions = {
  /** A function that `:xform` names, beside the built-in ones of one argument. */
  readonly xform?: (name: string) => ((value: Edn) => Edn) | undefined
  /** Entities that the pull may reach, each counted as often as it is met. */
  readonly entityCountMax?: number
  /** Called for every entity: whoever gives up throws. */
  readonly step?: () => void
  /** Told once for each attribute that the default limit cut. */
  readonly warn?: (warning: Warning) => void
}

/** What the pattern describes of the entity (an id, an ident, a lookup ref); null where nothing is found. */
export function pull(
  facts: FactSource,
  pattern: PullPattern,
  entity: Edn,
  options: PullOptions = {},
): EdnMap | null {
  return preparePull(facts, pattern, options)(entity)
}

/** Checks the pattern against the schema once, for pulling many entities. */
export function preparePull(
  facts: FactSource,
  pattern: PullPattern,
  options: PullOptions = {},
): (entity: Edn) => EdnMap | null {
  if (facts.isHistory) throw historyHasNoEntities()
  const plan = planOf(facts.schema, pattern, options)
  const cutSeen = new Set<AttributeId>()
  return (entity) => {
    const id = findEntity(facts, entity)
    return id === undefined ? defaultsOf(plan) : new Walk(facts, options, cutSeen, false).pull(plan, id)
  }
}

/**
 * Everything known of an entity: `:db/id`, each attribute under its present name, several values as a vector in
 * index order, components whole. Another entity is its ident where it has one, else `{:db/id …}`. null where
 * a name or a lookup ref means nobody.
 */
export function entityMap(facts: FactSource, entity: Edn, options: PullOptions = {}): EdnMap | null {
  if (facts.isHistory) throw historyHasNoEntities()
  const id = findEntity(facts, entity)
  return id === undefined ? null : new Walk(facts, options, new Set(), true).pull(WHOLE, id)
}

/** One attribute of a pattern, resolved against a schema. */
type Step = {
  readonly asked: PullAttribute
  readonly attribute: Attribute
  /** One value, not a vector: cardinality one, or the owner of a component. */
  readonly isSingle: boolean
  readonly xform: ((value: Edn) => Edn) | undefined
  readonly nested: Plan | undefined
  /** Place among the recursive steps of its plan; −1 for all others. */
  readonly recursionIndex: number
}

type Plan = {
  readonly wildcard: boolean
  /** The keys that `:db/id` is asked under, none where it is not asked. */
  readonly idKey: Edn | undefined
  readonly steps: readonly Step[]
  /** Attributes that the wildcard leaves to a step of their own. */
  readonly overridden: ReadonlySet<AttributeId>
  /** Depths of the recursive steps, in their order. */
  readonly depths: readonly number[]
}

const WHOLE: Plan = { wildcard: true, idKey: DB_ID, steps: [], overridden: new Set(), depths: [] }

function planOf(schema: Schema, pattern: PullPattern, options: PullOptions): Plan {
  const depths: number[] = []
  const steps: Step[] = []
  let idKey: Edn | undefined = pattern.wildcard ? DB_ID : undefined
  for (const asked of pattern.attributes) {
    if (asked.attribute === DB_ID && !asked.isReverse) idKey = asked.key
    else steps.push(stepOf(schema, asked, options, depths))
  }
  const overridden = new Set(
    steps.filter(({ asked }) => !asked.isReverse).map(({ attribute }) => attribute.id),
  )
  if (pattern.wildcard) refuseClashes(schema, steps, overridden)
  return { wildcard: pattern.wildcard, idKey, steps, overridden, depths }
}

function stepOf(schema: Schema, asked: PullAttribute, options: PullOptions, depths: number[]): Step {
  const attribute = schema.attributeNamed(asked.attribute)
  if (attribute === undefined) throw attributeUnknown(asked.attribute, schema, asked.place)
  const { nested } = asked
  if (attribute.valueType !== 'ref' && (asked.isReverse || nested.kind !== 'none')) {
    throw pullNotReference(attribute.ident.toString(), asked.place)
  }
  return {
    asked,
    attribute,
    isSingle: asked.isReverse ? attribute.isComponent : attribute.cardinality === 'one',
    xform: asked.xform === undefined ? undefined : xformOf(asked.xform, options, asked.place),
    nested: nested.kind === 'pattern' ? planOf(schema, nested.pattern, options) : undefined,
    recursionIndex: nested.kind === 'recursion' ? depths.push(nested.depth) - 1 : -1,
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
function refuseClashes(schema: Schema, steps: readonly Step[], overridden: ReadonlySet<AttributeId>): void {
  const keys = new Map(steps.map(({ asked }) => [keyOf(asked.key), asked]))
  for (const { id, ident } of schema.attributes()) {
    const clash = overridden.has(id) ? undefined : keys.get(ident)
    if (clash !== undefined) throw pullKeyTwice(show(clash.key), clash.place)
  }
}

/** Of nobody, only defaults can be told. */
function defaultsOf({ steps }: Plan): EdnMap | null {
  const entries: (readonly [Edn, Edn])[] = []
  for (const { asked } of steps) if (asked.default !== undefined) entries.push([asked.key, asked.default])
  return entries.length === 0 ? null : new EdnMap(entries)
}

/** Entities on the way from where a recursion, or a tree of components, began. */
type Path = Set<EntityId>

type Frame = {
  readonly plan: Plan
  readonly entity: EntityId
  readonly path: Path
  /** True where `path` holds components rather than a recursion of the plan. */
  readonly isComponent: boolean
  /** The entity was met on this path before: its attributes once more, and no further. */
  readonly isAgain: boolean
  /** What is left of each recursion of the plan. */
  readonly depths: readonly number[]
  /** Where the finished map goes. */
  readonly slot: Slot
}

/** One attribute of a map in the making; its values are all there once the frames above are done. */
type Slot = {
  readonly key: Edn
  readonly step: Step | undefined
  readonly isSingle: boolean
  readonly values: (Edn | undefined)[]
}

type Task =
  | { readonly kind: 'open'; readonly frame: Frame; readonly index: number }
  | { readonly kind: 'close'; readonly frame: Frame; readonly index: number; readonly slots: readonly Slot[] }

class Walk {
  readonly #facts: FactSource
  readonly #options: PullOptions
  readonly #cutSeen: Set<AttributeId>
  /** References to entities with an ident become that ident. */
  readonly #namesEntities: boolean
  readonly #tasks: Task[] = []
  #entityCount = 0

  constructor(facts: FactSource, options: PullOptions, cutSeen: Set<AttributeId>, namesEntities: boolean) {
    this.#facts = facts
    this.#options = options
    this.#cutSeen = cutSeen
    this.#namesEntities = namesEntities
  }

  pull(plan: Plan, entity: EntityId): EdnMap | null {
    const result: Slot = { key: null, step: undefined, isSingle: true, values: [undefined] }
    const { depths } = plan
    const frame: Frame = {
      plan,
      entity,
      path: new Set(),
      isComponent: false,
      isAgain: false,
      depths,
      slot: result,
    }
    this.#tasks.push({ kind: 'open', frame, index: 0 })
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      if (task.kind === 'open') this.#open(task.frame, task.index)
      else this.#close(task.frame, task.index, task.slots)
    }
    const [map] = result.values
    return map instanceof EdnMap ? map : null
  }

  /** Reads one entity's values; entities to follow are put on the stack, above the task that joins them. */
  #open(frame: Frame, index: number): void {
    const { entityCountMax = PULL_ENTITY_COUNT_MAX } = this.#options
    if (++this.#entityCount > entityCountMax) throw pullTooLarge(entityCountMax)
    this.#options.step?.()
    const { plan, entity, path, isAgain } = frame
    if (!isAgain) path.add(entity)
    const slots: Slot[] = []
    const children: Task[] = []
    if (plan.idKey !== undefined) {
      slots.push({ key: plan.idKey, step: undefined, isSingle: true, values: [entity] })
    }
    if (plan.wildcard) this.#readAll(frame, slots, children)
    for (const step of plan.steps) this.#readStep(frame, step, slots, children)
    this.#tasks.push({ kind: 'close', frame, index, slots })
    for (const child of children.reverse()) this.#tasks.push(child)
  }

  #close({ entity, path, isAgain, slot }: Frame, index: number, slots: readonly Slot[]): void {
    if (!isAgain) path.delete(entity)
    const entries: (readonly [Edn, Edn])[] = []
    for (const made of slots) {
      const value = valueOf(made)
      if (value !== undefined) entries.push([made.key, value])
    }
    slot.values[index] = entries.length === 0 ? undefined : new EdnMap(entries)
  }

  #readAll(frame: Frame, slots: Slot[], children: Task[]): void {
    let slot: Slot | undefined
    let attribute: Attribute | undefined
    for (const { a, v } of this.#facts.match(frame.entity, undefined, undefined)) {
      if (frame.plan.overridden.has(a)) continue
      if (attribute?.id !== a) {
        attribute = this.#facts.schema.attribute(a)
        if (attribute === undefined) continue
        slot = {
          key: attribute.ident,
          step: undefined,
          isSingle: attribute.cardinality === 'one',
          values: [],
        }
        slots.push(slot)
      }
      if (slot!.values.length < LIMIT_DEFAULT) this.#addPlain(frame, attribute, slot!, v, children)
      else this.#warnCut(attribute, attribute.ident.toString(), undefined)
    }
  }

  #readStep(frame: Frame, step: Step, slots: Slot[], children: Task[]): void {
    const slot: Slot = { key: step.asked.key, step, isSingle: step.isSingle, values: [] }
    slots.push(slot)
    for (const v of this.#values(frame.entity, step)) {
      if (step.nested !== undefined) {
        const { depths } = step.nested
        this.#follow(slot, v, children, {
          plan: step.nested,
          path: new Set(),
          isComponent: false,
          isAgain: false,
          depths,
        })
      } else if (step.recursionIndex >= 0) this.#recur(frame, step, slot, v as EntityId, children)
      else if (step.asked.isReverse) slot.values.push(this.#reference(v as EntityId))
      else this.#addPlain(frame, step.attribute, slot, v, children)
    }
  }

  /** The values of one step, as many as its limit allows. */
  #values(entity: EntityId, { asked, attribute, isSingle }: Step): readonly Value[] {
    const more = isPlanted('pull-one-more-than-the-limit') ? 1 : 0
    const limit = isSingle ? 1 : (asked.limit ?? Infinity) + more
    const values: Value[] = []
    const found = asked.isReverse
      ? this.#facts.match(undefined, attribute.id, entity)
      : this.#facts.match(entity, attribute.id, undefined)
    for (const { e, v } of found) {
      if (values.length === limit) {
        if (!isSingle && !asked.isLimitGiven) this.#warnCut(attribute, show(asked.key), asked.place)
        break
      }
      values.push(asked.isReverse ? e : v)
    }
    return values
  }

  /** A value that no pattern follows: components are whole all the same. */
  #addPlain(frame: Frame, attribute: Attribute, slot: Slot, v: Value, children: Task[]): void {
    if (attribute.valueType !== 'ref') {
      slot.values.push(v)
      return
    }
    const target = v as EntityId
    const isNamed = this.#namesEntities && this.#facts.schema.identOf(target) !== undefined
    const path = frame.isComponent ? frame.path : new Set([frame.entity])
    if (!attribute.isComponent || isNamed || path.has(target)) slot.values.push(this.#reference(target))
    else
      this.#follow(slot, target, children, {
        plan: WHOLE,
        path,
        isComponent: true,
        isAgain: false,
        depths: [],
      })
  }

  /**
   * Down one more step of a recursion, unless it ends here: at its bound, or below an entity that was met again.
   * Where it ends nothing is said, or only the id if the pattern asks for ids.
   */
  #recur(frame: Frame, step: Step, slot: Slot, target: EntityId, children: Task[]): void {
    const { plan, path, isAgain, depths } = frame
    const depth = depths[step.recursionIndex]!
    if (isAgain || depth === (isPlanted('pull-recursion-one-short') ? 1 : 0)) {
      if (plan.idKey !== undefined) slot.values.push(new EdnMap([[plan.idKey, target]]))
      return
    }
    const left = depth === Infinity ? depths : depths.with(step.recursionIndex, depth - 1)
    this.#follow(slot, target, children, {
      plan,
      path,
      isComponent: false,
      isAgain: path.has(target),
      depths: left,
    })
  }

  #follow(slot: Slot, target: Value, children: Task[], rest: Omit<Frame, 'entity' | 'slot'>): void {
    const index = slot.values.push(undefined) - 1
    children.push({ kind: 'open', frame: { ...rest, entity: target as EntityId, slot }, index })
  }

  #reference(entity: EntityId): Edn {
    const ident = this.#namesEntities ? this.#facts.schema.identOf(entity) : undefined
    return ident ?? new EdnMap([[DB_ID, entity]])
  }

  #warnCut(attribute: Attribute, name: string, place: Place | undefined): void {
    if (this.#cutSeen.has(attribute.id)) return
    this.#cutSeen.add(attribute.id)
    this.#options.warn?.(pullWasCut(name, LIMIT_DEFAULT, place))
  }
}

/** What stands under the key in the end: nothing where nothing was found and no default answers. */
function valueOf({ step, isSingle, values }: Slot): Edn | undefined {
  const found = values.filter((value) => value !== undefined)
  if (found.length === 0) return isPlanted('pull-without-defaults') ? undefined : step?.asked.default
  const value: Edn = isSingle ? found[0]! : found
  // A function that answers nil says that there is nothing.
  return step?.xform === undefined ? value : (step.xform(value) ?? undefined)
}
