// Checks of our own reasoning. A failed one is a bug in Varve: it stops the work before wrong bytes are
// written or a wrong answer leaves.

export class AssertionError extends Error {
  constructor(message: string) {
    super(`Varve broke its own rule: ${message}`)
    this.name = 'AssertionError'
  }
}

/** `rule` says what must hold, as a claim: 'the writer recorded the length it wrote'. */
export function assert(isTrue: boolean, rule: string): asserts isTrue {
  if (!isTrue) throw new AssertionError(rule)
}

/** Ends a switch over `kind`: the compiler proves that no case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`no case for ${JSON.stringify(value)}`)
}
