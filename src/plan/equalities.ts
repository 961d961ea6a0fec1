// Equalities: what equals a constant or another variable is looked up, not compared. In patterns the variable gives way to
// what it equals: `[?e :p/name ?n] [(= ?n "Ada")]` becomes `[?e :p/name "Ada"]`. Who else asks for it gets a copy,
// `[(ground "Ada") ?n]`.
//
// Correct where patterns of this conjunction alone bind the variable, all in places of one type, and what it equals has
// that type, too. Of these types equal values are one and the same, so that meeting in a pattern means what `=` means,
// and nobody sees which of the two is shown. So none for floats (a pattern rounds, `=` does not), decimals (equal ones
// may look different) and transactions (a pattern takes a t for one). If nobody else asks for the variable, it may equal
// a value of any type, save in places where a keyword would name an entity.

import { isPlanted } from '../base/planted.ts'
import type { ValueType } from '../fact/attribute.ts'
import { type Edn, Keyword, numberType, toDouble, Uri, Uuid } from '../fact/value.ts'
import { functionNamed } from './functions.ts'
import { kindOfValue, kindOfValues } from './pattern-step.ts'
import { attributeOf } from './places.ts'
import type { VariableKind } from './plan.ts'
import type { Goal, PatternClause, Source } from './scope.ts'
import { showGoal } from './show-clause.ts'
import type { Argument, Clause, Term, Variable } from './syntax.ts'
import { ENTITY, VALUE } from './terms.ts'
import { bindingVariables, variablesOf } from './variables.ts'

/** What surrounds the goals. */
export type Surroundings = {
  /** What the variables stand for that rows begin with. */
  readonly start: ReadonlyMap<Variable, VariableKind>
  readonly outputs: readonly Variable[]
  readonly sourceOf: (pattern: PatternClause) => Source
}

type Function = Extract<Clause, { kind: 'function' }>
type Equality = Extract<Clause, { kind: 'predicate' }> | Function

/** A variable, and what stands for it in patterns. */
type Replacement = { readonly name: Variable; readonly by: Exclude<Term, { kind: 'blank' }> }

/** Types of which two values that are equal are the same in every respect. */
const EXACT_TYPES: ReadonlySet<ValueType> = new Set<ValueType>([
  'long',
  'double',
  'string',
  'boolean',
  'instant',
  'uuid',
  'uri',
  'keyword',
  'ref',
])

export function withEqualities(goals: readonly Goal[], around: Surroundings): readonly Goal[] {
  const equalities = goals.filter(isEquality)
  if (equalities.length === 0) return goals
  // In an order that has nothing to do with the one in which they were written.
  if (equalities.length > 1) equalities.sort((x, y) => (showGoal(x) < showGoal(y) ? -1 : 1))
  let rewritten = goals
  for (const equality of equalities) {
    const found = sidesOf(equality).find((sides) => mayReplace(sides, equality, rewritten, around))
    if (found !== undefined) rewritten = replaced(rewritten, equality, found, around.outputs)
    else if (isPlanted('equality-forgotten-where-it-stays'))
      rewritten = rewritten.filter((goal) => goal !== equality)
  }
  return rewritten
}

/** True for a function that gives what it is given, to a variable: a copy of a column or of a constant. */
export function isCopy(goal: Goal): goal is Function {
  if (goal.kind !== 'function' || goal.binding.kind !== 'variable' || goal.args.length !== 1) return false
  const name = functionNamed(goal.name)?.name
  return (name === 'identity' || name === 'ground') && isTerm(goal.args[0]!)
}

/** True for a copy for which no clause waits: it is made when all rows are found. */
export function isLateCopy(
  goal: Goal,
  waiting: readonly Goal[],
  isBound: (name: Variable) => boolean,
): boolean {
  if (!isCopy(goal)) return false
  const [name] = bindingVariables(goal.binding)
  return !isBound(name!) && !waiting.some((other) => other !== goal && variablesOf(other).has(name!))
}

/** What the variable of a copy stands for. */
export function kindOfCopy(
  { args: [arg] }: Function,
  kinds: ReadonlyMap<Variable, VariableKind>,
): VariableKind {
  if (arg?.kind === 'constant') return kindOfValue(arg.value)
  return (arg?.kind === 'variable' ? kinds.get(arg.name) : undefined) ?? 'any'
}

function isEquality(goal: Goal): goal is Equality {
  if (goal.kind !== 'predicate') return isCopy(goal)
  const name = functionNamed(goal.name)?.name
  return (name === '=' || name === '==') && goal.args.length === 2 && goal.args.every(isTerm)
}

function isTerm({ kind }: Argument): boolean {
  return kind === 'variable' || kind === 'constant'
}

/** Which variable may give way to what. */
function sidesOf(equality: Equality): readonly Replacement[] {
  const [x, y] = equality.args as readonly Replacement['by'][]
  if (equality.kind === 'function') {
    const [name] = bindingVariables(equality.binding)
    return [{ name: name!, by: x! }]
  }
  const sides: Replacement[] = []
  if (x!.kind === 'variable') sides.push({ name: x!.name, by: y! })
  if (y!.kind === 'variable') sides.push({ name: y!.name, by: x! })
  return sides
}

function mayReplace(
  { name, by }: Replacement,
  equality: Equality,
  goals: readonly Goal[],
  around: Surroundings,
): boolean {
  if (around.start.has(name) || (by.kind === 'variable' && by.name === name)) return false
  const others = goals.filter((goal) => goal !== equality)
  if (others.some((goal) => goal.kind !== 'pattern' && mayBind(goal, name))) return false
  const type = typeOf(name, others, around)
  if (type === undefined || !EXACT_TYPES.has(type as ValueType)) return false
  if (by.kind === 'constant') return isExactly(by.value, type)
  const other = typeOf(by.name, others, around)
  // An id that is given is a number; it names the same entity.
  if (other === type || (type === 'ref' && other === 'long')) return true
  const isAnyGood = type !== 'ref' && type !== 'keyword' && !isAsked(name, others, around.outputs)
  return isAnyGood && isBoundBy(by.name, others, around)
}

/** Patterns about what the variable equals; a copy of it for whoever else asks. */
function replaced(
  goals: readonly Goal[],
  equality: Equality,
  { name, by }: Replacement,
  outputs: readonly Variable[],
): readonly Goal[] {
  const others = goals.filter((goal) => goal !== equality)
  const rewritten = others.map((goal): Goal => {
    if (goal.kind !== 'pattern' || !variablesOf(goal).has(name)) return goal
    const terms = goal.terms.map((term) => (term.kind === 'variable' && term.name === name ? by : term))
    return { ...goal, terms }
  })
  if (!isAsked(name, others, outputs)) return rewritten
  return [...rewritten, equality.kind === 'function' ? equality : copyOf(equality, name, by)]
}

function copyOf({ place }: Equality, name: Variable, by: Replacement['by']): Function {
  return {
    kind: 'function',
    name: by.kind === 'constant' ? 'ground' : 'identity',
    args: [by],
    binding: { kind: 'variable', name },
    ...(place && { place }),
  }
}

/** True where a clause that is no pattern, or somebody outside, asks for the variable. */
function isAsked(name: Variable, goals: readonly Goal[], outputs: readonly Variable[]): boolean {
  return (
    outputs.includes(name) || goals.some((goal) => goal.kind !== 'pattern' && variablesOf(goal).has(name))
  )
}

function mayBind(goal: Goal, name: Variable): boolean {
  switch (goal.kind) {
    case 'predicate':
    case 'not':
      return false
    case 'function':
      return bindingVariables(goal.binding).includes(name)
    default:
      return variablesOf(goal).has(name)
  }
}

/** True where something other than the equality binds the variable. */
function isBoundBy(name: Variable, goals: readonly Goal[], { start }: Surroundings): boolean {
  return start.has(name) || goals.some((goal) => mayBind(goal, name))
}

/** The type of all places that bind a variable; undefined where they differ, or nobody knows. */
function typeOf(
  name: Variable,
  goals: readonly Goal[],
  { start, sourceOf }: Surroundings,
): VariableKind | undefined {
  const types = new Set<VariableKind | undefined>()
  if (start.has(name)) types.add(start.get(name))
  for (const goal of goals) {
    if (goal.kind === 'pattern') for (const type of typesIn(goal, name, sourceOf)) types.add(type)
    else if (goal.kind === 'input') {
      goal.terms.forEach((term, place) => {
        if (isVariable(term, name)) types.add(kindOfValues(goal.rows.map((row) => row[place]!)))
      })
    } else if (mayBind(goal, name)) types.add(undefined)
  }
  const [type] = types
  return types.size === 1 ? type : undefined
}

/** The types of the places of a pattern where the variable stands. */
function typesIn(
  pattern: PatternClause,
  name: Variable,
  sourceOf: Surroundings['sourceOf'],
): readonly (ValueType | undefined)[] {
  if (!variablesOf(pattern).has(name)) return []
  const source = sourceOf(pattern)
  return pattern.terms.flatMap((term, place) => {
    if (!isVariable(term, name)) return []
    if (source.kind === 'rows') return [undefined]
    if (place === ENTITY) return ['ref' as const]
    return [place === VALUE ? attributeOf(source.facts, pattern.terms[1])?.valueType : undefined]
  })
}

function isVariable(term: Term, name: Variable): boolean {
  return term.kind === 'variable' && term.name === name
}

/** True for a constant that is equal to no value of the type but itself. */
function isExactly(value: Edn, type: VariableKind): boolean {
  switch (type) {
    case 'long':
    case 'ref':
      return Number.isSafeInteger(value) && !Object.is(value, -0)
    case 'double': {
      const number = numberType(value) === 'double' ? toDouble(value) : NaN
      return !Number.isNaN(number) && !Object.is(number, -0)
    }
    case 'keyword':
      return value instanceof Keyword
    case 'uuid':
      return value instanceof Uuid
    case 'uri':
      return value instanceof Uri
    default:
      return kindOfValue(value) === type
  }
}
