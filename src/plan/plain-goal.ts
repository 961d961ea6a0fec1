// A clause without what its step need not know of. Names of entities that rows bring are read before a pattern that means
// the entities (naming.ts); a new variable that stands twice gets a twin (twins.ts).

import { closureOf } from './closure.ts'
import { type Course, isOneOf, type Later, neededBy, takeStep } from './course.ts'
import type { Draft } from './pattern-step.ts'
import { attributeOf } from './places.ts'
import type { ReadStep } from './plan.ts'
import { meaningName, readerOf } from './readings.ts'
import {
  type Goal,
  type PatternClause,
  type PlanContext,
  realName,
  type Source,
  sourceNamed,
} from './scope.ts'
import type { Clause, Term } from './syntax.ts'
import { ATTRIBUTE, ENTITY, VALUE } from './terms.ts'
import { withTwins } from './twins.ts'
import { termVariables } from './variables.ts'

type RuleClause = Extract<Clause, { kind: 'rule' }>
type Waiting = Later & { readonly waiting: Goal[] }

/** The clause that is to be taken next; steps that read go to the course, tests of twins to what waits. */
export function plainGoal(goal: Goal, course: Course, later: Waiting, context: PlanContext): Goal {
  const isBound = isOneOf(course.names)
  if (goal.kind === 'rule') {
    const { terms, tests } = withTwins(entityArguments(goal, course, later, context), isBound)
    later.waiting.push(...tests)
    return { ...goal, args: terms }
  }
  if (goal.kind !== 'pattern') return goal
  const source = sourceNamed(context, course.scope, goal.source, goal.place)
  const read = withReadings(goal, source, course, later)
  if (!needsTwins(read.terms, source)) return read
  const { terms, tests } = withTwins(read.terms, isBound)
  later.waiting.push(...tests)
  return { ...read, terms }
}

/** The step, shown as the clause that it stands for. */
export function shownAs(goal: Goal, draft: Draft): Draft {
  return goal.kind === 'input' || draft.step.clause === undefined
    ? draft
    : { ...draft, step: { ...draft.step, clause: goal } }
}

function withReadings(goal: PatternClause, asked: Source, course: Course, later: Later): PatternClause {
  const source = realName(goal.source, course.scope)
  const readings = course.naming.readingsOf(goal, asked, {
    isBound: isOneOf(course.names),
    kindOf: (name) => course.kinds.get(name) ?? 'any',
  })
  let read = goal
  for (const { place, of, reading } of readings) {
    // What was read for other places stays, and so does what is still to be read.
    const waiting = [...later.waiting, goal, read]
    const term = readVariable({ of, reading, source }, course, { ...later, waiting })
    read = { ...read, terms: read.terms.map((each, at) => (at === place ? term : each)) }
  }
  return read
}

/** The arguments of a rule that only follows references: the entities that they name. */
function entityArguments(
  goal: RuleClause,
  course: Course,
  later: Later,
  { sources, rules }: PlanContext,
): readonly Term[] {
  const source = goal.source === undefined ? course.scope.defaultSource : realName(goal.source, course.scope)
  const asked = sources.get(source)
  if (asked?.kind !== 'facts' || closureOf(rules.get(goal.name) ?? [], asked.facts) === undefined)
    return goal.args
  let args = goal.args
  for (const [place, arg] of goal.args.entries()) {
    const read = (): Term => {
      if (arg.kind === 'constant') return { ...arg, value: readerOf('entity', asked.facts)(arg.value) }
      if (arg.kind !== 'variable' || !course.names.includes(arg.name)) return arg
      if (!course.naming.mayHoldName(arg.name, course.kinds.get(arg.name) ?? 'any')) return arg
      const waiting = [...later.waiting, goal, { ...goal, args }]
      return readVariable({ of: arg.name, reading: 'entity', source }, course, { ...later, waiting })
    }
    const term = read()
    args = args.map((each, at) => (at === place ? term : each))
  }
  return args
}

/** A variable that stands for what another one means; rows have it from now on, until the clause was taken. */
function readVariable(
  { of, reading, source }: Pick<ReadStep, 'of' | 'reading' | 'source'>,
  course: Course,
  { outputs, waiting }: Later,
): Term {
  const name = meaningName(of, reading, source)
  if (!course.names.includes(name)) {
    const draft: Draft = {
      step: { kind: 'read', clause: undefined, of, name, reading, source },
      binds: new Map([[name, reading === 'entity' ? 'ref' : 'any']]),
    }
    const needed = neededBy({ outputs: [...outputs, name], waiting })
    takeStep(draft, course, { needed, rowCount: course.rowCount })
  }
  return { kind: 'variable', name }
}

/** True where a variable stands twice of which the step would have to know: it knows of references of things to themselves. */
function needsTwins(terms: readonly Term[], source: Source): boolean {
  const attribute = source.kind === 'facts' ? attributeOf(source.facts, terms[ATTRIBUTE]) : undefined
  if (attribute === undefined) return false
  const names = [...termVariables(terms)]
  const [entity, value] = [terms[ENTITY], terms[VALUE]]
  const isLoop = entity?.kind === 'variable' && value?.kind === 'variable' && entity.name === value.name
  const twinCount = names.length - new Set(names).size
  return twinCount > Number(isLoop && attribute.valueType === 'ref')
}
