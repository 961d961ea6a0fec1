// How long a question would wait for a worker, judged by those before it. The median, since one that took a minute tells
// nothing about the next.

/** Questions that are looked back at. */
const COUNT = 16

export class WaitForecast {
  readonly #lastMs: number[] = []
  #next = 0

  /** A question had a worker for so long. */
  add(ms: number): void {
    this.#lastMs[this.#next] = ms
    this.#next = (this.#next + 1) % COUNT
  }

  /** Until a worker is free for whoever has so many before it; 0 where nothing is known. */
  waitMs(aheadCount: number, workerCount: number): number {
    const sorted = this.#lastMs.toSorted((x, y) => x - y)
    const medianMs = sorted[sorted.length >> 1] ?? 0
    return ((aheadCount + 1) * medianMs) / workerCount
  }
}
