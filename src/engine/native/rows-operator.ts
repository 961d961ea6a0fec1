// A join with rows that came with the question: an input, or a vector of rows as a source. They lie in columns of
// numbers as facts do, and are found by the first place that incoming rows bring.

import type { Edn } from '../../fact/value.ts'
import { equalValues, numberType } from '../../fact/value.ts'
import type { PlanTerm } from '../../plan/plan.ts'
import type { Variable } from '../../plan/syntax.ts'
import type { Budget } from '../relation.ts'
import { CollectedDomain, type Domain, NumberDomain, type Translation, translation } from './domain.ts'
import { Lookup } from './lookup.ts'
import { type Chunk, columnOf, type Layout, Operator, PairOutput, pickLayout, step } from './operator.ts'

type Column = { readonly domain: Domain; readonly numbers: Float64Array }

/** A place that incoming rows bring as well. */
type Shared = { readonly from: number; readonly column: Column; readonly translate: Translation }

export class RowsOperator extends Operator {
  readonly layout: Layout
  readonly #rowCount: number
  readonly #isExistence: boolean
  readonly #shared: readonly Shared[]
  readonly #lookup: Lookup | undefined
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
    const usable = rows.filter((row) => fits(row, terms))
    const columns = terms.map((_, place) => columnOfValues(usable.map((row) => row[place]!)))
    const placeOf = (name: Variable): number =>
      terms.findIndex((term) => term.kind === 'fresh' && term.name === name)
    const added = fresh.map((name) => columns[placeOf(name)]!)
    this.#rowCount = usable.length
    this.#isExistence = fresh.length === 0
    this.#shared = terms.flatMap((term, place): readonly Shared[] => {
      if (term.kind !== 'bound') return []
      const from = columnOf(layout, term.name)
      const column = columns[place]!
      return [{ from, column, translate: translation(layout.domains[from]!, column.domain) }]
    })
    this.#lookup = this.#shared[0] && Lookup.of(this.#shared[0].column.numbers)
    const keptLayout = pickLayout(layout, kept)
    this.layout = {
      names: [...keptLayout.names, ...fresh],
      domains: [...keptLayout.domains, ...added.map(({ domain }) => domain)],
    }
    this.#output = new PairOutput(
      kept,
      added.map(({ numbers }) => numbers),
      budget,
    )
    this.#budget = budget
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
    const limit = this.#isExistence ? Math.min(1, this.#rowCount) : this.#rowCount
    for (let row = 0; row < limit; row++) this.#output.pair(i, row)
  }

  #joinBy(lookup: Lookup, i: number, keys: readonly Float64Array[]): void {
    const slot = lookup.slotOf(keys[0]![i]!)
    if (slot < 0) return
    for (let at = lookup.first[slot]!; at < lookup.first[slot + 1]!; at++) {
      const row = lookup.order === undefined ? at : lookup.order[at]!
      if (!this.#shared.every(({ column }, which) => column.numbers[row] === keys[which]![i])) continue
      this.#output.pair(i, row)
      // Nothing new: the row stays because there is such a row.
      if (this.#isExistence) return
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

function columnOfValues(values: readonly Edn[]): Column {
  if (values.every((value) => typeof value === 'number' && numberType(value) === 'long')) {
    return { domain: new NumberDomain('long'), numbers: Float64Array.from(values as readonly number[]) }
  }
  if (values.every((value) => value instanceof Date)) {
    return {
      domain: new NumberDomain('instant'),
      numbers: Float64Array.from(values, (value) => value.getTime()),
    }
  }
  const domain = new CollectedDomain()
  return { domain, numbers: Float64Array.from(values, (value) => domain.collect(value)) }
}

function translated(column: Float64Array, rowCount: number, translate: Translation): Float64Array {
  if (translate === undefined) return column
  const numbers = new Float64Array(rowCount)
  for (let i = 0; i < rowCount; i++) numbers[i] = translate(column[i]!)
  return numbers
}
