// A form together with where it stands, so that whatever is wrong with it can be pointed at: by line and column
// where text was read, by the path from the root of the form always.

import type { Place } from '../base/errors.ts'
import { jsonPlaceOf } from '../fact/json-form.ts'
import { type Edn, EdnList, EdnMap, EdnSet, EdnSymbol, Keyword } from '../fact/value.ts'

/**
 * Where child `index` of a collection was read. Children of a map count as key, value, key, value.
 */
export type PlaceOf = (collection: object, index: number) => Place | undefined

export class Spot {
  readonly form: Edn
  readonly #placeOf: PlaceOf
  readonly #parent: Spot | undefined
  readonly #collection: object | undefined
  readonly #index: number
  readonly #step: string | number

  private constructor(
    form: Edn,
    placeOf: PlaceOf,
    parent?: Spot,
    index: number = 0,
    step: string | number = 0,
  ) {
    this.form = form
    this.#placeOf = placeOf
    this.#parent = parent
    this.#collection = typeof parent?.form === 'object' && parent.form !== null ? parent.form : undefined
    this.#index = index
    this.#step = step
  }

  /** Forms made of JSON text know their places themselves. */
  static root(form: Edn, placeOf: PlaceOf = jsonPlaceOf): Spot {
    return new Spot(form, placeOf)
  }

  /** The members of a vector or a list; undefined for anything else. */
  items(): readonly Spot[] | undefined {
    const items = Array.isArray(this.form)
      ? (this.form as readonly Edn[])
      : this.form instanceof EdnList
        ? this.form.items
        : undefined
    return items?.map((item, index) => new Spot(item, this.#placeOf, this, index, index))
  }

  /** The members of a vector, a list or a set. */
  members(): readonly Spot[] | undefined {
    if (!(this.form instanceof EdnSet)) return this.items()
    return this.form.items.map((item, index) => new Spot(item, this.#placeOf, this, index, index))
  }

  /** Keys and values of a map; undefined for anything else. */
  entries(): readonly { readonly key: Spot; readonly value: Spot }[] | undefined {
    if (!(this.form instanceof EdnMap)) return undefined
    return this.form.entries.map(([key, value], index) => {
      const step = key instanceof Keyword ? key.text : index
      return {
        key: new Spot(key, this.#placeOf, this, 2 * index, step),
        value: new Spot(value, this.#placeOf, this, 2 * index + 1, step),
      }
    })
  }

  /** The text of a symbol; undefined for anything else. */
  get symbol(): string | undefined {
    return this.form instanceof EdnSymbol ? this.form.text : undefined
  }

  place(): Place {
    const path: (string | number)[] = []
    let spot: Spot = this
    while (spot.#parent !== undefined) {
      path.push(spot.#step)
      spot = spot.#parent
    }
    return { ...this.#read(), path: path.reverse() }
  }

  #read(): Place | undefined {
    return this.#collection === undefined ? undefined : this.#placeOf(this.#collection, this.#index)
  }
}

/** True for `?x`. */
export function isVariable(name: string | undefined): name is string {
  return name !== undefined && name.startsWith('?')
}

/** True for `$` and `$name`. */
export function isSource(name: string | undefined): name is string {
  return name !== undefined && name.startsWith('$')
}

/** True for a symbol that can name a function, an aggregate or a rule. */
export function isPlainName(name: string | undefined): name is string {
  return (
    name !== undefined &&
    !isVariable(name) &&
    !isSource(name) &&
    name !== '_' &&
    name !== '%' &&
    name !== '.' &&
    name !== '...'
  )
}
