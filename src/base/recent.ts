// What was asked for lately, within a bound. Entries lie in two halves; when the younger is full it becomes the older one,
// whose entries go unless somebody asked for them meanwhile. So keys that come once do not push out those that come
// again and again, and nothing is moved at most questions.

export class Recent<K, V> {
  readonly #halfCountMax: number
  #younger = new Map<K, V>()
  #older = new Map<K, V>()

  /** Keeps at most `countMax` entries, the last half of them for sure. */
  constructor(countMax: number) {
    this.#halfCountMax = Math.max(1, countMax >> 1)
  }

  get count(): number {
    return this.#younger.size + this.#older.size
  }

  get(key: K): V | undefined {
    const found = this.#younger.get(key)
    if (found !== undefined) return found
    const older = this.#older.get(key)
    if (older !== undefined) {
      this.#older.delete(key)
      this.set(key, older)
    }
    return older
  }

  set(key: K, value: V): void {
    if (this.#younger.size >= this.#halfCountMax && !this.#younger.has(key)) {
      this.#older = this.#younger
      this.#younger = new Map()
    }
    this.#younger.set(key, value)
  }
}
