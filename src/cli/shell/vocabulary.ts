// The names that can be completed: databases, their attributes and idents. Loaded when first asked for and renewed
// now and then, or when a transaction may have added some; a place that cannot be reached offers none.

import type { Clock } from '../../base/env.ts'
import { type EdnMap, keyword } from '../../fact/value.ts'
import type { Session, SessionDatabase } from '../session.ts'

const AGE_MS_MAX = 30_000

export type Names = {
  readonly databases: readonly SessionDatabase[]
  /** Of each database, by name: `:purchase/id` and so on. */
  readonly idents: ReadonlyMap<string, readonly string[]>
}

const NO_NAMES: Names = { databases: [], idents: new Map() }

export class Vocabulary {
  readonly #session: Session
  readonly #clock: Clock
  #loading: Promise<Names> | undefined
  #loadedMs = -Infinity

  constructor(session: Session, clock: Clock) {
    this.#session = session
    this.#clock = clock
  }

  names(): Promise<Names> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#loading === undefined || nowMs - this.#loadedMs > AGE_MS_MAX) {
      this.#loadedMs = nowMs
      this.#loading = this.#load().catch(() => NO_NAMES)
    }
    return this.#loading
  }

  /** What was loaded may be no longer all there is. */
  forget(): void {
    this.#loading = undefined
  }

  async #load(): Promise<Names> {
    const databases = await this.#session.databases()
    const idents = await Promise.all(
      databases.map(async ({ name }) => [name, identsOf(await this.#session.schema(name))] as const),
    )
    return { databases, idents: new Map(idents) }
  }
}

function identsOf(forms: readonly EdnMap[]): readonly string[] {
  return forms.map((form) => String(form.get(keyword('db/ident'))))
}
