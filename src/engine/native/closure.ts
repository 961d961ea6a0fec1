// What is reached over references of a recursive rule (plan/closure.ts), for whatever seeds are asked for, in one direction:
// walked for each seed and kept as long as seeds are asked for again. Facts are sought, until that would have been dearer than the table of the
// attribute; then a walk marks places in an array (dense-walk.ts), or, over several attributes, members of a set.

import type { Attribute } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import { counted, tableOf } from './attribute-table.ts'
import { DenseWalk } from './dense-walk.ts'
import { NumberList } from './number-list.ts'
import { CHUNK_ROW_COUNT } from './operator.ts'
import { Pace } from './pace.ts'
import { RowSet } from './row-set.ts'
import { firstFrom } from './sorted-lists.ts'
import { readsTable, SEEK_COST, statisticsOf } from './statistics.ts'

/** A reference that is followed: from values to entities where it is reversed. */
export type Edge = {
  readonly facts: FactSource
  readonly attribute: Attribute
  readonly isReversed: boolean
}

/** Answers that are kept at first: few enough to stay near the processor. */
const KEPT_COUNT_START = 1 << 13

export class Closure {
  readonly #edges: readonly Edge[]
  readonly #name: string
  readonly #budget: Budget
  readonly #pace: Pace
  /** The answers of the last seeds, one behind the other. */
  readonly #answers: NumberList
  /** Seeds that were walked from, and the last walk of each; answers are kept from the first kept walk on. */
  readonly #seeds: RowSet
  readonly #walkOfSeed: NumberList
  readonly #seed = [new Float64Array(1)]
  #walkCount = 0
  #firstKept = 0
  #keptCountMax = KEPT_COUNT_START
  /** Where the answers of each kept seed begin, and the last ones end; whether they are sorted. */
  #firsts: number[] = [0]
  #isSorted: boolean[] = []
  #adjacencies: readonly Adjacency[] | undefined
  #dense: DenseWalk | undefined
  /** Facts that may still be sought before tables are read. */
  #seekCountLeft = 0

  /** `seedCount` seeds are expected. */
  constructor(
    edges: readonly Edge[],
    { name, seedCount }: { name: string; seedCount: number },
    budget: Budget,
  ) {
    this.#edges = edges
    this.#name = name
    this.#budget = budget
    this.#pace = new Pace(budget)
    this.#answers = new NumberList(budget)
    this.#seeds = new RowSet(1, budget)
    this.#walkOfSeed = new NumberList(budget)
    const isTable = edges.every(({ facts, attribute }) =>
      readsTable({ facts, attribute, rowCount: seedCount }, budget),
    )
    if (isTable) this.#readTables()
    else
      for (const { facts, attribute } of edges)
        this.#seekCountLeft += statisticsOf(facts, attribute, budget).rowCount / SEEK_COST
  }

  /** The answers of a seed: the numbers at `[first, limit)`, which stay until the next call. */
  reach(seed: number): { readonly numbers: Float64Array; readonly first: number; readonly limit: number } {
    const place = this.#placeOf(seed)
    return { numbers: this.#answers.numbers, first: this.#firsts[place]!, limit: this.#firsts[place + 1]! }
  }

  /** True where the number is among the answers of the seed. */
  reaches(seed: number, wanted: number): boolean {
    const place = this.#placeOf(seed)
    const first = this.#firsts[place]!
    const limit = this.#firsts[place + 1]!
    const { numbers } = this.#answers
    if (this.#isSorted[place] !== true) {
      numbers.subarray(first, limit).sort()
      this.#isSorted[place] = true
    }
    const at = firstFrom(numbers, first, limit, wanted)
    return at < limit && numbers[at] === wanted
  }

  /** Everything that has answers, each once. */
  *seeds(): Iterable<number> {
    const seeds = new RowSet(1, this.#budget)
    for (const { facts, attribute, isReversed } of this.#edges) {
      const { entities, values } = tableOf(facts, attribute, this.#budget)
      const numbers = isReversed ? values : entities
      for (let first = 0; first < numbers.length; first += CHUNK_ROW_COUNT) {
        this.#budget.check()
        const part = numbers.subarray(first, first + CHUNK_ROW_COUNT)
        const before = seeds.rowCount
        seeds.addAll({ rowCount: part.length, columns: [part] }, [0])
        for (let row = before; row < seeds.rowCount; row++) yield seeds.columns[0]![row]!
      }
    }
    seeds.release()
  }

  /** The place of a seed among those whose answers are kept. */
  #placeOf(seed: number): number {
    this.#seed[0]![0] = seed
    const row = this.#seeds.add(this.#seed, 0)
    const known = this.#walkOfSeed.at(row)
    if (known >= this.#firstKept) return known - this.#firstKept
    // Who is asked for again after being forgotten was forgotten too early.
    if (known >= 0) this.#keptCountMax *= 2
    const answers = this.#answers
    if (answers.count > this.#keptCountMax) this.#forget()
    const before = answers.count
    if (!this.#walk(seed)) {
      answers.count = before
      this.#readTables()
      this.#walk(seed)
    }
    this.#pace.step(answers.count - before + 1)
    this.#budget.holdRows(answers.count, () => `the results of ${this.#name}`)
    this.#firsts.push(answers.count)
    this.#walkOfSeed.set(row, this.#walkCount)
    return this.#walkCount++ - this.#firstKept
  }

  #forget(): void {
    this.#answers.count = 0
    this.#firsts = [0]
    this.#isSorted = []
    this.#firstKept = this.#walkCount
  }

  #readTables(): void {
    this.#adjacencies = this.#edges.map(({ facts, attribute, isReversed }) => {
      const table = tableOf(facts, attribute, this.#budget)
      table.count(this.#budget)
      const adjacency = isReversed ? table.ofValues(this.#budget) : table.ofEntities(this.#budget)
      counted(adjacency.lookup, this.#budget)
      return counted(adjacency, this.#budget)
    })
    const [adjacency, another] = this.#adjacencies
    this.#dense = another === undefined ? DenseWalk.of(adjacency!, this.#budget.checks) : undefined
    if (this.#dense !== undefined) counted(this.#dense, this.#budget)
  }

  /** Appends the answers of a seed; false where seeking them became too dear. */
  #walk(seed: number): boolean {
    if (this.#dense === undefined) return this.#walkBySet(seed)
    this.#dense.reach(seed, this.#answers, this.#budget)
    return true
  }

  #walkBySet(seed: number): boolean {
    const answers = this.#answers
    const met = new Set<number>()
    let next = answers.count
    for (let node = seed; ; node = answers.numbers[next++]!) {
      for (let at = 0; at < this.#edges.length; at++) {
        for (const target of this.#neighbours(node, at)) {
          if (met.has(target)) continue
          met.add(target)
          answers.add(target)
        }
      }
      this.#budget.step()
      if (this.#adjacencies === undefined && this.#seekCountLeft < 0) return false
      if (next === answers.count) return true
    }
  }

  *#neighbours(node: number, at: number): Iterable<number> {
    const adjacency = this.#adjacencies?.[at]
    if (adjacency === undefined) return yield* this.#sought(node, this.#edges[at]!)
    const { lookup, first, targets } = adjacency
    const slot = lookup.slotOf(node)
    if (slot >= 0) yield* targets.subarray(first[slot], first[slot + 1])
  }

  *#sought(node: number, { facts, attribute, isReversed }: Edge): Iterable<number> {
    this.#seekCountLeft--
    if (!Number.isSafeInteger(node)) return
    const found = isReversed
      ? facts.match(undefined, attribute.id, node)
      : facts.match(node, attribute.id, undefined)
    for (const { e, v } of found) {
      this.#seekCountLeft--
      yield isReversed ? e : (v as number)
    }
  }
}
