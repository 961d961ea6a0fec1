// Numbers for the groups of rows. A single key that is a small whole number, as codes are, is the number of its group
// itself; the groups of all other keys are numbered as they are met, and found by hash.

import { inBatches } from '../../base/batches.ts'
import type { Budget } from '../budget.ts'
import { type Domain, SortedTextDomain } from './domain.ts'
import { CHUNK_ROW_COUNT } from './operator.ts'
import { RowSet } from './row-set.ts'

/** Keys below this one may be the numbers of their groups. */
const KEY_LIMIT = 1 << 16

export class GroupNumbers {
  /** All numbers of groups are below. */
  limit = 0
  /** Keys are not, or no longer, the numbers of their groups. */
  #isHashed: boolean
  /** Rows of each group: none of those keys that were not met. */
  #counts = new Float64Array(0)
  /** Keys are codes, all of them below the limit. */
  readonly #areCodes: boolean
  readonly #hashed: RowSet
  readonly #budget: Budget
  readonly #ofRow = new Int32Array(CHUNK_ROW_COUNT)

  /** `domains` are those of the keys. */
  constructor(domains: readonly Domain[], budget: Budget) {
    this.#budget = budget
    const [domain] = domains
    this.#isHashed = domains.length !== 1
    this.#areCodes = domain instanceof SortedTextDomain && domain.valueCount <= KEY_LIMIT
    if (domain instanceof SortedTextDomain && this.#areCodes) this.#grow(domain.valueCount)
    this.#hashed = new RowSet(domains.length, budget)
  }

  /** The group of each row of a chunk with these keys; good until the next call. */
  ofRows(keys: readonly Float64Array[], rowCount: number): Int32Array {
    const [key] = keys
    if (key === undefined) return this.#onlyGroup(rowCount)
    if (!this.#isHashed) {
      const limit = this.#areCodes ? this.limit : limitOf(key, rowCount)
      if (limit !== undefined) return this.#byKey(key, rowCount, limit)
      this.#leaveKeys()
    }
    const groups = this.#hashed.groupsOf(keys, rowCount)
    this.limit = this.#hashed.rowCount
    this.#grow(this.limit)
    const counts = this.#counts
    for (let row = 0; row < rowCount; row++) counts[groups[row]!]!++
    return groups
  }

  /** The groups that have rows. */
  groups(): readonly number[] {
    const groups: number[] = []
    for (const [first, limit] of inBatches(this.limit, this.#budget.checks))
      for (let group = first; group < limit; group++) if (this.#counts[group]! > 0) groups.push(group)
    return groups
  }

  /** The group of each set of rows with these keys, which stands for so many rows. */
  ofCounts(keys: readonly Float64Array[], rowCounts: Float64Array): Int32Array {
    const groups = this.ofRows(keys, rowCounts.length)
    // Each was counted as one row.
    for (let at = 0; at < rowCounts.length; at++) this.#counts[groups[at]!]! += rowCounts[at]! - 1
    return groups
  }

  /** How many rows a group has. */
  countOf(group: number): number {
    return this.#counts[group]!
  }

  /** The number that a group has for one of its keys. */
  keyOf(group: number, place: number): number {
    return this.#isHashed ? this.#hashed.columns[place]![group]! : group
  }

  /** Without keys all rows are one group, if there are any. */
  #onlyGroup(rowCount: number): Int32Array {
    this.#grow(rowCount > 0 ? 1 : 0)
    this.#counts[0]! += rowCount
    return this.#ofRow
  }

  #byKey(keys: Float64Array, rowCount: number, limit: number): Int32Array {
    this.#grow(limit)
    countKeys(keys, rowCount, this.#ofRow, this.#counts)
    return this.#ofRow
  }

  #grow(limit: number): void {
    this.limit = Math.max(this.limit, limit)
    if (this.limit <= this.#counts.length) return
    const capacity = this.limit + (this.#isHashed ? this.#counts.length : 0)
    this.#budget.hold(capacity * Float64Array.BYTES_PER_ELEMENT)
    const grown = new Float64Array(capacity)
    grown.set(this.#counts)
    this.#budget.release(this.#counts.byteLength)
    this.#counts = grown
  }

  /** Rows so far had groups that were numbered by their keys, so these keys come first, in their order. */
  #leaveKeys(): void {
    this.#isHashed = true
    this.#hashed.groupsOf([Float64Array.from({ length: this.limit }, (_, key) => key)], this.limit)
  }
}

/** Writes keys as numbers of groups, and counts the rows of each: four at a time (comparison.ts says why). */
function countKeys(keys: Float64Array, rowCount: number, groups: Int32Array, counts: Float64Array): void {
  let row = 0
  for (; row + 3 < rowCount; row += 4) {
    const a = keys[row]! | 0
    const b = keys[row + 1]! | 0
    const c = keys[row + 2]! | 0
    const d = keys[row + 3]! | 0
    groups[row] = a
    groups[row + 1] = b
    groups[row + 2] = c
    groups[row + 3] = d
    counts[a]!++
    counts[b]!++
    counts[c]!++
    counts[d]!++
  }
  for (; row < rowCount; row++) {
    const key = keys[row]! | 0
    groups[row] = key
    counts[key]!++
  }
}

/** What all keys are below, where they are places in a list; else undefined. */
function limitOf(keys: Float64Array, rowCount: number): number | undefined {
  let areAll = 1
  let greatest = -1
  for (let row = 0; row < rowCount; row++) {
    const key = keys[row]!
    // A key that is no place is no whole number of 32 bits, or is out of bounds.
    areAll &= +((key | 0) === key) & +(key >= 0) & +(key < KEY_LIMIT)
    if (key > greatest) greatest = key
  }
  return areAll === 1 ? greatest + 1 : undefined
}
