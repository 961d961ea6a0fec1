// Names that are no text: keywords, symbols, uuids, uris. The same name is the same object within a call.

import type { Realm } from './realm.ts'

export type ExactNames = {
  readonly named: (tag: string, text: string) => object
  /** Tag and text of a name; undefined of what is none. */
  readonly partsOf: (x: object) => readonly [tag: string, text: string] | undefined
  readonly classes: readonly object[]
  /** Names of earlier calls are not kept. */
  readonly forget: () => void
}

export function exactNames(realm: Realm): ExactNames {
  class Name {
    readonly #tag: string
    readonly text: string
    constructor(tag: string, text: string) {
      this.#tag = tag
      this.text = text
      Object.freeze(this)
    }
    static partsOf(x: object): readonly [string, string] | undefined {
      return #tag in x ? [x.#tag, x.text] : undefined
    }
    toString(): string {
      return this.#tag === '#kw' ? `:${this.text}` : this.text
    }
    toJSON(): string {
      return this.toString()
    }
  }
  const known = new Map<string, Name>()
  function named(tag: string, text: unknown): Name {
    if (typeof text !== 'string') throw new TypeError('text is needed')
    const key = `${tag} ${text}`
    let name = known.get(key)
    if (name === undefined) known.set(key, (name = new Name(tag, text)))
    return name
  }
  realm['keyword'] = (text: unknown) => named('#kw', String(text).replace(/^:/, ''))
  realm['symbol'] = (text: unknown) => named('#sym', text)
  realm['uuid'] = (text: unknown) => named('#uuid', String(text).toLowerCase())
  realm['uri'] = (text: unknown) => named('#uri', text)
  return { named, partsOf: Name.partsOf, classes: [Name], forget: () => known.clear() }
}
