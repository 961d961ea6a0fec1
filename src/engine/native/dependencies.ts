// Which variables of a conjunction follow from which others: rows over variables that determine all the rest cannot
// repeat, so nobody need compare them.

import type { Clause, Variable } from '../../plan/syntax.ts'
import { bindingVariables } from '../../plan/variables.ts'
import type { PatternClause } from '../../plan/scope.ts'
import type { AttributeTable } from './attribute-table.ts'

export class Dependencies {
  readonly #introduced: Set<Variable>
  readonly #rules: { readonly from: readonly Variable[]; readonly to: readonly Variable[] }[] = []
  #blankCount = 0

  constructor(start: readonly Variable[]) {
    this.#introduced = new Set(start)
  }

  /** Whether a fact follows from its entity or its value is read off the table: in the past the schema was another. */
  addPattern(clause: PatternClause, table: AttributeTable | undefined): void {
    const names = clause.terms.map((term) => {
      if (term.kind === 'constant') return undefined
      const name = term.kind === 'variable' ? term.name : `!blank${this.#blankCount++}`
      this.#introduced.add(name)
      return name
    })
    while (names.length < 4) {
      const name = `!blank${this.#blankCount++}`
      this.#introduced.add(name)
      names.push(name)
    }
    const [e, , v, tx, added] = names
    const known = (...given: readonly (Variable | undefined)[]): Variable[] =>
      given.filter((name) => name !== undefined)
    if (table === undefined || table.added !== undefined) return
    const { cardinality, unique } = table.attribute
    if (cardinality === 'one' && table.byEntity.keyCount === table.rowCount)
      this.#rules.push({ from: known(e), to: known(v) })
    if (unique !== undefined && table.byValue.keyCount === table.rowCount)
      this.#rules.push({ from: known(v), to: known(e) })
    this.#rules.push({ from: known(e, v), to: known(tx, added) })
  }

  addFunction({ args, binding }: Extract<Clause, { kind: 'function' }>): void {
    const names = bindingVariables(binding)
    for (const name of names) this.#introduced.add(name)
    const from = args.flatMap((arg) => (arg.kind === 'variable' ? [arg.name] : []))
    if (binding.kind === 'variable' || binding.kind === 'tuple') this.#rules.push({ from, to: names })
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
