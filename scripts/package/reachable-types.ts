// Of the declarations that the compiler writes beside every module, a user's compiler reads those that the public one
// leads to; the others only weigh.

import { posix } from 'node:path'

/** The declarations that `entry` leads to, itself included. `textOf` gives a file's text, undefined where there is none. */
export function reachableTypes(
  entry: string,
  textOf: (path: string) => string | undefined,
): ReadonlySet<string> {
  const reached = new Set<string>()
  const waiting = [entry]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = reached.has(path) ? undefined : textOf(path)
    if (text === undefined) continue
    reached.add(path)
    for (const [, address] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
      waiting.push(posix.join(posix.dirname(path), address!.replace(/\.[jt]s$/, '.d.ts')))
    }
  }
  return reached
}
