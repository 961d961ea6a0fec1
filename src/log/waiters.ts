// Those who wait for a t that is not there yet.

import type { T } from '../fact/attribute.ts'

type Waiter = { readonly t: T; readonly resolve: (t: T) => void; readonly reject: (error: unknown) => void }

export class Waiters {
  readonly #waiting = new Set<Waiter>()

  /** Resolves at once if `lastT` has reached `t`, else at a `wake`; rejects when the signal aborts. */
  add(t: T, lastT: T, signal: AbortSignal | undefined): Promise<T> {
    if (signal?.aborted === true) return Promise.reject(signal.reason)
    if (lastT >= t) return Promise.resolve(lastT)
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(waiter)
        reject(signal?.reason)
      }
      const done = (): void => signal?.removeEventListener('abort', stop)
      const waiter: Waiter = {
        t,
        resolve: (reached) => {
          done()
          resolve(reached)
        },
        reject: (error) => {
          done()
          reject(error)
        },
      }
      this.#waiting.add(waiter)
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  wake(lastT: T): void {
    for (const waiter of this.#waiting) {
      if (waiter.t > lastT) continue
      this.#waiting.delete(waiter)
      waiter.resolve(lastT)
    }
  }

  rejectAll(error: unknown): void {
    for (const waiter of this.#waiting) waiter.reject(error)
    this.#waiting.clear()
  }
}
