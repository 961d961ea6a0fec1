// Where the elements of a text stand. Scalars are no objects, so an element is found through the collection that
// holds it and its index there; children of a map count as key, value, key, value; a tagged element has one.

import type { Place } from '../base/errors.ts'
import type { SourceText } from './source-text.ts'

export type Span = { readonly start: number; readonly end: number }

type Spot = Span & { readonly children: readonly number[] }

export class Places {
  readonly #text: SourceText
  readonly #spots = new Map<object, Spot>()

  constructor(text: SourceText) {
    this.#text = text
  }

  /** For readers: `children` are start and end of each child, one after the other. */
  record(collection: object, start: number, end: number, children: readonly number[]): void {
    this.#spots.set(collection, { start, end, children })
  }

  /** Where a collection was read; undefined for one that is not of this text. */
  of(collection: object): Place | undefined {
    const spot = this.#spots.get(collection)
    return spot && this.#text.place(spot.start)
  }

  /** Where child `index` of a collection was read. An arrow, so that it may be passed on alone. */
  readonly placeOf = (collection: object, index: number): Place | undefined => {
    const start = this.#spots.get(collection)?.children[2 * index]
    return start === undefined ? undefined : this.#text.place(start)
  }

  /** Offsets of a collection, or of one of its children. */
  span(collection: object, index?: number): Span | undefined {
    const spot = this.#spots.get(collection)
    if (spot === undefined || index === undefined) return spot && { start: spot.start, end: spot.end }
    const start = spot.children[2 * index]
    const end = spot.children[2 * index + 1]
    return start === undefined || end === undefined ? undefined : { start, end }
  }
}
