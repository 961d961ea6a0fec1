// How a simulation says that something happened which must never happen.

/** A promise that was broken; the message names the seed. */
export class BrokenPromise extends Error {}

export function check(isTrue: boolean, promise: string): asserts isTrue {
  if (!isTrue) throw new BrokenPromise(promise)
}
