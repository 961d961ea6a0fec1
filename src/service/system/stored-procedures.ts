// Procedures as facts of the system database, beside the starter library. A version never changes: what is saved under a
// name again is the next one.

import type { Env } from '../../base/env.ts'
import { nearest } from '../../base/nearest.ts'
import type { T } from '../../fact/attribute.ts'
import {
  defineProcedure,
  type ProcedureDefinition,
  receivedProcedure,
} from '../../procedures/define-procedure.ts'
import { pinnedName, type Procedure } from '../../procedures/procedure.ts'
import { ProcedureSet } from '../../procedures/procedure-set.ts'
import { starterProcedures } from '../../procedures/starter/starter.ts'
import { entitiesWith, type EntityFields, formOf } from './entities.ts'
import { procedureNotFound, procedureOfStarter } from './errors.ts'
import type { SystemFacts } from './system-folder.ts'

/** What runs them; it has one set at a time. */
export interface HeldProcedures {
  readonly set: ProcedureSet
  use(set: ProcedureSet): void
  /** Throws what is wrong in the source. */
  check(procedure: Procedure): void
}

export type StoredProcedure = {
  readonly procedure: Procedure
  /** Undefined for those of the starter library. */
  readonly savedAt: Date | undefined
  readonly savedBy: string | undefined
}

type Read = { readonly basisT: T; readonly stored: readonly StoredProcedure[]; readonly set: ProcedureSet }

export class StoredProcedures {
  readonly #env: Env
  readonly #system: SystemFacts
  readonly #held: HeldProcedures
  #read: Read | undefined

  constructor(env: Env, system: SystemFacts, held: HeldProcedures) {
    this.#env = env
    this.#system = system
    this.#held = held
  }

  /** Those that may be called now, by questions and by transactions. */
  async current(): Promise<ProcedureSet> {
    const set = await this.newest()
    if (this.#held.set !== set) this.#held.use(set)
    return set
  }

  /** The same, without making it what transactions may call. */
  async newest(): Promise<ProcedureSet> {
    return (await this.#newest()).set
  }

  /** All versions of all, by name and version. */
  async list(): Promise<readonly StoredProcedure[]> {
    return (await this.#newest()).stored
  }

  /** All versions of one. Throws `varve.error/procedure-not-found`. */
  async get(name: string): Promise<readonly StoredProcedure[]> {
    const all = await this.list()
    const found = all.filter(({ procedure }) => procedure.name === name)
    if (found.length === 0) {
      const names = all.map(({ procedure }) => procedure.name)
      throw procedureNotFound(name, nearest(name, names))
    }
    return found
  }

  /** The next version of a name, unless the newest is just that. Throws what is wrong with it. */
  async save(definition: Omit<ProcedureDefinition, 'version'>, by: string): Promise<StoredProcedure> {
    const versions = (await this.list()).filter(({ procedure }) => procedure.name === definition.name)
    const last = versions.at(-1)
    if (last !== undefined && last.savedAt === undefined) throw procedureOfStarter(definition.name)
    const lastVersion = last?.procedure.version ?? 0
    const same = last && defineProcedure({ ...definition, version: lastVersion })
    if (same !== undefined && same.hash === last?.procedure.hash) return last
    const procedure = defineProcedure({ ...definition, version: lastVersion + 1 })
    this.#held.check(procedure)
    const savedAt = new Date(this.#env.clock.nowMs())
    await this.#system.change([
      formOf({
        'procedure/key': pinnedName(procedure),
        'procedure/name': procedure.name,
        'procedure/version': procedure.version,
        'procedure/kind': procedure.kind,
        'procedure/doc': procedure.doc,
        'procedure/language': procedure.language,
        'procedure/parameters': JSON.stringify(procedure.parameters),
        'procedure/returns': procedure.returns,
        'procedure/source': procedure.source,
        'procedure/hash': procedure.hash,
        'procedure/saved-at': savedAt,
        'procedure/saved-by': by,
      }),
    ])
    return { procedure, savedAt, savedBy: by }
  }

  async #newest(): Promise<Read> {
    const { facts, basisT } = await this.#system.system()
    if (this.#read?.basisT !== basisT) {
      const starter = starterProcedures.map((procedure) => ({
        procedure,
        savedAt: undefined,
        savedBy: undefined,
      }))
      const saved = entitiesWith(facts, 'procedure/key').map(storedOf)
      const stored = [...starter, ...saved].sort(({ procedure: x }, { procedure: y }) =>
        x.name < y.name ? -1 : x.name > y.name ? 1 : x.version - y.version,
      )
      const set = new ProcedureSet(stored.map(({ procedure }) => procedure))
      // Plans know procedures by their set: another one only where something is another.
      const isSame = this.#read?.set.hash === set.hash
      this.#read = { basisT, stored, set: isSame ? this.#read!.set : set }
    }
    return this.#read
  }
}

function storedOf(fields: EntityFields): StoredProcedure {
  const text = (name: string): string => String(fields.get(name) ?? '')
  return {
    procedure: receivedProcedure({
      name: text('procedure/name'),
      version: fields.get('procedure/version') as number,
      kind: text('procedure/kind') as Procedure['kind'],
      doc: text('procedure/doc'),
      language: text('procedure/language') as Procedure['language'],
      parameters: JSON.parse(text('procedure/parameters')) as Procedure['parameters'],
      returns: text('procedure/returns') as Procedure['returns'],
      source: text('procedure/source'),
      hash: text('procedure/hash'),
    }),
    savedAt: fields.get('procedure/saved-at') as Date | undefined,
    savedBy: fields.get('procedure/saved-by') as string | undefined,
  }
}
