// What a plan is warned about before it runs: rows multiplied with rows that share nothing with them, and facts of all
// attributes read one by one.

import type { Warning } from '../base/errors.ts'
import type { Conjunction, PatternStep, Plan, Step } from './plan.ts'
import { isGiven } from './terms.ts'
import { showClause } from './show-clause.ts'

/** Expected rows from which on a product, and facts from which on a scan of all attributes, is worth a warning. */
const WARNED_ROW_COUNT = 1_000_000

export function planWarnings({ body }: Plan): readonly Warning[] {
  return [...warningsIn(body, 1)]
}

function* warningsIn({ steps }: Conjunction, incoming: number): Iterable<Warning> {
  let before = incoming
  for (const step of steps) {
    if (step.rowCount >= WARNED_ROW_COUNT) {
      if (isOpenScan(step)) yield largeScan(step)
      else if (before > 1 && isProduct(step)) yield largeProduct(step)
    }
    if (step.kind === 'anti-join' || step.kind === 'product' || step.kind === 'semi-join')
      yield* warningsIn(step.body, before)
    if (step.kind === 'union') for (const { body } of step.branches) yield* warningsIn(body, before)
    before = step.rowCount
  }
}

/** True where every incoming row meets all that the step has. */
function isProduct(step: Step): boolean {
  if (step.kind === 'product') return step.fresh.length > 0
  return (
    (step.kind === 'pattern' || step.kind === 'rows') && !step.terms.some(isGiven) && step.fresh.length > 0
  )
}

function isOpenScan(step: Step): step is PatternStep {
  return step.kind === 'pattern' && step.attribute === undefined && step.access === 'scan'
}

function largeProduct(step: Step): Warning {
  const clause = step.kind === 'product' ? step.body.steps[0]?.clause : step.clause
  const text = clause === undefined ? 'An input' : showClause(clause)
  return {
    code: 'varve.warning/large-product',
    message: `${text} shares no variable with the other clauses: about ${inWords(step.rowCount)} rows`,
    fix: 'Join it by a shared variable, or leave out of :find what it brings',
    ...(clause?.place && { place: clause.place }),
  }
}

function largeScan(step: PatternStep): Warning {
  return {
    code: 'varve.warning/large-scan',
    message: `${showClause(step.clause!)} looks at every fact, since its attribute is open and nothing else is known`,
    fix: 'Name the attribute, or bind the entity or the value first',
    ...(step.clause?.place && { place: step.clause.place }),
  }
}

/** Estimates are told in thousands, millions and so on. */
function inWords(rowCount: number): string {
  return rowCount.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 0 })
}
