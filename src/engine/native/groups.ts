// Rows become groups as they are found: each row is numbered by the group that it belongs to, and the aggregates take
// the columns (accumulators.ts). Rows themselves are kept only by aggregates that need all values.

import type { Edn } from '../../fact/value.ts'
import { valueBytes } from '../../fact/value-bytes.ts'
import { elementVariable, findVariables } from '../../plan/finish.ts'
import type { Query } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import { aggregateFor, type FindSetting, placed } from '../find.ts'
import type { Row } from '../relation.ts'
import { type Accumulator, accumulatorFor, type Sums } from './accumulators.ts'
import type { Domain } from './domain.ts'
import { GroupNumbers } from './group-numbers.ts'
import { type Chunk, CHUNK_ROW_COUNT } from './operator.ts'

/** One element of the find: the column that it is about, and what adds it up where it is an aggregate. */
type Element = {
  readonly place: number
  readonly domain: Domain
  readonly accumulator: Accumulator | undefined
}

/** Groups as plain data: what another thread takes. */
export type GroupParts = {
  readonly rowCount: number
  /** By key, the number of each group. */
  readonly keys: readonly Float64Array[]
  readonly rowCounts: Float64Array
  /** By element of the find. */
  readonly sums: readonly (Sums | undefined)[]
}

export class Groups {
  /** Rows that were taken. */
  rowCount = 0
  readonly #query: Query
  readonly #elements: readonly Element[]
  readonly #keyPlaces: readonly number[]
  readonly #numbers: GroupNumbers
  readonly #budget: Budget

  /** `domains` are those of the variables of the find. */
  constructor(query: Query, domains: readonly Domain[], setting: FindSetting, budget: Budget) {
    this.#budget = budget
    this.#query = query
    const variables = findVariables(query)
    this.#elements = query.find.elements.map((element): Element => {
      const place = variables.indexOf(elementVariable(element))
      const domain = domains[place]!
      if (element.kind !== 'aggregate') return { place, domain, accumulator: undefined }
      const run = aggregateFor(element, setting)
      const checked = (values: readonly Edn[]): Edn => {
        budget.check()
        return run(values)
      }
      return { place, domain, accumulator: accumulatorFor(element, domain, checked, budget) }
    })
    this.#keyPlaces = this.#elements.flatMap(({ place, accumulator }) => (accumulator ? [] : [place]))
    this.#numbers = new GroupNumbers(
      this.#keyPlaces.map((place) => domains[place]!),
      budget,
    )
  }

  /** Takes rows that no other row equals; `columns` are those of the variables of the find. */
  take({ columns, rowCount }: Chunk): void {
    this.rowCount += rowCount
    const keys = this.#keyPlaces.map((place) => columns[place]!)
    const groups = this.#numbers.ofRows(keys, rowCount)
    for (const { place, accumulator } of this.#elements)
      accumulator?.add(columns[place]!, groups, rowCount, this.#numbers.limit)
  }

  /** What was added up so far, for another thread to take; undefined where rows themselves are needed. */
  parts(): GroupParts | undefined {
    const groups = this.#numbers.groups()
    const sums = this.#elements.map(({ accumulator }) => accumulator?.sums(groups))
    if (this.#elements.some(({ accumulator }, at) => accumulator && sums[at] === undefined)) return undefined
    return {
      rowCount: this.rowCount,
      keys: this.#keyPlaces.map((_, place) =>
        Float64Array.from(groups, (group) => this.#numbers.keyOf(group, place)),
      ),
      rowCounts: Float64Array.from(groups, (group) => this.#numbers.countOf(group)),
      sums,
    }
  }

  /** Takes what another one added up, of other rows. */
  add({ rowCount, keys, rowCounts, sums }: GroupParts): void {
    this.rowCount += rowCount
    for (let first = 0; first < rowCounts.length; first += CHUNK_ROW_COUNT) {
      const limit = Math.min(rowCounts.length, first + CHUNK_ROW_COUNT)
      const counts = rowCounts.subarray(first, limit)
      const groups = this.#numbers.ofCounts(
        keys.map((key) => key.subarray(first, limit)),
        counts,
      )
      this.#elements.forEach(({ accumulator }, at) =>
        accumulator?.addSums(sums[at]!, first, groups, counts.length, this.#numbers.limit),
      )
    }
  }

  /** One row per group, with a value for each element of the find. */
  rows(): readonly Row[] {
    return this.#numbers.groups().map((group) => {
      this.#budget.step()
      const row = this.#elements.map((_, at) => this.#valueOf(at, group))
      this.#budget.hold(valueBytes(row))
      return row
    })
  }

  #valueOf(at: number, group: number): Edn {
    const { place, domain, accumulator } = this.#elements[at]!
    if (accumulator === undefined)
      return domain.decode(this.#numbers.keyOf(group, this.#keyPlaces.indexOf(place)))
    return placed(this.#query.find.elements[at]!, () =>
      accumulator.value(group, this.#numbers.countOf(group)),
    )
  }
}
