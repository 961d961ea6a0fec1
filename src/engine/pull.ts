// Pull: what a pattern describes of one entity, as nested maps.
//
// A pattern is prepared once against a schema (pull-plan.ts) and then walked over facts. Patterns within patterns are
// walked by functions that call each other, as deep as the pattern is; recursion and components may lead on for
// ever, so their walk keeps a stack of its own: chains of a hundred thousand entities need no deep recursion. How many
// entities one pull may reach is bounded, since a net of references unfolds into far more paths than it has entities.

import { isPlanted } from '../base/planted.ts'
import type { Place } from '../base/errors.ts'
import type { Attribute, AttributeId, EntityId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { type Edn, EdnMap, type Value } from '../fact/value.ts'
import { valueBytes } from '../fact/value-bytes.ts'
import { findEntity } from '../plan/entity.ts'
import { show } from '../plan/show.ts'
import type { PullPattern } from '../plan/syntax.ts'
import type { Budget } from './budget.ts'
import { historyHasNoEntities, pullTooLarge, pullWasCut } from './pull-errors.ts'
import { DB_ID, type PullOptions, type PullPlan, pullPlan, type PullStep, WHOLE } from './pull-plan.ts'

export type { PullOptions } from './pull-plan.ts'

/** Values of one attribute that a pull gives where the pattern does not say: Datomic's bound. */
const LIMIT_DEFAULT = 1000
/** Entities that one pull may reach, those met several times counted each time. */
export const PULL_ENTITY_COUNT_MAX = 1_000_000

/** Of a map with a few entries. */
const ENTITY_BYTES = 256

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
  const plan = pullPlan(facts, pattern, options)
  const cutSeen = new Set<AttributeId>()
  return (entity) => {
    const id = findEntity(facts, entity)
    return id === undefined
      ? defaultsOf(plan)
      : (new Walk(facts, options, cutSeen, false).pull(plan, id) ?? null)
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
  return id === undefined ? null : (new Walk(facts, options, new Set(), true).pull(WHOLE, id) ?? null)
}

/** Of nobody, only defaults can be told. */
function defaultsOf({ steps }: PullPlan): EdnMap | null {
  const entries: (readonly [Edn, Edn])[] = []
  for (const { asked } of steps) if (asked.default !== undefined) entries.push([asked.key, asked.default])
  return entries.length === 0 ? null : new EdnMap(entries)
}

/** Entities on the way from where a recursion, or a tree of components, began. */
type Path = Set<EntityId>

type Frame = {
  readonly plan: PullPlan
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
  readonly step: PullStep | undefined
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
  readonly #budget: Budget | undefined
  readonly #tasks: Task[] = []
  #entityCount = 0

  constructor(facts: FactSource, options: PullOptions, cutSeen: Set<AttributeId>, namesEntities: boolean) {
    this.#facts = facts
    this.#options = options
    this.#budget = options.budget
    this.#cutSeen = cutSeen
    this.#namesEntities = namesEntities
  }

  /** Undefined where nothing is found. */
  pull(plan: PullPlan, entity: EntityId): EdnMap | undefined {
    return plan.isPlain ? this.#plain(plan, entity) : this.#unfolded(plan, entity)
  }

  /** By what the pattern spells out alone. */
  #plain(plan: PullPlan, entity: EntityId): EdnMap | undefined {
    this.#countEntity()
    const entries: (readonly [Edn, Edn])[] = []
    if (plan.idKey !== undefined) entries.push([plan.idKey, entity])
    for (const step of plan.steps) {
      const value = step.isSingle ? this.#single(step, entity) : this.#several(step, entity)
      const finished = finish(step, value)
      if (finished !== undefined) entries.push([step.asked.key, finished])
    }
    return entries.length === 0 ? undefined : new EdnMap(entries)
  }

  #single(step: PullStep, entity: EntityId): Edn | undefined {
    const value = step.asked.isReverse
      ? step.reader.holdersOf(entity, 1)[0]
      : step.reader.firstValueOf(entity)
    return value === undefined ? undefined : this.#followed(step, value)
  }

  #several(step: PullStep, entity: EntityId): Edn | undefined {
    const found: Edn[] = []
    for (const value of this.#values(entity, step)) {
      const followed = this.#followed(step, value)
      if (followed !== undefined) found.push(followed)
    }
    return found.length === 0 ? undefined : found
  }

  /** What a value of a step stands as that leads no further than the pattern says. */
  #followed({ follows }: PullStep, value: Value): Edn | undefined {
    if (follows.kind === 'nested') return this.pull(follows.plan, value as EntityId)
    if (follows.kind === 'reference') return this.#reference(value as EntityId)
    return this.#value(value)
  }

  #value(value: Value): Value {
    this.#budget?.hold(valueBytes(value))
    return value
  }

  /** With a stack of its own, for what may lead on for ever. */
  #unfolded(plan: PullPlan, entity: EntityId): EdnMap | undefined {
    const result: Slot = { key: null, step: undefined, isSingle: true, values: [undefined] }
    const path: Path = new Set()
    const { depths } = plan
    const frame: Frame = { plan, entity, path, isComponent: false, isAgain: false, depths, slot: result }
    // A pattern within may be walked while tasks of those around it wait.
    const waitingCount = this.#tasks.length
    this.#tasks.push({ kind: 'open', frame, index: 0 })
    while (this.#tasks.length > waitingCount) {
      const task = this.#tasks.pop()!
      if (task.kind === 'open') this.#open(task.frame, task.index)
      else this.#close(task.frame, task.index, task.slots)
    }
    const [map] = result.values
    return map instanceof EdnMap ? map : undefined
  }

  #countEntity(): void {
    const { entityCountMax = PULL_ENTITY_COUNT_MAX } = this.#options
    if (++this.#entityCount > entityCountMax) throw pullTooLarge(entityCountMax)
    this.#budget?.step()
    this.#budget?.hold(ENTITY_BYTES)
  }

  /** Reads one entity's values; entities to follow are put on the stack, above the task that joins them. */
  #open(frame: Frame, index: number): void {
    this.#countEntity()
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
      if (slot!.values.length >= LIMIT_DEFAULT)
        this.#warnCut(attribute, attribute.ident.toString(), undefined)
      else if (attribute.valueType !== 'ref') slot!.values.push(this.#value(v))
      else if (attribute.isComponent) this.#addComponent(frame, slot!, v as EntityId, children)
      else slot!.values.push(this.#reference(v as EntityId))
    }
  }

  #readStep(frame: Frame, step: PullStep, slots: Slot[], children: Task[]): void {
    const slot: Slot = { key: step.asked.key, step, isSingle: step.isSingle, values: [] }
    slots.push(slot)
    const { follows } = step
    for (const v of this.#values(frame.entity, step)) {
      if (follows.kind === 'recursion') this.#recur(frame, follows.index, slot, v as EntityId, children)
      else if (follows.kind === 'component') this.#addComponent(frame, slot, v as EntityId, children)
      else slot.values.push(this.#followed(step, v))
    }
  }

  /** The values of one step, as many as its limit allows. */
  #values(entity: EntityId, { asked, attribute, reader, isSingle }: PullStep): readonly Value[] {
    const more = isPlanted('pull-one-more-than-the-limit') ? 1 : 0
    const limit = isSingle ? 1 : (asked.limit ?? Infinity) + more
    // One more than wanted tells that there are more.
    const found = asked.isReverse ? reader.holdersOf(entity, limit + 1) : reader.valuesOf(entity, limit + 1)
    if (found.length <= limit) return found
    if (!isSingle && !asked.isLimitGiven) this.#warnCut(attribute, show(asked.key), asked.place)
    return found.slice(0, limit)
  }

  /** Components are whole, unless they have a name that stands for them or were met on the way to them. */
  #addComponent(frame: Frame, slot: Slot, target: EntityId, children: Task[]): void {
    const path = frame.isComponent ? frame.path : new Set([frame.entity])
    const isNamed = this.#namesEntities && this.#facts.schema.identOf(target) !== undefined
    if (isNamed || path.has(target)) slot.values.push(this.#reference(target))
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
  #recur(frame: Frame, index: number, slot: Slot, target: EntityId, children: Task[]): void {
    const { plan, path, isAgain, depths } = frame
    const depth = depths[index]!
    if (isAgain || depth === (isPlanted('pull-recursion-one-short') ? 1 : 0)) {
      if (plan.idKey !== undefined) slot.values.push(new EdnMap([[plan.idKey, target]]))
      return
    }
    const left = depth === Infinity ? depths : depths.with(index, depth - 1)
    this.#follow(slot, target, children, {
      plan,
      path,
      isComponent: false,
      isAgain: path.has(target),
      depths: left,
    })
  }

  #follow(slot: Slot, target: EntityId, children: Task[], rest: Omit<Frame, 'entity' | 'slot'>): void {
    const index = slot.values.push(undefined) - 1
    children.push({ kind: 'open', frame: { ...rest, entity: target, slot }, index })
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
  const value: Edn | undefined = found.length === 0 ? undefined : isSingle ? found[0]! : found
  return step === undefined ? value : finish(step, value)
}

function finish({ asked, xform }: PullStep, found: Edn | undefined): Edn | undefined {
  if (found === undefined) return isPlanted('pull-without-defaults') ? undefined : asked.default
  // A function that answers nil says that there is nothing.
  return xform === undefined ? found : (xform(found) ?? undefined)
}
