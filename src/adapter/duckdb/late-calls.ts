// A function that fails on a row is an error only if no other clause rejects that row, and DuckDB calls functions in
// an order of its own. So a question of which a call failed is put again with its calls at the end, over tables of the
// rows that everything else accepts: what fails then is an error of the question. That holds for one call, and for a
// chain of which each needs the one before; of independent calls each may reject what another fails on.

import type { ComputeStep, Conjunction, FilterStep, Plan, PlanTerm, Step } from '../../plan/plan.ts'
import type { Variable } from '../../plan/syntax.ts'
import { argumentVariables, bindingVariables } from '../../plan/variables.ts'

export type CalledStep = FilterStep | ComputeStep

/** True for a step that calls a function of values alone. */
export function isCalled(step: Step): step is CalledStep {
  return (step.kind === 'filter' || step.kind === 'compute') && step.source === undefined
}

/** The conjunctions within a step. */
export function bodiesOf(step: Step): readonly Conjunction[] {
  switch (step.kind) {
    case 'anti-join':
    case 'product':
    case 'semi-join':
      return [step.body]
    case 'union':
      return step.branches.map(({ body }) => body)
    default:
      return []
  }
}

/** The plan with its calls last; undefined where what fails then may still be no error. */
export function withLateCalls(plan: Plan): Plan | undefined {
  const { tables, outputs } = plan.body
  // An intersection is its patterns one after another: each of them has to hand on what calls need.
  const steps = plan.body.steps.flatMap((step): readonly Step[] =>
    step.kind === 'intersect' ? step.patterns : [step],
  )
  const calls = steps.filter(isCalled)
  const others = steps.filter((step) => !isCalled(step))
  const made = new Set(calls.flatMap(({ fresh }) => fresh))
  const isApart = !others.some((step) => usedBy(step).some((name) => made.has(name)))
  if (!isChain(calls) || !isApart || others.flatMap(bodiesOf).some(hasCall) || tables.length > 0)
    return undefined
  const wanted = new Set([...outputs, ...calls.flatMap(usedBy)])
  let names: readonly Variable[] = []
  const late = [...others, ...calls].map((step): Step => {
    const kept = names.filter((name) => wanted.has(name) || step.kept.includes(name))
    names = [...kept, ...step.fresh]
    return { ...step, kept }
  })
  return { ...plan, body: { ...plan.body, steps: late } }
}

function isChain(calls: readonly CalledStep[]): boolean {
  const needsBefore = (call: CalledStep, at: number): boolean => {
    const before = calls[at - 1]
    return before === undefined || usedBy(call).some((name) => before.fresh.includes(name))
  }
  return calls.length > 0 && calls.every(needsBefore)
}

function hasCall({ steps, tables }: Conjunction): boolean {
  return tables.length > 0 || steps.some((step) => isCalled(step) || bodiesOf(step).some(hasCall))
}

function boundName(term: PlanTerm | undefined): readonly Variable[] {
  return term?.kind === 'bound' ? [term.name] : []
}

/** The variables that a step needs of the rows that come in, whatever it keeps of them. */
function usedBy(step: Step): readonly Variable[] {
  switch (step.kind) {
    case 'rows':
      return step.terms.flatMap(boundName)
    case 'pattern':
      return [...step.terms, step.range?.low?.term, step.range?.high?.term].flatMap(boundName)
    case 'intersect':
      return step.patterns.flatMap(usedBy).filter((name) => name !== step.variable)
    case 'call':
      return step.args.flatMap((arg) => (arg.kind === 'bound' ? [arg.name] : []))
    case 'read':
      return [step.of]
    case 'filter':
      return [...argumentVariables(step.args)]
    case 'compute':
      return [...argumentVariables(step.args), ...bindingVariables(step.binding)].filter(
        (name) => !step.fresh.includes(name),
      )
    case 'anti-join':
      return step.passed.flatMap(({ from }) => (from.kind === 'bound' ? [from.name] : []))
    case 'union':
      return step.branches.flatMap(({ passed }) =>
        passed.flatMap(({ from }) => (from.kind === 'bound' ? [from.name] : [])),
      )
    case 'semi-join':
      return [step.variable]
    case 'product':
      return []
  }
}
