// The places where databases live, for suites that hold in all of them: each is opened anew for a test.

import { startTestServer } from './test-server.ts'

export type Place = AsyncDisposable & { readonly url: string }
type NamedPlace = readonly [name: string, open: () => Place | Promise<Place>]

/** For `describe.each`: a name, and what opens it. `root` is a folder that goes with the tests. */
export function placesIn(root: string): readonly NamedPlace[] {
  let folderCount = 0
  return [
    ['memory', () => placeAt('memory:')],
    ['a folder', () => placeAt(`file:${root}/${folderCount++}`)],
    ['a service', startTestServer],
  ]
}

function placeAt(url: string): Place {
  return { url, [Symbol.asyncDispose]: () => Promise.resolve() }
}
