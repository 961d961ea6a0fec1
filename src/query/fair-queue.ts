// Who waits for a worker, and who is next: whoever of those that wait was served longest ago, so that one who asks much
// does not keep the others waiting. Each may have so many workers at once; when the queue is full, the newest of those who
// have most in it makes room for one who has less, and it is the first that is let go where others need room.

/** For whom something is done. */
export type Share = {
  readonly name: string
  /** Workers that it may have at once. */
  readonly workerCountMax: number
}

export class FairQueue<Item> {
  readonly #countMax: number
  /** By name, whoever was served longest ago first. */
  readonly #waiting = new Map<string, { share: Share; readonly items: Set<Item> }>()
  readonly #runningCounts = new Map<string, number>()
  #count = 0

  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get count(): number {
    return this.#count
  }

  /** All that wait. */
  *items(): Iterable<Item> {
    for (const { items } of this.#waiting.values()) yield* items
  }

  /** True where `share` may have one more worker. */
  hasRoom({ name, workerCountMax }: Share): boolean {
    return (this.#runningCounts.get(name) ?? 0) < workerCountMax
  }

  begin({ name }: Share): void {
    this.#runningCounts.set(name, (this.#runningCounts.get(name) ?? 0) + 1)
  }

  end({ name }: Share): void {
    const count = (this.#runningCounts.get(name) ?? 1) - 1
    if (count === 0) this.#runningCounts.delete(name)
    else this.#runningCounts.set(name, count)
  }

  /** How many go before one more of `share`: its own, and of each other as many as come in turn until then. */
  aheadOf({ name }: Share): number {
    const ownCount = this.#waiting.get(name)?.items.size ?? 0
    let count = ownCount
    for (const [other, { items }] of this.#waiting)
      if (other !== name) count += Math.min(items.size, ownCount + 1)
    return count
  }

  /** What finds no place any more: the item itself, one that made room for it, or nothing. */
  add(share: Share, item: Item): Item | undefined {
    const evicted = this.#count >= this.#countMax ? this.#evictable(share) : undefined
    if (this.#count >= this.#countMax) {
      if (evicted === undefined) return item
      this.delete(evicted.name, evicted.item)
    }
    const place = this.#waiting.get(share.name)
    if (place === undefined) this.#waiting.set(share.name, { share, items: new Set([item]) })
    else {
      place.share = share
      place.items.add(item)
    }
    this.#count++
    return evicted?.item
  }

  delete(name: string, item: Item): void {
    const place = this.#waiting.get(name)
    if (place?.items.delete(item) !== true) return
    this.#count--
    if (place.items.size === 0) this.#waiting.delete(name)
  }

  /** The next that may have a worker, taken out; it has it from now on, until `end`. */
  next(): { readonly share: Share; readonly item: Item } | undefined {
    for (const [name, place] of this.#waiting) {
      if (!this.hasRoom(place.share)) continue
      const [item] = place.items
      this.delete(name, item!)
      // Behind the others, with what it still has.
      if (place.items.size > 0) {
        this.#waiting.delete(name)
        this.#waiting.set(name, place)
      }
      this.begin(place.share)
      return { share: place.share, item: item! }
    }
    return undefined
  }

  /** Takes the newest out of those who have most in the queue. */
  shed(): Item | undefined {
    const most = this.#most()
    if (most === undefined) return undefined
    const item = newestOf(most)
    this.delete(most.name, item)
    return item
  }

  /** The newest of those who have most in the queue, where that is more than `share` has. */
  #evictable(share: Share): { readonly name: string; readonly item: Item } | undefined {
    const most = this.#most()
    const own = this.#waiting.get(share.name)?.items.size ?? 0
    if (most === undefined || most.items.size <= own + 1) return undefined
    return { name: most.name, item: newestOf(most) }
  }

  #most(): Place<Item> | undefined {
    let most: Place<Item> | undefined
    for (const [name, { items }] of this.#waiting)
      if (items.size > (most?.items.size ?? 0)) most = { name, items }
    return most
  }
}

type Place<Item> = { readonly name: string; readonly items: ReadonlySet<Item> }

function newestOf<Item>({ items }: Place<Item>): Item {
  return [...items].at(-1)!
}
