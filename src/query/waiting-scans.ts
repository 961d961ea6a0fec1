// The questions that wait for workers, of all pools: how many they are, and which is let go first where others need room.

/** Workers with questions that wait for them. */
export interface Pool {
  readonly waitingCount: number
  /** Lets the newest go of whoever has most waiting; false where none waits. */
  shed(): boolean
}

export class WaitingScans implements Pool {
  readonly #pools: Pool[] = []

  add(pool: Pool): void {
    this.#pools.push(pool)
  }

  get waitingCount(): number {
    return this.#pools.reduce((count, pool) => count + pool.waitingCount, 0)
  }

  shed(): boolean {
    let most: Pool | undefined
    for (const pool of this.#pools) if (pool.waitingCount > (most?.waitingCount ?? 0)) most = pool
    return most?.shed() === true
  }
}
