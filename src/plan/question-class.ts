// What kind of question it is, told by its plan before it is run: a point finds few things, a scan looks at many. Whoever
// answers both keeps scans from taking the place of points.

import type { Conjunction, Step } from './plan.ts'

export const QUESTION_CLASSES = ['point', 'scan'] as const
export type QuestionClass = (typeof QUESTION_CLASSES)[number]

const known = new WeakMap<Conjunction, number>()

/** The most rows that any step is expected to give. Found once for a body, so that a plan that is kept costs a look. */
export function mostRowsExpected(body: Conjunction): number {
  let count = known.get(body)
  if (count === undefined) known.set(body, (count = Math.max(0, ...body.steps.map(rowsOfStep))))
  return count
}

function rowsOfStep(step: Step): number {
  switch (step.kind) {
    case 'anti-join':
    case 'product':
    case 'semi-join':
      return Math.max(step.rowCount, mostRowsExpected(step.body))
    case 'union':
      return Math.max(step.rowCount, ...step.branches.map(({ body }) => mostRowsExpected(body)))
    default:
      return step.rowCount
  }
}
