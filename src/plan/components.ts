// Which clauses of a conjunction have nothing to do with each other: parts that share no variable are answered apart,
// since every row of one meets every row of the other.

import type { Goal } from './scope.ts'
import type { Variable } from './syntax.ts'
import { variablesOf } from './variables.ts'

/** Goals that hang together by their variables, and all variables that they name. */
export type Component = { readonly goals: readonly Goal[]; readonly names: ReadonlySet<Variable> }

/** The goals as parts that share no variable but perhaps one, each in the order given. */
export function componentsOf(goals: readonly Goal[], except?: Variable): readonly Component[] {
  let components: readonly Component[] = []
  for (const goal of goals) {
    const names = without(variablesOf(goal), except)
    const joined = components.filter((component) => [...names].some((name) => component.names.has(name)))
    const merged: Component = {
      goals: [...joined.flatMap((component) => component.goals), goal],
      names: new Set([...joined.flatMap((component) => [...component.names]), ...names]),
    }
    components = [...components.filter((component) => !joined.includes(component)), merged]
  }
  return components
}

function without(names: ReadonlySet<Variable>, except: Variable | undefined): ReadonlySet<Variable> {
  return except === undefined || !names.has(except)
    ? names
    : new Set([...names].filter((name) => name !== except))
}
