// Which variables of a conjunction follow from which others: rows over variables that determine all the rest cannot
// repeat, so nobody need compare them.

import { isPlanted } from '../../base/planted.ts'
import type { ComputeStep, PatternStep } from '../../plan/plan.ts'
import type { Variable } from '../../plan/syntax.ts'
import { bindingVariables } from '../../plan/variables.ts'
import type { Budget } from '../budget.ts'
import type { AttributeTable } from './attribute-table.ts'

export class Dependencies {
  readonly #introduced: Set<Variable>
  readonly #rules: { readonly from: readonly Variable[]; readonly to: readonly Variable[] }[] = []
  #blankCount = 0

  constructor(start: readonly Variable[]) {
    this.#introduced = new Set(start)
  }

  /** Whether a fact follows from its entity or its value is read off the table: in the past the schema was another. */
  addPattern({ terms, attribute }: PatternStep, table: AttributeTable | undefined, budget: Budget): void {
    const names: (Variable | undefined)[] = []
    for (const [place, term] of terms.entries()) {
      const isKnown = term.kind === 'constant' || (place === 1 && attribute !== undefined)
      if (term.kind === 'same') names.push(names[term.place])
      else if (isKnown) names.push(undefined)
      else {
        const name = term.kind === 'any' ? `!blank${this.#blankCount++}` : term.name
        if (term.kind !== 'any' || !isPlanted('plan-forgets-blanks')) this.#introduced.add(name)
        names.push(name)
      }
    }
    const [e, , v, tx, added] = names
    const known = (...given: readonly (Variable | undefined)[]): Variable[] =>
      given.filter((name) => name !== undefined)
    if (table === undefined || table.added !== undefined) return
    const { cardinality, unique } = table.attribute
    if (cardinality === 'one' && table.byEntity(budget).keyCount === table.rowCount)
      this.#rules.push({ from: known(e), to: known(v) })
    if (unique !== undefined && table.byValue(budget).keyCount === table.rowCount)
      this.#rules.push({ from: known(v), to: known(e) })
    this.#rules.push({ from: known(e, v), to: known(tx, added) })
  }

  addFunction({ args, binding }: ComputeStep): void {
    const names = bindingVariables(binding)
    for (const name of names) this.#introduced.add(name)
    const from = args.flatMap((arg) => (arg.kind === 'variable' ? [arg.name] : []))
    if (binding.kind === 'variable' || binding.kind === 'tuple') this.#rules.push({ from, to: names })
    // A collection may hold one thing twice.
    else this.#introduced.add('!ways')
  }

  addBranches(fresh: readonly Variable[]): void {
    for (const name of fresh) this.#introduced.add(name)
  }

  /** True where these variables determine every other, so that rows over them are distinct. */
  determine(names: readonly Variable[]): boolean {
    const known = new Set(names)
    for (let size = -1; size !== known.size;) {
      size = known.size
      for (const { from, to } of this.#rules)
        if (from.every((name) => known.has(name))) to.forEach((name) => known.add(name))
    }
    return [...this.#introduced].every((name) => known.has(name))
  }
}
