// The procedures that a question or a transaction may call: by name, which means the newest version, and by name and
// version. A set never changes; whoever stores a procedure makes another one.

import { createHash } from 'node:crypto'
import { procedureTwice, procedureUnknown } from './errors.ts'
import { pinnedName, type Procedure } from './procedure.ts'

export class ProcedureSet {
  readonly #byName = new Map<string, Procedure>()
  readonly #all: readonly Procedure[]
  #hash: string | undefined

  /** Throws `varve.error/procedure-twice`. */
  constructor(procedures: Iterable<Procedure>) {
    for (const procedure of procedures) {
      const { name, version, hash } = procedure
      const pinned = pinnedName(procedure)
      const other = this.#byName.get(pinned)
      if (other !== undefined && other.hash !== hash) throw procedureTwice(procedure)
      this.#byName.set(pinned, procedure)
      const newest = this.#byName.get(name)
      if (newest === undefined || newest.version < version) this.#byName.set(name, procedure)
    }
    this.#all = [...this.#byName].flatMap(([name, each]) => (name.includes('#') ? [each] : []))
  }

  /** `finance/days-late` is the newest version, `finance/days-late#2` that one. */
  named(name: string): Procedure | undefined {
    return this.#byName.get(name)
  }

  /**
   * Those that somebody called before, by pinned name and hash: a bare name means what it meant then. Throws
   * `varve.error/procedure-unknown`.
   */
  only(called: Readonly<Record<string, string>>): ProcedureSet {
    return new ProcedureSet(
      Object.entries(called).map(([pinned, hash]) => {
        const procedure = this.#byName.get(pinned)
        if (procedure?.hash !== hash) throw procedureUnknown(pinned, hash, procedure?.hash)
        return procedure
      }),
    )
  }

  /** Each name, bare and with each version. */
  get names(): Iterable<string> {
    return this.#byName.keys()
  }

  get all(): readonly Procedure[] {
    return this.#all
  }

  /** What all of them are: the same for the same procedures, in whatever order they came. */
  get hash(): string {
    this.#hash ??= `sha256:${createHash('sha256')
      .update(
        this.#all
          .map(({ hash }) => hash)
          .sort()
          .join(),
      )
      .digest('hex')}`
    return this.#hash
  }
}

export const NO_PROCEDURES = new ProcedureSet([])
