// A conjunction while it is planned: the steps so far, the variables that rows have after them, and what is known of these.

import type { EntityId } from '../fact/attribute.ts'
import type { Value } from '../fact/value.ts'
import type { Origin } from './cost.ts'
import type { BoundSide } from './counts.ts'
import type { Naming } from './naming.ts'
import type { Draft } from './pattern-step.ts'
import type { Passed, PlanTerm, Step, VariableKind } from './plan.ts'
import type { Goal, Scope } from './scope.ts'
import type { Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

/** With what a conjunction begins, and what is wanted of it. */
export type Setting = {
  readonly scope: Scope
  readonly start: ReadonlyMap<Variable, VariableKind>
  /** Variables of `start` that may hold names of entities. */
  readonly namesGiven: ReadonlySet<Variable>
  readonly outputs: readonly Variable[]
  readonly rowCount: number
}

/** With what a conjunction begins that shares nothing with rows. */
export const NOTHING_GIVEN: Pick<Setting, 'start' | 'namesGiven' | 'rowCount'> = {
  start: new Map(),
  namesGiven: new Set(),
  rowCount: 1,
}

export type Course = {
  readonly scope: Scope
  readonly naming: Naming
  readonly kinds: Map<Variable, VariableKind>
  readonly steps: Step[]
  /** The facts whose values variables hold. */
  readonly origins: Map<Variable, Origin>
  /** Where patterns bound variables first. */
  readonly sides: Map<Variable, BoundSide>
  /** The patterns that close circles: rows of these are counted exactly. */
  readonly cyclic: ReadonlySet<Goal>
  /** What constants name. */
  readonly named: Map<Variable, Named>
  /** False where it is only found out what rows would come. */
  readonly mayReduce: boolean
  /** Variables of the rows so far. */
  names: readonly Variable[]
  /** Rows that are expected. */
  rowCount: number
}

/** Entities that have one value: mostly it is one, which is sought where somebody asks for it. */
export type Named = Origin & { readonly value: Value; entity: EntityId | undefined }

/** What comes after a goal. */
export type Later = { readonly waiting: readonly Goal[]; readonly outputs: readonly Variable[] }

/** Adds a step to the course. */
export function takeStep(
  { step, binds }: Draft,
  course: Course,
  { needed, rowCount }: { readonly needed: ReadonlySet<Variable>; readonly rowCount: number },
): void {
  const kept = course.names.filter((name) => needed.has(name))
  const fresh = [...binds.keys()].filter((name) => needed.has(name))
  for (const [name, kind] of binds) course.kinds.set(name, kind)
  // A join that brings nothing new only keeps rows.
  const isTest = fresh.length === 0 && (step.kind === 'pattern' || step.kind === 'rows')
  course.rowCount = isTest ? Math.min(rowCount, course.rowCount) : rowCount
  course.steps.push({ ...step, kept, fresh, rowCount: course.rowCount })
  course.names = [...kept, ...fresh]
}

/** A course that goes on from here without leaving a trace. */
export function triedCourse(course: Course): Course {
  const { kinds, origins, sides, named } = course
  return {
    ...course,
    kinds: new Map(kinds),
    origins: new Map(origins),
    sides: new Map(sides),
    named: new Map(named),
    steps: [],
    mayReduce: false,
  }
}

/** Variables that somebody asks for later. */
export function neededBy({ outputs, waiting }: Later): ReadonlySet<Variable> {
  return new Set([...outputs, ...waiting.flatMap((goal) => [...variablesOf(goal)])])
}

/** The parameters of a body that may hold names of entities. */
export function namesAmong(passed: readonly Passed[], course: Course): ReadonlySet<Variable> {
  return new Set(passed.flatMap(({ name, from }) => (mayBeName(from, course) ? [name] : [])))
}

/** True for a term that may stand for a name, or for anything else than an id. */
export function mayBeName(term: PlanTerm, { naming, kinds }: Course): boolean {
  if (term.kind === 'constant') return typeof term.value !== 'number'
  return term.kind === 'bound' && naming.mayHoldName(term.name, kinds.get(term.name) ?? 'any')
}

export function isOneOf(names: readonly Variable[]): (name: Variable) => boolean {
  return (name) => names.includes(name)
}
