// A sorted column of texts, sampled: of every 64th row of a run the six bytes behind what all its rows begin with, as a
// number. A search halves these first, which lie side by side, and then 64 rows. To halve the rows themselves fetches
// two more lines of memory for every step, and compares the same beginning each time.

import type { TextColumn } from '../segment/column.ts'
import { searchText } from './probe.ts'

const STEP_ROW_COUNT = 64
/** As many bytes as a number holds exactly, with room to spare. */
const BYTE_COUNT = 6

export class TextSamples {
  readonly #column: TextColumn
  readonly #first: number
  readonly #limit: number
  /** How many bytes the rows have in common. */
  readonly #commonLength: number
  readonly #numbers: Float64Array

  /** Of the rows `[first, limit)`, of which there is at least one. */
  constructor(column: TextColumn, first: number, limit: number) {
    const { bytes, offsets } = column
    this.#column = column
    this.#first = first
    this.#limit = limit
    this.#commonLength = commonLength(column, first, limit - 1)
    this.#numbers = new Float64Array(Math.ceil((limit - first) / STEP_ROW_COUNT))
    for (let sample = 0; sample < this.#numbers.length; sample++) {
      const row = first + sample * STEP_ROW_COUNT
      this.#numbers[sample] = numberAt(bytes, offsets[row]! + this.#commonLength, offsets[row + 1]!)
    }
  }

  isOf(column: TextColumn, first: number): boolean {
    return this.#column === column && this.#first === first
  }

  /**
   * The first row whose bytes are not less. What is wanted lies between the bytes of the first row and those of the
   * last, and so begins as all of them do.
   */
  search(wanted: Uint8Array): number {
    const number = numberAt(wanted, this.#commonLength, wanted.length)
    // A lesser number means lesser bytes; an equal one says nothing.
    const sample = this.#firstFrom(number)
    const from = sample === 0 ? this.#first : this.#rowOf(sample - 1) + 1
    const isEqual = this.#numbers[sample] === number
    const to = Math.min(this.#rowOf(isEqual ? this.#firstFrom(number + 1) : sample), this.#limit)
    return searchText(this.#column, from, to, wanted)
  }

  #rowOf(sample: number): number {
    return this.#first + sample * STEP_ROW_COUNT
  }

  /** The first sample that is not less; their count if there is none. */
  #firstFrom(number: number): number {
    const numbers = this.#numbers
    let low = 0
    let high = numbers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (numbers[middle]! < number) low = middle + 1
      else high = middle
    }
    return low
  }
}

const known = new WeakMap<TextColumn, TextSamples[]>()

/** The samples of a run in a column, made once for as long as the column is in memory. */
export function samplesOf(column: TextColumn, first: number, limit: number): TextSamples {
  const made = known.get(column) ?? []
  let samples = made.find((other) => other.isOf(column, first))
  if (samples === undefined) {
    samples = new TextSamples(column, first, limit)
    made.push(samples)
    known.set(column, made)
  }
  return samples
}

/** `BYTE_COUNT` bytes from `from` on as a number, the first weighing most; zeros from `limit` on. */
function numberAt(bytes: Uint8Array, from: number, limit: number): number {
  let number = 0
  for (let at = from; at < from + BYTE_COUNT; at++) number = number * 256 + (at < limit ? bytes[at]! : 0)
  return number
}

function commonLength({ offsets, bytes }: TextColumn, row: number, other: number): number {
  const from = offsets[row]!
  const otherFrom = offsets[other]!
  const lengthMax = Math.min(offsets[row + 1]! - from, offsets[other + 1]! - otherFrom)
  let length = 0
  while (length < lengthMax && bytes[from + length] === bytes[otherFrom + length]) length++
  return length
}
