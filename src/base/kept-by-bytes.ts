// What was used last, by name, within a bound of bytes: for things of which a few may be as large as many others.

export class KeptByBytes<Thing> {
  readonly #kept = new Map<string, { readonly thing: Thing; readonly byteCount: number }>()
  readonly #bytesMax: number
  readonly #bytesOf: (thing: Thing) => number
  #byteCount = 0

  constructor(bytesMax: number, bytesOf: (thing: Thing) => number) {
    this.#bytesMax = bytesMax
    this.#bytesOf = bytesOf
  }

  get byteCount(): number {
    return this.#byteCount
  }

  get(name: string): Thing | undefined {
    const kept = this.#kept.get(name)
    if (kept === undefined) return undefined
    this.#kept.delete(name)
    this.#kept.set(name, kept)
    return kept.thing
  }

  /** What is larger than the bound by itself is kept alone. */
  add(name: string, thing: Thing): void {
    this.#drop(name)
    const byteCount = this.#bytesOf(thing)
    this.#kept.set(name, { thing, byteCount })
    this.#byteCount += byteCount
    for (const oldest of this.#kept.keys()) {
      if (this.#byteCount <= this.#bytesMax || oldest === name) return
      this.#drop(oldest)
    }
  }

  #drop(name: string): void {
    const dropped = this.#kept.get(name)
    if (dropped === undefined) return
    this.#kept.delete(name)
    this.#byteCount -= dropped.byteCount
  }
}
