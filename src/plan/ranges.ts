// Ranges: a scan of an attribute and the comparisons of its values become one step, which finds facts by the order of
// values. `[?e :p/age ?a] [(< 30 ?a)] [(<= ?a ?most)]` reads the facts between 30 and `?most`, whatever that is in a row.
//
// Correct where the comparison can neither fail nor say anything but the order of the attribute's values does: both
// sides are numbers, both instants or both strings. Kinds are known of constants, of inputs (a plan is kept for inputs of
// the same kinds alone) and of what attributes bind; `any` is none of them.

import { isPlanted } from '../base/planted.ts'
import type { Comparison } from './comparison.ts'
import { isComparison, SWAPPED } from './comparison.ts'
import { functionNamed } from './functions.ts'
import { type Draft, kindOfValue, type Predicate } from './pattern-step.ts'
import type { Bound, FilterStep, PatternStep, Step, ValueRange, VariableKind } from './plan.ts'
import type { Goal } from './scope.ts'
import type { Argument, Clause, Variable } from './syntax.ts'
import { showClause } from './show-clause.ts'
import { VALUE } from './terms.ts'
import { argumentVariables } from './variables.ts'

/** What is known of the rows that come in. */
type Incoming = {
  readonly isBound: (name: Variable) => boolean
  readonly kindOf: (name: Variable) => VariableKind
}

/** Values of one class have one order, and comparing two of them never fails. */
type OrderedClass = 'number' | 'instant' | 'string'

/** A scan with what bounds its values, and the predicates that need not be asked any more. */
export function withRange(
  draft: Draft<PatternStep>,
  waiting: readonly Goal[],
  { isBound, kindOf }: Incoming,
): Draft<PatternStep> {
  const { access, attribute, terms } = draft.step
  const value = terms[VALUE]
  const wanted = attribute && classOf(attribute.valueType)
  if (access !== 'scan' || value.kind !== 'fresh' || wanted === undefined) return draft
  const isAlike = (arg: Argument): boolean =>
    arg.kind === 'constant'
      ? classOf(kindOfValue(arg.value)) === wanted
      : arg.kind === 'variable' && isBound(arg.name) && classOf(kindOf(arg.name)) === wanted
  let bounds: Bounds = { low: undefined, high: undefined }
  const tests: Predicate[] = []
  for (const { goal, found } of comparisonsOf(waiting, value.name, isAlike)) {
    const both = merged(bounds, found)
    if (both === undefined) continue
    bounds = both
    tests.push(goal)
  }
  if (tests.length === 0) return draft
  const range: ValueRange = {
    ...bounds,
    tests: tests.map((clause) => ({ clause, name: nameOf(clause), source: undefined, args: clause.args })),
  }
  return { ...draft, step: { ...draft.step, access: 'range', range }, tests }
}

/** The same as a scan and its comparisons one after another, for an engine that finds ranges by itself. */
export function withoutRange(step: PatternStep): readonly [PatternStep, ...FilterStep[]] {
  const { range, terms, kept, fresh, rowCount } = step
  const value = terms[VALUE]
  if (range === undefined || value.kind !== 'fresh') return [step]
  const asked = range.tests.map(({ args }) => [...argumentVariables(args)])
  const last = { kept: [...kept, ...fresh], fresh: [], rowCount }
  const filters = range.tests.map((test, at): FilterStep => {
    const later = new Set([...last.kept, ...asked.slice(at + 1).flat()])
    return { ...last, ...test, kind: 'filter', kept: [...later] }
  })
  const scanned = fresh.includes(value.name) ? fresh : [...fresh, value.name]
  const bounds = asked.flat().filter((name) => name !== value.name)
  const scan: PatternStep = {
    ...step,
    access: 'scan',
    range: undefined,
    kept: [...new Set([...kept, ...bounds])],
    fresh: scanned,
  }
  return [scan, ...filters]
}

/** The predicates that became bounds of a step, for what is to be shown. */
export function rangeClauses(step: Step): readonly Clause[] {
  return step.kind === 'pattern' ? (step.range?.tests ?? []).map(({ clause }) => clause) : []
}

type Bounds = Pick<ValueRange, 'low' | 'high'>

/** What bounds the variable, in an order that has nothing to do with the one in which it was written. */
function comparisonsOf(
  waiting: readonly Goal[],
  name: Variable,
  isAlike: (arg: Argument) => boolean,
): readonly { readonly goal: Predicate; readonly found: Bounds }[] {
  const found = waiting.flatMap((goal) => {
    const bounds = goal.kind === 'predicate' ? boundsOf(goal, name, isAlike) : undefined
    return bounds === undefined ? [] : [{ goal: goal as Predicate, found: bounds }]
  })
  if (found.length < 2) return found
  return found.sort((x, y) => (showClause(x.goal) < showClause(y.goal) ? -1 : 1))
}

/** What a comparison says of the variable; undefined where it says more, or cannot be told by order. */
function boundsOf(
  clause: Predicate,
  name: Variable,
  isAlike: (arg: Argument) => boolean,
): Bounds | undefined {
  const comparison = nameOf(clause)
  if (clause.args.length < 2 || !isComparison(comparison) || comparison === '!=') return undefined
  let bounds: Bounds = { low: undefined, high: undefined }
  for (let at = 1; at < clause.args.length; at++) {
    const [x, y] = [clause.args[at - 1]!, clause.args[at]!]
    const isFirst = isNamed(x, name)
    const other = isFirst ? y : x
    if (isFirst === isNamed(y, name) || !isAlike(other)) return undefined
    const found = boundOf(isFirst ? comparison : SWAPPED[comparison], other)
    const both = merged(bounds, found)
    if (both === undefined) return undefined
    bounds = both
  }
  return bounds
}

/** `?x comparison other`. */
function boundOf(comparison: Comparison, other: Argument): Bounds {
  const isStrict = (comparison === '<' || comparison === '>') && !isPlanted('range-takes-its-ends')
  const bound: Bound = {
    term:
      other.kind === 'variable'
        ? { kind: 'bound', name: other.name }
        : { kind: 'constant', value: (other as Extract<Argument, { kind: 'constant' }>).value },
    isIncluded: !isStrict,
  }
  return {
    low: comparison === '<' || comparison === '<=' ? undefined : bound,
    high: comparison === '>' || comparison === '>=' ? undefined : bound,
  }
}

/** One bound a side; undefined where both have one. */
function merged(x: Bounds, y: Bounds): Bounds | undefined {
  const isTwice =
    (x.low !== undefined && y.low !== undefined) || (x.high !== undefined && y.high !== undefined)
  return isTwice ? undefined : { low: x.low ?? y.low, high: x.high ?? y.high }
}

function isNamed(arg: Argument, name: Variable): boolean {
  return arg.kind === 'variable' && arg.name === name
}

/** `==` is `=`. */
function nameOf({ name }: Predicate): string {
  const known = functionNamed(name)?.name ?? name
  return known === '==' ? '=' : known
}

function classOf(kind: VariableKind): OrderedClass | undefined {
  switch (kind) {
    case 'long':
    case 'double':
    case 'float':
      return 'number'
    case 'instant':
    case 'string':
      return kind
    default:
      return undefined
  }
}
