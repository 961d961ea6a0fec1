// Where the elements of a text stand. Scalars are no objects, so an element is found through the collection that
// holds it and its index there; children of a map count as key, value, key, value; a tagged element has one.

import type { Place } from '../base/errors.ts'
import type { SourceText } from './source-text.ts'

export type Span = { readonly start: number; readonly end: number }

/** One collection as its reader leaves it. */
export type Recorded = Span & {
  readonly collection: object
  /** Start and end of each child, one after the other. */
  readonly spans: readonly number[]
}

export class Places {
  readonly #text: SourceText
  readonly #recorded: readonly Recorded[]
  #byCollection: Map<object, Recorded> | undefined

  constructor(text: SourceText, recorded: readonly Recorded[]) {
    this.#text = text
    this.#recorded = recorded
  }

  /** Where a collection was read; undefined for one that is not of this text. */
  of(collection: object): Place | undefined {
    const found = this.#find(collection)
    return found && this.#text.place(found.start)
  }

  /** Where child `index` of a collection was read. An arrow, so that it may be passed on alone. */
  readonly placeOf = (collection: object, index: number): Place | undefined => {
    const start = this.#find(collection)?.spans[2 * index]
    return start === undefined ? undefined : this.#text.place(start)
  }

  /** Offsets of a collection, or of one of its children. */
  span(collection: object, index?: number): Span | undefined {
    const found = this.#find(collection)
    if (found === undefined || index === undefined) return found && { start: found.start, end: found.end }
    const start = found.spans[2 * index]
    const end = found.spans[2 * index + 1]
    return start === undefined || end === undefined ? undefined : { start, end }
  }

  #find(collection: object): Recorded | undefined {
    // Built when first asked for: most texts are read without anybody asking.
    this.#byCollection ??= new Map(this.#recorded.map((recorded) => [recorded.collection, recorded]))
    return this.#byCollection.get(collection)
  }
}
