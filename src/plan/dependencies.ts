// Which variables of a conjunction follow from which others: rows over variables that determine all the rest cannot
// repeat, so nobody need compare them.

import { isPlanted } from '../base/planted.ts'
import type { ComputeStep, PatternStep } from './plan.ts'
import type { Variable } from './syntax.ts'
import { bindingVariables } from './variables.ts'

/** What holds of the facts of an attribute in one view: in the past the schema was another, so an engine looks. */
export type Uniqueness = { readonly isOnePerEntity: boolean; readonly isOnePerValue: boolean }

export class Dependencies {
  #introduced: Set<Variable>
  readonly #rules: { readonly from: readonly Variable[]; readonly to: readonly Variable[] }[] = []
  #blankCount = 0

  constructor(start: readonly Variable[]) {
    this.#introduced = new Set(start)
  }

  /** Without `uniqueness`, as in a history, nothing is known to follow. */
  addPattern({ terms, attribute }: PatternStep, uniqueness: Uniqueness | undefined): void {
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
    if (uniqueness === undefined) return
    if (uniqueness.isOnePerEntity) this.#rules.push({ from: known(e), to: known(v) })
    if (uniqueness.isOnePerValue) this.#rules.push({ from: known(v), to: known(e) })
    this.#rules.push({ from: known(e, v), to: known(tx, added) })
  }

  addFunction({ args, binding }: Pick<ComputeStep, 'args' | 'binding'>): void {
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

  /** Rows over these variables were made distinct: what told them apart before is gone. */
  begin(names: readonly Variable[]): void {
    this.#introduced = new Set(names)
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
