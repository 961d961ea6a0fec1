// A process of a benchmark that does one piece of work after another: the file that it runs, and whoever asks it.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

type Reply<Result> = { readonly result: Result } | { readonly failure: string }

export class Helper<Work, Result> implements AsyncDisposable {
  readonly #child: ChildProcess

  /** `name` is that of a file of this folder. */
  constructor(name: string) {
    this.#child = fork(join(import.meta.dirname, `${name}.ts`), { serialization: 'advanced' })
  }

  get processId(): number {
    return this.#child.pid!
  }

  async do(work: Work): Promise<Result> {
    const ended = new AbortController()
    const gone = once(this.#child, 'exit', { signal: ended.signal })
    this.#child.send(work as never)
    const told = await Promise.race([once(this.#child, 'message'), gone.then(() => undefined)]).finally(
      () => {
        gone.catch(() => undefined)
        ended.abort()
      },
    )
    if (told === undefined) throw new Error('A process of the benchmark ended')
    const [reply] = told as [Reply<Result>]
    if ('failure' in reply) throw new Error(reply.failure)
    return reply.result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}

/** In the process itself: does what comes in, until nobody can ask any more. */
export function serveHelper(doing: (work: never) => Promise<unknown>): void {
  process.on('message', (work) => {
    // Who starts the file says what its work is.
    void doing(work as never).then(
      (result) => process.send!({ result } satisfies Reply<unknown>),
      (error: unknown) =>
        process.send!({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.once('disconnect', () => process.exit())
}
