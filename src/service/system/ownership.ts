// Who may change `system`: the one process that has the writer's lock of it. A process that hangs does not renew its sign; after
// half a minute another may take its place. Should it go on then, the fence in storage keeps it from acknowledging anything, and
// it sees by itself that it has to follow: what it holds is trusted for a second at most without a look at the fence.

import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import type { Catalog } from '../../database/catalog.ts'
import { Writer } from '../../database/writer.ts'
import type { Edn } from '../../fact/value.ts'
import { SYSTEM_SCHEMA } from './schema.ts'

export const SYSTEM_DATABASE = 'system'
const TRUST_MS = 1_000

export class Ownership implements AsyncDisposable {
  readonly writer: Writer
  readonly #env: Env
  readonly #catalog: Catalog
  #lookedAtMs: number

  /** Owns `system` from now on; or why another process has it. `open` gives the catalog that holds it. */
  static async take(env: Env, open: () => Promise<Catalog>): Promise<Ownership | VarveError> {
    const catalog = await open()
    const found = await ownedOrLocked(catalog, SYSTEM_DATABASE, SYSTEM_SCHEMA).catch(
      (error: unknown) => error,
    )
    if (found instanceof Writer) return new Ownership(env, catalog, found)
    await catalog[Symbol.asyncDispose]()
    if (isLocked(found)) return found
    throw found
  }

  private constructor(env: Env, catalog: Catalog, writer: Writer) {
    this.#env = env
    this.#catalog = catalog
    this.writer = writer
    this.#lookedAtMs = env.clock.monotonicMs()
  }

  isLost(): boolean {
    const nowMs = this.#env.clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < TRUST_MS) return false
    this.#lookedAtMs = nowMs
    return this.writer.isFenced
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#catalog[Symbol.asyncDispose]()
  }
}

/** The database, made where it is missing, with all of its schema; or why another process has it. */
export async function ownedOrLocked(
  catalog: Catalog,
  name: string,
  schema: Edn,
): Promise<Writer | VarveError> {
  try {
    await catalog.create(name, { schema })
    return await catalog.writer(name)
  } catch (error) {
    if (isLocked(error)) return error
    throw error
  }
}

export function isLocked(error: unknown): error is VarveError {
  return error instanceof VarveError && error.code === 'varve.error/folder-locked'
}

export function isFenced(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'varve.error/writer-fenced'
}
