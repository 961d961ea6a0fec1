// What stands on the other side of each key, ascending and each once: the lists that intersections and closures walk.
// Lists lie one behind the other in one array, in the order of the keys of a lookup; where the table lies so already,
// that is its own column.

import { type Check, inBatches } from '../../base/batches.ts'
import type { Lookup } from './lookup.ts'
import type { Part } from './sorted-lists.ts'

/** Lists that are sorted between two looks at clock and signal. */
const SLOTS_BETWEEN_CHECKS = 4_096

export class Adjacency {
  /** From a key to its slot. */
  readonly lookup: Lookup
  /** The list of slot s is `targets[first[s]]` … `targets[first[s + 1] - 1]`. */
  readonly first: Int32Array
  readonly targets: Float64Array
  /** Beside the lookup, and the column where that is the targets. */
  readonly byteCount: number

  /** Made by `Adjacency.of`. */
  constructor(lookup: Lookup, first: Int32Array, targets: Float64Array, column: Float64Array) {
    this.lookup = lookup
    this.first = first
    this.targets = targets
    this.byteCount =
      (targets === column ? 0 : targets.byteLength) + (first === lookup.first ? 0 : first.byteLength)
  }

  /** `column` holds the other side of each row of the lookup. */
  static of(lookup: Lookup, column: Float64Array, check: Check): Adjacency {
    const { order, first } = lookup
    const lists = order === undefined ? column : inOrder(column, order, check)
    if (ascends(lists, first, check)) return new Adjacency(lookup, first, lists, column)
    const sorted = lists === column ? column.slice() : lists
    for (let slot = 0; slot + 1 < first.length; slot++) {
      if (slot % SLOTS_BETWEEN_CHECKS === 0) check()
      sorted.subarray(first[slot], first[slot + 1]).sort()
    }
    const isOnceEach = ascends(sorted, first, check)
    return isOnceEach ? new Adjacency(lookup, first, sorted, column) : withoutRepeats(lookup, sorted)
  }
}

/** How many numbers a walk from the keys of `part` looks at, these included; more than `countMax` are not counted. */
export function walkCount({ lookup, first: begins }: Adjacency, part: Part, countMax: number): number {
  const { list, first, limit } = part
  const base = lookup.base!
  let count = limit - first
  for (let i = first; i < limit && count <= countMax; i++) {
    const slot = list[i]! - base
    if (slot >= 0 && slot < begins.length - 1) count += begins[slot + 1]! - begins[slot]!
  }
  return count
}

function inOrder(column: Float64Array, order: Int32Array, check: Check): Float64Array {
  const lists = new Float64Array(order.length)
  for (const [first, limit] of inBatches(order.length, check))
    for (let i = first; i < limit; i++) lists[i] = column[order[i]!]!
  return lists
}

/** True where every list ascends and holds nothing twice. */
function ascends(lists: Float64Array, first: Int32Array, check: Check): boolean {
  for (const [firstSlot, limitSlot] of inBatches(first.length - 1, check)) {
    for (let slot = firstSlot; slot < limitSlot; slot++) {
      for (let i = first[slot]! + 1; i < first[slot + 1]!; i++) if (lists[i]! <= lists[i - 1]!) return false
    }
  }
  return true
}

/** A history tells the same of a thing several times. */
function withoutRepeats(lookup: Lookup, lists: Float64Array): Adjacency {
  const first = new Int32Array(lookup.first.length)
  let count = 0
  for (let slot = 0; slot + 1 < first.length; slot++) {
    first[slot] = count
    for (let i = lookup.first[slot]!; i < lookup.first[slot + 1]!; i++) {
      if (count === first[slot] || lists[count - 1] !== lists[i]) lists[count++] = lists[i]!
    }
  }
  first[first.length - 1] = count
  return new Adjacency(lookup, first, lists.slice(0, count), lists)
}
