// Aggregates that run over columns of numbers, group by group, without keeping the rows: counts, sums and means that
// stay exact, extremes of what is ordered as its numbers are. Every other aggregate gets the values of each group, as
// the naive engine gives them.

import { assert } from '../../base/assert.ts'
import { double, type Edn } from '../../fact/value.ts'
import { checkedLong } from '../arithmetic.ts'
import { type ExactParts, ExactSum, roundToDouble } from '../exact.ts'
import type { Budget } from '../budget.ts'
import type { AggregateElement } from '../find.ts'
import { type Domain, NumberDomain } from './domain.ts'
import { isOrdered } from './row-order.ts'
import { RowSet } from './row-set.ts'

/** Of a sum that stays exact, and of a list of numbers before there are any. */
const EXACT_SUM_BYTES = 128
const GROUP_BYTES = 64

export interface Accumulator {
  /** Takes the number of each row, and its group, which is below `groupLimit`. */
  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void
  /** The value of a group that has so many rows, once all are taken. */
  value(group: number, rowCount: number): Edn
  /** What was added up for these groups, for another thread to take; undefined where only rows themselves will do. */
  sums(groups: readonly number[]): Sums | undefined
  /** Takes what another one added up: the sums `[first, first + groupCount)` for these groups. */
  addSums(sums: Sums, first: number, groups: Int32Array, groupCount: number, groupLimit: number): void
}

/** By the place of each group in the list that was asked for. */
export type Sums = {
  /** Numbers that are taken as those of rows are. */
  readonly numbers: Float64Array
  /** What no double holds. */
  readonly carried?: ReadonlyMap<number, bigint>
  readonly exact?: readonly ExactParts[]
}

/** `run` makes the value of a group out of its values. */
export function accumulatorFor(
  { name, args }: AggregateElement,
  domain: Domain,
  run: (values: readonly Edn[]) => Edn,
  budget: Budget,
): Accumulator {
  return (args.length === 0 ? ofColumn(name, domain, budget) : undefined) ?? new Values(domain, run, budget)
}

/** Undefined where the numbers of the column do not tell the answer. */
function ofColumn(name: string, domain: Domain, budget: Budget): Accumulator | undefined {
  const type = domain instanceof NumberDomain ? domain.type : undefined
  switch (name) {
    case 'count':
      return new Counts()
    case 'count-distinct':
      return new DistinctCounts(budget)
    case 'sum':
    case 'avg':
      if (type === 'long' || type === 'ref') return new LongSums(name, budget)
      return type === 'double' || type === 'float' ? new DoubleSums(name, budget) : undefined
    case 'min':
      return isOrdered(domain) ? new Least(domain, budget) : undefined
    case 'max':
      return isOrdered(domain) ? new Greatest(domain, budget) : undefined
    default:
      return undefined
  }
}

/** Rows are counted for every group anyway. */
class Counts implements Accumulator {
  add(): void {
    // There is nothing to take.
  }

  value(_: number, rowCount: number): Edn {
    return rowCount
  }

  sums(): Sums {
    return { numbers: new Float64Array(0) }
  }

  addSums(): void {
    // Rows of groups are counted together as well.
  }
}

class DistinctCounts implements Accumulator {
  readonly #distinct: RowSet
  #counts = new Float64Array(0)
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
    this.#distinct = new RowSet(2, budget)
  }

  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    const counts = (this.#counts = atLeast(this.#counts, groupLimit, 0, this.#budget))
    const before = this.#distinct.rowCount
    const columns = [Float64Array.from(groups.subarray(0, rowCount)), numbers]
    this.#distinct.addAll({ rowCount, columns }, [0, 1])
    const [found] = this.#distinct.columns
    for (let row = before; row < this.#distinct.rowCount; row++) counts[found![row]!]!++
  }

  value(group: number): Edn {
    return this.#counts[group]!
  }

  sums(): undefined {
    return undefined
  }

  addSums(): void {
    assert(false, 'what is distinct in parts need not be so together')
  }
}

/** Of whole numbers. What a double no longer holds exactly is carried on as a bigint. */
class LongSums implements Accumulator {
  readonly #name: 'sum' | 'avg'
  #sums = new Float64Array(0)
  readonly #carried = new Map<number, bigint>()
  readonly #budget: Budget

  constructor(name: 'sum' | 'avg', budget: Budget) {
    this.#name = name
    this.#budget = budget
  }

  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    const sums = (this.#sums = atLeast(this.#sums, groupLimit, 0, this.#budget))
    for (let row = addedUntilUnsafe(sums, numbers, groups, 0, rowCount); row < rowCount;) {
      this.#carry(groups[row]!, numbers[row]!)
      row = addedUntilUnsafe(sums, numbers, groups, row + 1, rowCount)
    }
  }

  value(group: number, count: number): Edn {
    const sum = this.#sums[group]!
    const carried = this.#carried.get(group)
    if (carried === undefined) return this.#name === 'sum' ? sum : double(sum / count)
    const total = carried + BigInt(sum)
    return this.#name === 'sum'
      ? checkedLong('sum', total)
      : double(roundToDouble({ numerator: total, denominator: BigInt(count) }))
  }

  sums(groups: readonly number[]): Sums {
    const carried = groups.flatMap((group, at): readonly [number, bigint][] => {
      const beyond = this.#carried.get(group)
      return beyond === undefined ? [] : [[at, beyond]]
    })
    return { numbers: numbersAt(this.#sums, groups), carried: new Map(carried) }
  }

  addSums(
    { numbers, carried }: Sums,
    first: number,
    groups: Int32Array,
    groupCount: number,
    groupLimit: number,
  ): void {
    this.add(numbers.subarray(first, first + groupCount), groups, groupCount, groupLimit)
    for (const [at, beyond] of carried ?? []) {
      const group = groups[at - first]!
      const isHere = at >= first && at < first + groupCount
      if (isHere) this.#carried.set(group, (this.#carried.get(group) ?? 0n) + beyond)
    }
  }

  #carry(group: number, number: number): void {
    this.#carried.set(group, (this.#carried.get(group) ?? 0n) + BigInt(this.#sums[group]!))
    this.#sums[group] = number
  }
}

/**
 * Adds numbers to the sums of their groups, up to one with which a sum would leave what doubles hold exactly: where that
 * stands. Two rows at a time (comparison.ts says why).
 */
function addedUntilUnsafe(
  sums: Float64Array,
  numbers: Float64Array,
  groups: Int32Array,
  first: number,
  limit: number,
): number {
  let row = first
  for (; row + 1 < limit; row += 2) {
    const a = groups[row]!
    const sumA = sums[a]! + numbers[row]!
    if (!(Math.abs(sumA) <= Number.MAX_SAFE_INTEGER)) return row
    sums[a] = sumA
    const b = groups[row + 1]!
    const sumB = sums[b]! + numbers[row + 1]!
    if (!(Math.abs(sumB) <= Number.MAX_SAFE_INTEGER)) return row + 1
    sums[b] = sumB
  }
  if (row === limit) return limit
  const sum = sums[groups[row]!]! + numbers[row]!
  if (!(Math.abs(sum) <= Number.MAX_SAFE_INTEGER)) return row
  sums[groups[row]!] = sum
  return limit
}

class DoubleSums implements Accumulator {
  readonly #name: 'sum' | 'avg'
  readonly #sums: ExactSum[] = []
  readonly #budget: Budget

  constructor(name: 'sum' | 'avg', budget: Budget) {
    this.#name = name
    this.#budget = budget
  }

  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    this.#reserve(groupLimit)
    for (let row = 0; row < rowCount; row++) this.#sums[groups[row]!]!.add(numbers[row]!)
  }

  value(group: number, rowCount: number): Edn {
    const sum = this.#sums[group]!
    const count = this.#name === 'sum' ? 1 : rowCount
    const total = sum.fraction()
    if (total === undefined) return double(sum.infinite / count)
    return double(roundToDouble({ ...total, denominator: total.denominator * BigInt(count) }))
  }

  sums(groups: readonly number[]): Sums {
    return { numbers: new Float64Array(0), exact: groups.map((group) => this.#sums[group]!.parts) }
  }

  addSums({ exact }: Sums, first: number, groups: Int32Array, groupCount: number, groupLimit: number): void {
    this.#reserve(groupLimit)
    for (let at = 0; at < groupCount; at++) this.#sums[groups[at]!]!.addParts(exact![first + at]!)
  }

  #reserve(groupLimit: number): void {
    this.#budget.hold(Math.max(0, groupLimit - this.#sums.length) * EXACT_SUM_BYTES)
    while (this.#sums.length < groupLimit) this.#sums.push(new ExactSum())
  }
}

/** The best number of each group; each kind of best has a loop of its own, that is for one comparison. */
abstract class Best implements Accumulator {
  readonly #domain: Domain
  readonly #budget: Budget
  #best = new Float64Array(0)

  constructor(domain: Domain, budget: Budget) {
    this.#domain = domain
    this.#budget = budget
  }

  abstract add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void

  value(group: number): Edn {
    return this.#domain.decode(this.#best[group]!)
  }

  sums(groups: readonly number[]): Sums {
    return { numbers: numbersAt(this.#best, groups) }
  }

  addSums(
    { numbers }: Sums,
    first: number,
    groups: Int32Array,
    groupCount: number,
    groupLimit: number,
  ): void {
    this.add(numbers.subarray(first, first + groupCount), groups, groupCount, groupLimit)
  }

  /** One number a group; `worst` in groups that are new. */
  protected bestOf(groupLimit: number, worst: number): Float64Array {
    return (this.#best = atLeast(this.#best, groupLimit, worst, this.#budget))
  }
}

class Least extends Best {
  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    const best = this.bestOf(groupLimit, Infinity)
    for (let row = 0; row < rowCount; row++) {
      if (numbers[row]! < best[groups[row]!]!) best[groups[row]!] = numbers[row]!
    }
  }
}

class Greatest extends Best {
  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    const best = this.bestOf(groupLimit, -Infinity)
    for (let row = 0; row < rowCount; row++) {
      if (numbers[row]! > best[groups[row]!]!) best[groups[row]!] = numbers[row]!
    }
  }
}

/** Keeps the numbers of each group, and gives its values to whoever makes one of them. */
class Values implements Accumulator {
  readonly #domain: Domain
  readonly #run: (values: readonly Edn[]) => Edn
  readonly #ofGroup: number[][] = []
  readonly #budget: Budget

  constructor(domain: Domain, run: (values: readonly Edn[]) => Edn, budget: Budget) {
    this.#domain = domain
    this.#run = run
    this.#budget = budget
  }

  add(numbers: Float64Array, groups: Int32Array, rowCount: number, groupLimit: number): void {
    const addedGroupCount = Math.max(0, groupLimit - this.#ofGroup.length)
    this.#budget.hold(addedGroupCount * GROUP_BYTES + rowCount * Float64Array.BYTES_PER_ELEMENT)
    while (this.#ofGroup.length < groupLimit) this.#ofGroup.push([])
    for (let row = 0; row < rowCount; row++) this.#ofGroup[groups[row]!]!.push(numbers[row]!)
  }

  value(group: number): Edn {
    return this.#run(this.#ofGroup[group]!.map((number) => this.#domain.decode(number)))
  }

  sums(): undefined {
    return undefined
  }

  addSums(): void {
    assert(false, 'values are taken row by row')
  }
}

function numbersAt(numbers: Float64Array, groups: readonly number[]): Float64Array {
  return Float64Array.from(groups, (group) => numbers[group]!)
}

/** The list itself where it is long enough; else a longer one, with `empty` in its new places. */
function atLeast(
  list: Float64Array<ArrayBuffer>,
  length: number,
  empty: number,
  budget: Budget,
): Float64Array<ArrayBuffer> {
  if (list.length >= length) return list
  // Groups come a chunk at a time: room that doubles, so that copying stays in proportion.
  const capacity = Math.max(length, list.length * 2)
  budget.hold(capacity * Float64Array.BYTES_PER_ELEMENT)
  const longer = new Float64Array(capacity).fill(empty)
  longer.set(list)
  budget.release(list.byteLength)
  return longer
}
