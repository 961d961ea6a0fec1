// Numbers one after another in one typed array that doubles as it fills.

const CAPACITY_FIRST = 16

export class NumberList {
  #numbers = new Float64Array(CAPACITY_FIRST)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new Float64Array(this.#length * 2)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[this.#length++] = number
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
    const length = this.#length - first
    rest.#numbers = new Float64Array(Math.max(CAPACITY_FIRST, length * 2))
    rest.#numbers.set(this.#numbers.subarray(first, this.#length))
    rest.#length = length
    return rest
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
}
