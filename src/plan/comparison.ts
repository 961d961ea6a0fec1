// Comparisons of two values, by the names under which questions call them.

export type Comparison = '<' | '<=' | '>' | '>=' | '=' | '!='

/** The comparison that says the same with its arguments swapped. */
export const SWAPPED: Readonly<Record<Comparison, Comparison>> = {
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '=': '=',
  '!=': '!=',
}

export function isComparison(name: string): name is Comparison {
  return Object.hasOwn(SWAPPED, name)
}
