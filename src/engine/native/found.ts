// What one thread finds for a question: rows over the variables of the find, or groups of them where rows need not be
// kept. Shares that several threads found become one.

import { isPlanted } from '../../base/planted.ts'
import { isAggregated } from '../../plan/finish.ts'
import type { Query } from '../../plan/syntax.ts'
import type { FindSetting } from '../find.ts'
import type { Budget } from '../budget.ts'
import type { Executable } from './executable.ts'
import { type GroupParts, Groups } from './groups.ts'
import type { EntityRange } from './morsels.ts'
import { type Chunk, type Consumer, step } from './operator.ts'
import { RowSet } from './row-set.ts'
import { asShared } from './shared-memory.ts'
import type { PatternStep } from '../../plan/plan.ts'

/** What is asked, and what finds it. */
export type Finding = {
  readonly query: Query
  readonly executable: Executable
  readonly setting: FindSetting
  /** Of the rows that are found. */
  readonly budget: Budget
}

export class Found implements Consumer {
  /** Those that are no groups yet. */
  rows: RowSet
  readonly groups: Groups | undefined
  readonly #places: readonly number[]
  readonly #isDistinct: boolean
  readonly #isGroupedAtOnce: boolean
  readonly #budget: Budget

  /** `isShare` where others find the rest: then only groups that can be added to each other are made at once. */
  constructor({ query, executable, setting, budget }: Finding, { isShare = false } = {}) {
    const { places, domains, isDistinct, expectedCount } = executable
    this.rows = new RowSet(places.length, budget, { expectedCount })
    this.groups = isAggregated(query) ? new Groups(query, domains, setting, budget) : undefined
    this.#places = places
    this.#isDistinct = isDistinct
    this.#isGroupedAtOnce =
      isDistinct && this.groups !== undefined && (!isShare || this.groups.parts() !== undefined)
    this.#budget = budget
  }

  get rowCount(): number {
    return this.rows.rowCount + (this.groups?.rowCount ?? 0)
  }

  push(chunk: Chunk): void {
    step(this.#budget, chunk.rowCount)
    if (this.#isGroupedAtOnce) {
      const columns = this.#places.map((place) => chunk.columns[place]!)
      return this.groups!.take({ rowCount: chunk.rowCount, columns })
    }
    this.#add(this.rows, chunk, this.#places)
  }

  finish(): void {
    // Rows are taken as they come.
  }

  /** Makes groups of rows that were kept for that. */
  groupRows(): void {
    if (this.groups === undefined) return
    for (const chunk of this.rows.chunks()) {
      this.#budget.check()
      this.groups.take(chunk)
    }
    this.rows.release()
    this.rows = new RowSet(this.#places.length, this.#budget)
  }

  /** Puts what others found to what this thread found itself. In which order is no matter: answers are sorted. */
  join(others: readonly SentShare[]): void {
    if (this.#isGroupedAtOnce) {
      for (const { groups } of others) this.groups!.add(groups!)
      return
    }
    const pieces = others.flatMap(({ columns, morsels }) => morsels.map((morsel) => ({ columns, ...morsel })))
    for (const { columns, first, limit } of pieces.sort((x, y) => x.index - y.index)) {
      const piece = {
        rowCount: limit - first,
        columns: columns.map((column) => column.subarray(first, limit)),
      }
      this.#add(this.rows, piece, [...columns.keys()])
    }
  }

  #add(rows: RowSet, chunk: Chunk, places: readonly number[]): void {
    if (this.#isDistinct || isPlanted('shares-are-not-compared')) rows.appendAll(chunk, places)
    else rows.addAll(chunk, places)
    this.#budget.holdRows(rows.rowCount, () => 'the answer')
  }
}

/** What one thread found in the morsels that it took. */
export type SentShare = {
  readonly groups: GroupParts | undefined
  readonly columns: readonly Float64Array[]
  /** Where the rows of each morsel lie in the columns. */
  readonly morsels: readonly { readonly index: number; readonly first: number; readonly limit: number }[]
}

/** One thread's share of the work of a plan. */
export class Share {
  readonly found: Found
  readonly #executable: Executable
  readonly #leading: readonly PatternStep[]
  readonly #done: SentShare['morsels'][number][] = []

  constructor(found: Found, executable: Executable, leading: readonly PatternStep[]) {
    this.found = found
    this.#executable = executable
    this.#leading = leading
  }

  work(index: number, range: EntityRange): void {
    const first = this.found.rows.rowCount
    this.#executable.limitTo(this.#leading, range)
    this.#executable.run(this.found)
    this.#done.push({ index, first, limit: this.found.rows.rowCount })
  }

  /** True where calls failed on some rows. */
  get hasFailures(): boolean {
    return this.#executable.failures.clauses.size > 0
  }

  get morsels(): SentShare['morsels'] {
    return this.#done
  }

  /** What another thread is to read. */
  sent(): SentShare {
    const { rows, groups } = this.found
    return {
      groups: groups?.parts(),
      columns: rows.columns.map((column) => asShared(column.subarray(0, rows.rowCount))),
      morsels: this.#done,
    }
  }

  end(): void {
    this.#executable.limitTo(this.#leading, undefined)
  }
}
