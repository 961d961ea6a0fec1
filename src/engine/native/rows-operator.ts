// A join with rows that came with the question: an input, or a vector of rows as a source. They lie in columns of
// numbers as facts do, and are found by the first place that incoming rows bring.

import type { Edn } from '../../fact/value.ts'
import { equalValues, numberType } from '../../fact/value.ts'
import type { PlanTerm } from '../../plan/plan.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import { CollectedDomain, type Domain, NumberDomain, type Translation, translation } from './domain.ts'
import { Lookup } from './lookup.ts'
import { type Chunk, columnOf, type Layout, Operator, PairOutput, pickLayout, step } from './operator.ts'

/** A place that incoming rows bring as well. */
type Shared = { readonly from: number; readonly place: number; readonly translate: Translation }

export class RowsOperator extends Operator {
  readonly layout: Layout
  readonly #terms: readonly PlanTerm[]
  /** By place of the rows. */
  readonly domains: readonly Domain[]
  #columns: readonly Float64Array[] = []
  readonly #freshPlaces: readonly number[]
  readonly #freshColumns: Float64Array[] = []
  readonly #shared: readonly Shared[]
  #rowCount = 0
  #heldBytes = 0
  #lookup: Lookup | undefined
  readonly #output: PairOutput
  readonly #budget: Budget

  constructor(
    { terms, rows }: { readonly terms: readonly PlanTerm[]; readonly rows: readonly (readonly Edn[])[] },
    outside: {
      readonly layout: Layout
      readonly kept: readonly number[]
      readonly fresh: readonly Variable[]
    },
    budget: Budget,
  ) {
    super()
    const { layout, kept, fresh } = outside
    this.#terms = terms
    this.domains = terms.map((_, place) =>
      domainOfValues(
        rows.map((row) => row[place]!),
        budget,
      ),
    )
    this.#freshPlaces = fresh.map((name) =>
      terms.findIndex((term) => term.kind === 'fresh' && term.name === name),
    )
    this.#shared = terms.flatMap((term, place): readonly Shared[] => {
      if (term.kind !== 'bound') return []
      const from = columnOf(layout, term.name)
      return [{ from, place, translate: translation(layout.domains[from]!, this.domains[place]!, budget) }]
    })
    const keptLayout = pickLayout(layout, kept)
    const freshDomains = this.#freshPlaces.map((place) => this.domains[place]!)
    this.layout = {
      names: [...keptLayout.names, ...fresh],
      domains: [...keptLayout.domains, ...freshDomains],
    }
    this.#budget = budget
    this.load(rows)
    this.#output = new PairOutput(kept, this.#freshColumns, budget)
  }

  /** Takes rows, of the same kinds of values as those before, in place of them. */
  load(rows: readonly (readonly Edn[])[]): void {
    const usable = rows.filter((row) => fits(row, this.#terms))
    this.#rowCount = usable.length
    this.#budget.release(this.#heldBytes)
    this.#heldBytes = usable.length * this.domains.length * Float64Array.BYTES_PER_ELEMENT
    this.#budget.hold(this.#heldBytes)
    this.#columns = this.domains.map((domain, place) =>
      Float64Array.from(usable, (row) => numberIn(domain, row[place]!)),
    )
    this.#freshPlaces.forEach((place, at) => (this.#freshColumns[at] = this.#columns[place]!))
    const [first] = this.#shared
    this.#lookup = first && Lookup.of(this.#columns[first.place]!, this.#budget.checks)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    this.#output.begin(chunk.columns, this.next)
    const keys = this.#shared.map(({ from, translate }) =>
      translated(chunk.columns[from]!, chunk.rowCount, translate),
    )
    for (let i = 0; i < chunk.rowCount; i++) {
      if (this.#lookup === undefined) this.#joinAll(i)
      else this.#joinBy(this.#lookup, i, keys)
    }
    this.#output.flush()
  }

  #joinAll(i: number): void {
    const limit = this.#freshPlaces.length === 0 ? Math.min(1, this.#rowCount) : this.#rowCount
    for (let row = 0; row < limit; row++) this.#output.pair(i, row)
  }

  #joinBy(lookup: Lookup, i: number, keys: readonly Float64Array[]): void {
    const slot = lookup.slotOf(keys[0]![i]!)
    if (slot < 0) return
    for (let at = lookup.first[slot]!; at < lookup.first[slot + 1]!; at++) {
      const row = lookup.order === undefined ? at : lookup.order[at]!
      if (!this.#shared.every(({ place }, which) => this.#columns[place]![row] === keys[which]![i])) continue
      this.#output.pair(i, row)
      // Nothing new: the row stays because there is such a row.
      if (this.#freshPlaces.length === 0) return
    }
  }
}

/** Whether a row has the constants, and the same value where one variable stands twice. */
function fits(row: readonly Edn[], terms: readonly PlanTerm[]): boolean {
  return terms.every((term, place) => {
    if (term.kind === 'constant') return equalValues(row[place]!, term.value)
    return term.kind !== 'same' || equalValues(row[place]!, row[term.place]!)
  })
}

function domainOfValues(values: readonly Edn[], budget: Budget): Domain {
  if (values.every((value) => typeof value === 'number' && numberType(value) === 'long'))
    return new NumberDomain('long')
  return values.every((value) => value instanceof Date)
    ? new NumberDomain('instant')
    : new CollectedDomain(budget)
}

function numberIn(domain: Domain, value: Edn): number {
  return domain instanceof CollectedDomain ? domain.collect(value) : domain.encode(value)
}

function translated(column: Float64Array, rowCount: number, translate: Translation): Float64Array {
  if (translate === undefined) return column
  const numbers = new Float64Array(rowCount)
  for (let i = 0; i < rowCount; i++) numbers[i] = translate(column[i]!)
  return numbers
}
