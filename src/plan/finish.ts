// What becomes of the rows of a plan, from find tuples to the answer.

import { isPlanted } from '../base/planted.ts'
import type { FinishStep } from './plan.ts'
import type { FindElement, Query, Variable } from './syntax.ts'

/** The variables over which find tuples are formed: those of the elements and of `:with`, each once. */
export function findVariables(query: Query): readonly Variable[] {
  const withNames = isPlanted('find-forgets-with') ? [] : query.with
  return [...new Set([...query.find.elements.map(elementVariable), ...withNames])]
}

export function elementVariable(element: FindElement): Variable {
  return element.kind === 'variable' ? element.name : element.variable
}

export function isAggregated({ find }: Query): boolean {
  return find.elements.some((element) => element.kind === 'aggregate')
}

/** True for a find of which the least row alone is the answer. */
export function isOne({ find: { kind } }: Query): boolean {
  return kind === 'scalar' || kind === 'tuple'
}

export function finishOf(query: Query): readonly FinishStep[] {
  const { elements } = query.find
  const pulled = elements.flatMap((element, place) => (element.kind === 'pull' ? [place] : []))
  const isCut = query.limit !== undefined || query.offset !== undefined
  return [
    { kind: 'distinct', variables: findVariables(query) },
    { kind: isAggregated(query) ? 'aggregate' : 'project', elements },
    { kind: isOne(query) ? 'least' : 'sort' },
    ...(isCut ? [{ kind: 'limit', first: query.offset ?? 0, count: query.limit } as const] : []),
    ...(pulled.length > 0 ? [{ kind: 'pull', places: pulled } as const] : []),
  ]
}
