// A conjunction while it is compiled: the columns so far, and what determines what among them.

import type { Dependencies } from '../../plan/dependencies.ts'
import type { PlanTerm, Step } from '../../plan/plan.ts'
import { ROW } from './branch-operator.ts'
import { columnOf, keptColumns, type Layout } from './operator.ts'
import type { PlaceBinding } from './pattern-shape.ts'

export type Course = { layout: Layout; readonly dependencies: Dependencies }

/** The columns that go on: those that the step keeps, and the number of the row that they belong to. */
export function keptBy({ kept }: Pick<Step, 'kept'>, layout: Layout): readonly number[] {
  return keptColumns(layout, new Set([...kept, ROW]))
}

export function extended(layout: Layout, kept: readonly number[], added: Layout): Layout {
  return {
    names: [...kept.map((index) => layout.names[index]!), ...added.names],
    domains: [...kept.map((index) => layout.domains[index]!), ...added.domains],
  }
}

export function placeBinding(term: PlanTerm | undefined, layout: Layout): PlaceBinding {
  if (term?.kind === 'constant') return { kind: 'constant', value: term.value }
  if (term?.kind !== 'bound') return { kind: 'free' }
  const index = columnOf(layout, term.name)
  return { kind: 'column', index, domain: layout.domains[index]! }
}
