// Whether a function that failed on some row makes an error of the question (plan/failures.ts): each way in which a row
// could fail is asked, until one has an answer.

import type { VarveError } from '../../base/errors.ts'
import { isPlanted } from '../../base/planted.ts'
import { Failures, type Way } from '../../plan/failures.ts'
import { planOf } from '../../plan/planner.ts'
import type { InputGoal } from '../../plan/scope.ts'
import type { Clause, Query } from '../../plan/syntax.ts'
import type { QueryContext } from '../context.ts'
import type { BoundQuestion } from '../question.ts'
import { Executable } from './executable.ts'
import { Found } from './found.ts'
import { tableCounts } from './statistics.ts'

/** The failure of a row that no clause rejects; undefined where every row that fails is rejected. */
export function findFailure(
  query: Query,
  asked: BoundQuestion,
  failed: ReadonlySet<Clause>,
): VarveError | undefined {
  if (isPlanted('failures-are-forgotten')) return undefined
  const { context, scope } = asked.setting
  const failing = new Set(failed)
  // On rows that fail, other calls may fail that nobody heard of yet.
  for (let count = -1; count !== failing.size;) {
    count = failing.size
    const failures = new Failures(context, new Set(failing))
    for (const way of failures.ways([...asked.goals, ...query.where], scope)) {
      const { rules } = failures.context
      const { error, clauses } = askedWay(query, way, {
        ...asked,
        setting: { ...asked.setting, context: { ...context, rules } },
      })
      if (error !== undefined) return error
      for (const clause of clauses) failing.add(clause)
    }
  }
  return undefined
}

function askedWay(
  query: Query,
  { goals, failure }: Way,
  { setting }: BoundQuestion,
): { readonly error: VarveError | undefined; readonly clauses: ReadonlySet<Clause> } {
  const inputs = goals.filter((goal): goal is InputGoal => goal.kind === 'input')
  const where = goals.filter((goal): goal is Clause => goal.kind !== 'input')
  const question: Query = {
    ...query,
    find: { kind: 'relation', elements: [{ kind: 'variable', name: failure }] },
    with: [],
    where,
    limit: undefined,
    offset: undefined,
  }
  const context: QueryContext = setting.context
  const plan = planOf(question, inputs, setting.scope, { context, counts: tableCounts(context) })
  const executable = new Executable(plan, context)
  const budget = context.budget.ofStep(plan.finish[0]!, { name: () => 'rows on which a function fails' })
  const found = new Found({ query: question, executable, setting, budget })
  executable.run(found)
  const { clauses, errors } = executable.failures
  const [domain] = executable.domains
  const [column] = found.rows.columns
  const those = Array.from(
    { length: found.rowCount },
    (_, row) => errors[domain!.decode(column![row]!) as number]!,
  )
  budget.releaseAll()
  // Of several the one that is first by its text, so that it is the same whatever the order of rows.
  const [error] = those.sort((x, y) => (textOf(x) < textOf(y) ? -1 : 1))
  return { error, clauses }
}

function textOf({ code, message }: VarveError): string {
  return `${code} ${message}`
}
