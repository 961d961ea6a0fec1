// Things by name within a bound of bytes: those that nobody asked for longest go first.

type Entry<V> = { readonly value: V; readonly byteCount: number }

export class BoundedStore<V> {
  readonly #bytesMax: number
  /** The one that was asked for last stands last. */
  readonly #entries = new Map<string, Entry<V>>()
  #byteCount = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get byteCount(): number {
    return this.#byteCount
  }

  get(name: string): V | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    this.#entries.delete(name)
    this.#entries.set(name, entry)
    return entry.value
  }

  /** Does not keep what would fill more than an eighth of all. */
  set(name: string, value: V, byteCount: number): void {
    if (byteCount > this.#bytesMax / 8) return
    this.#remove(name)
    this.#entries.set(name, { value, byteCount })
    this.#byteCount += byteCount
    for (const oldest of this.#entries.keys()) {
      if (this.#byteCount <= this.#bytesMax) break
      this.#remove(oldest)
    }
  }

  #remove(name: string): void {
    this.#byteCount -= this.#entries.get(name)?.byteCount ?? 0
    this.#entries.delete(name)
  }
}
