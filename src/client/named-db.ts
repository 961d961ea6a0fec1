// What makes a value of a database known on the way: the text that names it, and what is speculated on top of it, which goes along
// with every request that asks it.

import { type View, writeViewedName } from '../query/viewed-name.ts'
import { type Fields, JsonText } from './wire.ts'

/** What is seen of a database; of a speculation what it says, as it was said. */
export type Sight =
  | Exclude<View, { readonly kind: 'with' }>
  | { readonly kind: 'with'; readonly said: JsonText }

export type SeenName = { readonly name: string; readonly t: number; readonly views: readonly Sight[] }

export class NamedDb {
  readonly viewed: SeenName

  constructor(viewed: SeenName) {
    this.viewed = viewed
  }

  get name(): string {
    return this.viewed.name
  }
}

/** The databases that one request names. */
export class Naming {
  readonly #speculations: JsonText[] = []

  textOf({ viewed }: NamedDb): string {
    const views = viewed.views.map((view): View =>
      view.kind === 'with' ? { kind: 'with', place: this.#placeOf(view.said) } : view,
    )
    return writeViewedName({ ...viewed, views })
  }

  /** What goes along, once all of them are named. */
  get fields(): Fields {
    if (this.#speculations.length === 0) return {}
    return { speculations: new JsonText(`[${this.#speculations.map(({ text }) => text).join(',')}]`) }
  }

  #placeOf(said: JsonText): number {
    const known = this.#speculations.indexOf(said)
    return known < 0 ? this.#speculations.push(said) - 1 : known
  }
}
