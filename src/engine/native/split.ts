// Whether a plan can be worked on in parts, and how. Its first patterns are limited to a range of entities, all else stays
// as it is: rows of different ranges differ in the entity they begin with, so the parts together are the whole.

import type { Conjunction, PatternStep, Plan, Step, UnionStep } from '../../plan/plan.ts'
import type { Argument, Variable } from '../../plan/syntax.ts'

/** Rows of inputs with which a plan may begin: each part meets them again. */
const INPUT_ROW_COUNT_MAX = 64

/** The patterns to be limited; undefined where the plan has to be worked on as a whole. */
export function leadingPatterns({ body, inputs }: Plan): readonly PatternStep[] | undefined {
  return canBeShared(body) ? leadingOf(body, inputs) : undefined
}

function leadingOf({ steps }: Conjunction, inputs: Plan['inputs']): readonly PatternStep[] | undefined {
  const step = firstBehindInputs(steps, inputs)
  if (step?.kind === 'union') return leadingOfUnion(step, inputs)
  return step?.kind === 'pattern' && isFound(step) ? [step] : undefined
}

function firstBehindInputs(steps: readonly Step[], inputs: Plan['inputs']): Step | undefined {
  return steps.find((step) => {
    const isInput = step.kind === 'rows' && step.from.kind === 'input'
    return !isInput || inputs.get(step.from.index)!.length > INPUT_ROW_COUNT_MAX
  })
}

/** True for a pattern that finds its entities, whether anybody asks for them or not. */
function isFound({ terms: [entity], fresh }: PatternStep): boolean {
  return (entity.kind === 'fresh' || entity.kind === 'any') && fresh.length > 0
}

/** Every branch begins with the same new variable as the entity: what two of them find alike is in one part. */
function leadingOfUnion(
  { fresh, branches }: UnionStep,
  inputs: Plan['inputs'],
): readonly PatternStep[] | undefined {
  for (const place of fresh.keys()) {
    const leading = branches.flatMap(({ body, fresh: inside }): readonly PatternStep[] => {
      const step = firstBehindInputs(body.steps, inputs)
      return step?.kind === 'pattern' && isEntity(step, inside[place]!) ? [step] : []
    })
    if (leading.length === branches.length) return leading
  }
  return undefined
}

function isEntity({ terms: [entity] }: PatternStep, name: Variable): boolean {
  return entity.kind === 'fresh' && entity.name === name
}

/** True where tables and inputs are all that the steps read. */
function canBeShared({ steps, tables }: Conjunction): boolean {
  return tables.length === 0 && steps.every(canStepBeShared)
}

/** True for a call, within a call, that asks facts. */
function asksSource(arg: Argument): boolean {
  return arg.kind === 'source' || (arg.kind === 'call' && arg.args.some(asksSource))
}

function canStepBeShared(step: Step): boolean {
  switch (step.kind) {
    case 'rows':
      return step.from.kind === 'input'
    case 'pattern':
      return step.attribute !== undefined
    case 'read':
      return false
    case 'filter':
    case 'compute':
      return step.source === undefined && !step.args.some(asksSource)
    case 'anti-join':
      return canBeShared(step.body)
    case 'union':
      return step.branches.every(({ body }) => canBeShared(body))
    case 'product':
    case 'semi-join':
    case 'call':
    case 'intersect':
      // A product and its kin read all of what shares nothing with the rest, in each part again.
      return false
  }
}
