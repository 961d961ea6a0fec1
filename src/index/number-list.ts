// Numbers one after another in one typed array that doubles as it fills.

const CAPACITY_FIRST = 16

export class NumberList {
  #numbers = new Float64Array(CAPACITY_FIRST)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) this.#grow(this.#length + 1)
    this.#numbers[this.#length++] = number
  }

  /** Makes it so long by adding the same number again and again. */
  fillTo(length: number, number: number): void {
    if (length > this.#numbers.length) this.#grow(length)
    this.#numbers.fill(number, this.#length, length)
    this.#length = length
  }

  at(index: number): number {
    return this.#numbers[index]!
  }

  set(index: number, number: number): void {
    this.#numbers[index] = number
  }

  /** A list of the numbers from `first` on. */
  from(first: number): NumberList {
    const rest = new NumberList()
    const length = Math.max(0, this.#length - first)
    rest.#numbers = new Float64Array(Math.max(CAPACITY_FIRST, length * 2))
    rest.#numbers.set(this.#numbers.subarray(first, this.#length))
    rest.#length = length
    return rest
  }

  /** The numbers at these places, which ascend; the first ones as a view of the same memory. */
  take(indexes: Uint32Array): Float64Array {
    if (isPrefix(indexes)) return this.#numbers.subarray(0, indexes.length)
    const taken = new Float64Array(indexes.length)
    for (let i = 0; i < indexes.length; i++) taken[i] = this.#numbers[indexes[i]!]!
    return taken
  }

  /** How many of the numbers, which ascend, are at most `number`. */
  countAtMost(number: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#numbers[middle]! <= number) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Where a number stands among the numbers, which ascend; −1 where it does not. */
  placeOf(number: number): number {
    const last = this.#length - 1
    // What was added last is asked for most.
    if (last >= 0 && this.#numbers[last] === number) return last
    const place = this.countAtMost(number) - 1
    return place >= 0 && this.#numbers[place] === number ? place : -1
  }

  #grow(length: number): void {
    const larger = new Float64Array(Math.max(length, this.#numbers.length * 2))
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}

/** True where places that ascend are the first ones, all of them. */
export function isPrefix(indexes: Uint32Array): boolean {
  return indexes.length === 0 || indexes[indexes.length - 1] === indexes.length - 1
}
