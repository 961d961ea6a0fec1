// What the service writes: one folder beside the data, shared by all service processes of that data.
//
//   system              tokens, grants, saved queries, procedures; one process owns it, the others follow it
//   audit-<instance>    what was asked of one process; each process has its own
//   mask-key            a secret with which masked values are hashed
//
// Ownership of `system` is the writer's lock of the database (ownership.ts). Whoever starts first has it; when that process ends, or
// hangs, the next that has something to change takes it.

import { dirname } from 'node:path'
import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { readTextFile } from '../../base/text-file.ts'
import { Catalog } from '../../database/catalog.ts'
import type { Connection } from '../../database/connection.ts'
import type { DatabaseValue } from '../../database/database-value.ts'
import type { TransactOutcome, TransactRequest, Writer } from '../../database/writer.ts'
import type { Edn } from '../../fact/value.ts'
import { instanceInvalid, instanceTaken, systemOwned, tooManyInstances } from './errors.ts'
import { isFenced, isLocked, Ownership, ownedOrLocked, SYSTEM_DATABASE } from './ownership.ts'
import { AUDIT_SCHEMA } from './schema.ts'

export const AUDIT_PREFIX = 'audit-'
const MASK_KEY = 'mask-key'
const SECRET_BYTE_COUNT = 32

/** Service processes over one system folder. */
const INSTANCE_COUNT_MAX = 64
/** Held while a process makes databases in the folder, for a moment each. */
const OPENING = 'opening'
const ATTEMPT_COUNT_MAX = 200
const PAUSE_MS_MAX = 100

const INSTANCE_NAME = /^[a-z0-9][a-z0-9_-]{0,40}$/

/** Beside the data, which the service itself never writes into. */
export function systemFolderOf(data: string): string {
  return `${data.replace(/(?<=.)\/+$/, '')}-system`
}

/** The facts that people set up. */
export interface SystemFacts {
  /** The newest value of `system`. */
  system(): Promise<DatabaseValue>
  /** Applies a transaction to it. */
  change(tx: Edn): Promise<TransactOutcome>
}

export class SystemFolder implements SystemFacts, AsyncDisposable {
  /** Secret of all that share the folder, with which masked values are hashed. */
  readonly maskKey: string
  readonly #env: Env
  readonly #writing: Catalog
  /** Undefined in memory, where nobody else is. */
  readonly #following: Catalog | undefined
  /** Undefined while another process owns `system`. */
  #owned: Ownership | undefined
  #taking: Promise<Ownership> | undefined
  readonly #take: () => Promise<Ownership | VarveError>

  /** Opens the folder, or makes it. Throws what keeps a folder from being written. */
  static async open(env: Env, folder: string, { hasThreads = false } = {}): Promise<SystemFolder> {
    const writing = await againWhile(env, isMadeBeside, () => Catalog.openFolder(env, folder, { hasThreads }))
    const following = await Catalog.openFolder(env, folder, { isReadOnly: true })
    const opened = (): Promise<Catalog> => Catalog.openFolder(env, folder, { hasThreads, takeOver: 'silent' })
    const take = (): Promise<Ownership | VarveError> => alone(env, folder, () => Ownership.take(env, opened))
    const maskKey = await sharedSecret(env, `${folder}/${MASK_KEY}`)
    return SystemFolder.#over(env, { writing, following, take }, maskKey)
  }

  /** Gone when it is closed, as the databases beside it are. */
  static inMemory(env: Env): Promise<SystemFolder> {
    const writing = Catalog.openMemory(env)
    const take = (): Promise<Ownership | VarveError> => Ownership.take(env, () => Promise.resolve(writing))
    return SystemFolder.#over(env, { writing, following: undefined, take }, newSecret(env))
  }

  static async #over(env: Env, catalogs: Catalogs, maskKey: string): Promise<SystemFolder> {
    try {
      const taken = await catalogs.take()
      return new SystemFolder(env, catalogs, taken instanceof VarveError ? undefined : taken, maskKey)
    } catch (error) {
      await catalogs.writing[Symbol.asyncDispose]()
      await catalogs.following?.[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(
    env: Env,
    { writing, following, take }: Catalogs,
    owned: Ownership | undefined,
    maskKey: string,
  ) {
    this.#env = env
    this.maskKey = maskKey
    this.#writing = writing
    this.#following = following
    this.#take = take
    this.#owned = owned
  }

  /**
   * The audit of this process, which `instance` names among those that share the folder: the first free number where it
   * is left out. Throws `varve.error/instance-taken`.
   */
  openAudit(instance?: string, countMax: number = INSTANCE_COUNT_MAX): Promise<Writer> {
    if (instance !== undefined && !INSTANCE_NAME.test(instance)) throw instanceInvalid(instance)
    const names =
      instance !== undefined ? [instance] : Array.from({ length: countMax }, (_, index) => String(index + 1))
    return alone(this.#env, this.#writing.storage.folder, () => openAudit(this.#writing, names))
  }

  /** Every audit of the folder, for reading. */
  audits(): Promise<readonly Connection[]> {
    const catalog = this.#following ?? this.#writing
    const names = this.databaseNames().filter((name) => name.startsWith(AUDIT_PREFIX))
    return Promise.all(names.map((name) => catalog.connection(name)))
  }

  /** True while this process is the one that changes `system`. */
  get isOwner(): boolean {
    return this.#ownership() !== undefined
  }

  /** Of the databases that the service processes of this folder write. */
  databaseNames(): readonly string[] {
    return this.#writing.list().map(({ name }) => name)
  }

  /** The newest value of `system`. */
  async system(): Promise<DatabaseValue> {
    return (await this.#systemConnection()).value()
  }

  /**
   * Applies a transaction to `system`. Throws `varve.error/system-owned`, naming the process that owns it, where that is
   * another one.
   */
  async change(tx: Edn, meta?: TransactRequest['meta']): Promise<TransactOutcome> {
    const { writer } = this.#ownership() ?? (await this.#takeOwnership())
    try {
      return await writer.transact({ tx, ...(meta !== undefined && { meta }) })
    } catch (error) {
      if (!isFenced(error)) throw error
      this.#letGo()
      throw systemOwned(undefined, error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned?.[Symbol.asyncDispose]()
    await this.#following?.[Symbol.asyncDispose]()
    await this.#writing[Symbol.asyncDispose]()
  }

  /** What this process has, unless somebody took it while this one hung. */
  #ownership(): Ownership | undefined {
    if (this.#owned?.isLost() === true) this.#letGo()
    return this.#owned
  }

  /** Somebody took over from this process, which then follows as the others do. */
  #letGo(): void {
    // What it still had to write is refused to whoever waits for it; nothing of it can fail for anybody else.
    this.#owned?.[Symbol.asyncDispose]().catch(() => undefined)
    this.#owned = undefined
  }

  #systemConnection(): Promise<Connection> {
    const owned = this.#ownership()
    if (owned !== undefined) return Promise.resolve(owned.writer)
    return (this.#following ?? this.#writing).connection(SYSTEM_DATABASE)
  }

  /** Changes that come at once wait for one attempt. */
  #takeOwnership(): Promise<Ownership> {
    this.#taking ??= this.#take()
      .then((found) => {
        if (found instanceof VarveError) throw systemOwned(found.data['holder'], found)
        this.#owned = found
        return found
      })
      .finally(() => (this.#taking = undefined))
    return this.#taking
  }
}

/** Whoever comes first makes it; it is never made again, or equal values would not look alike any more. */
async function sharedSecret(env: Env, path: string): Promise<string> {
  if (!env.files.exists(path)) {
    const making = `${path}-${newSecret(env).slice(0, 16)}`
    {
      using file = env.files.open(making, 'secret')
      file.write(0, Buffer.from(newSecret(env)))
      await file.sync()
    }
    try {
      env.files.link(making, path)
      await env.files.syncFolder(dirname(path))
    } catch (error) {
      if (!(error instanceof VarveError && error.code === 'varve.error/file-exists')) throw error
    } finally {
      env.files.remove(making)
    }
  }
  return readTextFile(env.files, path)
}

function newSecret(env: Env): string {
  return Buffer.from(env.random.bytes(SECRET_BYTE_COUNT)).toString('hex')
}

type Catalogs = {
  readonly writing: Catalog
  readonly following: Catalog | undefined
  /** Owns `system` from now on, or says who does. */
  readonly take: () => Promise<Ownership | VarveError>
}

/** The first of the audits that no other process has. */
async function openAudit(catalog: Catalog, names: readonly string[]): Promise<Writer> {
  let locked: VarveError | undefined
  for (const name of names) {
    const opened = await ownedOrLocked(catalog, `${AUDIT_PREFIX}${name}`, AUDIT_SCHEMA)
    if (!(opened instanceof VarveError)) return opened
    locked = opened
  }
  throw names.length === 1 ? instanceTaken(names[0]!, locked!) : tooManyInstances(names.length)
}

/** Does the work while no other process makes databases in the folder; in memory there is none. */
async function alone<Result>(
  env: Env,
  folder: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  if (folder === undefined) return work()
  await using _lock = await againWhile(env, isLocked, () =>
    env.files.lock(`${folder}/${OPENING}`, { takeOver: 'silent' }),
  )
  return await work()
}

/** What fails where another process makes the same folder at this moment. */
const MADE_BESIDE: ReadonlySet<string> = new Set([
  'varve.error/foreign-folder',
  'varve.error/file-exists',
  'varve.error/file-missing',
])

function isMadeBeside(error: unknown): boolean {
  return error instanceof VarveError && MADE_BESIDE.has(error.code)
}

async function againWhile<Made>(
  env: Env,
  isPassing: (error: unknown) => boolean,
  make: () => Promise<Made>,
): Promise<Made> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make()
    } catch (error) {
      if (!isPassing(error) || attempt >= ATTEMPT_COUNT_MAX) throw error
      // By chance, or those who met once would meet again.
      await env.timers.sleep(env.random.next() * PAUSE_MS_MAX)
    }
  }
}
