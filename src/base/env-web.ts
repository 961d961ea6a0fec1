// The door to the world for programs that run anywhere, a browser too: the network and timers, by what every JavaScript
// engine has.

/** The part of `Env` that asking over a network takes. */
export type WebEnv = {
  readonly fetch: (url: string, init?: RequestInit) => Promise<Response>
  /** Rejects with the signal's reason. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Aborts after so long. */
  readonly timeout: (ms: number) => AbortSignal
}

export function webEnv(fetch: WebEnv['fetch'] = globalThis.fetch.bind(globalThis)): WebEnv {
  return { fetch, sleep, timeout: (ms) => AbortSignal.timeout(ms) }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer)
      // The reason is whatever the caller gave up with.
      // oxlint-disable-next-line prefer-promise-reject-errors
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }, ms)
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { once: true })
  })
}
