// `connect`: from a URL to a place where databases live. `memory:` and `file:` work inside this process; other
// schemes are adapters, loaded when they are asked for.

import { SANDBOX_MODULE } from '../adapter/quickjs/sandbox-module.ts'
import type { ClientOptions } from '../client/connect.ts'
import type { Env } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine, engineOptions } from '../engine/create.ts'
import type { QueryRunner } from '../query/ask.ts'
import type { EngineName } from '../plan/engine.ts'
import type { Procedure } from '../procedures/procedure.ts'
import { ProcedureSet } from '../procedures/procedure-set.ts'
import { AtOnceRunner } from '../query/run-at-once.ts'
import type { Folders } from '../query/query-worker.ts'
import { EitherRunner } from '../query/run-either.ts'
import { EngineRunner } from '../query/run-engines.ts'
import { InThreadRunner } from '../query/run-here.ts'
import { WorkerRunner } from '../query/run-in-workers.ts'
import { WaitingScans } from '../query/waiting-scans.ts'
import { type NamedFunctions, registryOf, xformsOf } from './functions.ts'
import type { Varve } from '../interface/types/interfaces.ts'
import { HeldProcedures } from './procedures.ts'
import { HeldQueries, type SystemPlace } from './saved-queries.ts'
import { systemFolderOf } from '../service/system/system-folder.ts'
import { LocalVarve } from './varve.ts'

export type ConnectOptions = {
  /** Follows what another process writes; takes no lock and writes nothing. */
  readonly readOnly?: boolean
  /** Folders whose databases are asked beside those of the first, and never written: names are unique among all. */
  readonly followedFolders?: readonly string[]
  /** The folder of saved queries, if it is not the one beside the data with `-system` behind its name. */
  readonly system?: string
  /** Takes the writer's place from a process that hangs or cannot be reached: that one acknowledges nothing more. */
  readonly takeOver?: boolean
  /** Transaction functions, predicates and functions for `:xform`, by name (functions.ts). */
  readonly functions?: NamedFunctions
  /** Stored procedures that questions and transactions may call: made by `defineProcedure`, or those of `procedures`. */
  readonly procedures?: readonly Procedure[]
  /** Who answers where a question does not say it. */
  readonly engine?: EngineName
  /**
   * Threads that answer questions about a folder: several at once, and several work on one that reads much. From 1 to
   * 64; without it as many as there are cores, at most 4. They begin when they are needed.
   */
  readonly workers?: number
  /** Of a service at `http:` or `https:`, what it knows this program by. */
  readonly token?: string
  /** Of a service: what all questions are asked for. */
  readonly purpose?: string
  /** Of a service: called for each request, the trace that it is part of. */
  readonly trace?: ClientOptions['trace']
  /** The world outside; the simulator's in tests. Queries and indexing then run in this thread. */
  readonly env?: Env
}

/**
 * Connects to `memory:` (gone when closed), `file:PATH` (a folder, made where missing) or a service (`http://HOST:PORT`).
 * Throws `varve.error/url-unsupported`, `varve.error/foreign-folder`, `varve.error/format-unknown`, `varve.error/option-local`,
 * `varve.error/worker-count-invalid`.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Varve> {
  if (/^https?:/.test(url)) return connectToService(url, options)
  // The classes are written against plain data; what each query means for its types stands in types/ alone.
  return (await connectLocal(url, options)) as unknown as Varve
}

async function connectToService(url: string, options: ConnectOptions): Promise<Varve> {
  const { token, purpose, trace, ...local } = options
  const [foreign] = Object.keys(local)
  if (foreign !== undefined) throw optionLocal(foreign, url)
  const { connect: connectClient } = await import('../client/connect.ts')
  return connectClient(url, {
    ...(token !== undefined && { token }),
    ...(purpose !== undefined && { purpose }),
    ...(trace !== undefined && { trace }),
  })
}

function optionLocal(option: string, url: string): VarveError {
  return new VarveError({
    code: 'varve.error/option-local',
    kind: 'unsupported',
    message: `The option ${option} is for databases in this process, and ${url} is a service`,
    fix: 'Leave it out: a service has its own',
    data: { option, url },
  })
}

/** As `connect`, for the parts of Varve that need more than users do: the service, the command line. */
export async function connectLocal(url: string, options: ConnectOptions = {}): Promise<LocalVarve> {
  const env = options.env ?? nodeEnv()
  const functions = options.functions ?? {}
  const xforms = xformsOf(functions)
  const { engine = 'auto' } = options
  const workerCountMax = workerCount(options.workers, env)
  const procedures = new HeldProcedures(env, registryOf(functions, engineOptions(env)))
  procedures.use(new ProcedureSet(options.procedures ?? []))
  const catalogOptions = {
    functions: procedures.registry,
    ...(options.readOnly !== undefined && { isReadOnly: options.readOnly }),
    ...(options.takeOver !== undefined && { takeOver: options.takeOver }),
  }
  const scans = new WaitingScans()
  const queries = new HeldQueries(env, systemPlaceOf(url, options), procedures)
  const held = { xforms, engine, procedures, queries, scans }
  const here = new InThreadRunner(createEngine(env, { xforms }), env.clock, procedures.runtime)
  const duckDbHere = async (): Promise<QueryRunner> => {
    const { DuckDbEngine } = await import('../adapter/duckdb/engine.ts')
    return new InThreadRunner(new DuckDbEngine(env, { xforms }), env.clock, procedures.runtime)
  }
  if (url.startsWith('memory:')) {
    const runner = new EngineRunner(here, duckDbHere)
    return new LocalVarve(Catalog.openMemory(env, catalogOptions), runner, held)
  }
  if (url.startsWith('file:')) {
    const folder = folderOf(url)
    const hasThreads = options.env === undefined
    const { followedFolders = [] } = options
    const catalog = await Catalog.openFolder(env, folder, { ...catalogOptions, followedFolders, hasThreads })
    const folders: Folders = [folder, ...followedFolders]
    const runner = hasThreads
      ? new EngineRunner(
          new EitherRunner(here, atOnceOrInWorkers(env, folders, workerCountMax, scans), xforms.keys()),
          async () =>
            new EitherRunner(await duckDbHere(), await duckDbWorkers(env, folders, scans), xforms.keys()),
        )
      : new EngineRunner(here, duckDbHere)
    return new LocalVarve(catalog, runner, held)
  }
  throw new VarveError({
    code: 'varve.error/url-unsupported',
    kind: 'unsupported',
    message: `Cannot connect to ${url}`,
    fix: 'Use memory:, file:PATH or http://HOST:PORT',
    data: { url },
  })
}

/** Of the cores this many are used without being told so: each worker keeps facts in its own memory as well. */
const WORKER_COUNT_DEFAULT_MAX = 4
const WORKER_COUNT_MAX = 64

function workerCount(given: number | undefined, { processes }: Env): number {
  const count = given ?? Math.min(processes.cpuCount, WORKER_COUNT_DEFAULT_MAX)
  if (Number.isInteger(count) && count >= 1 && count <= WORKER_COUNT_MAX) return count
  throw new VarveError({
    code: 'varve.error/worker-count-invalid',
    kind: 'incorrect',
    message: `${count} is no number of workers`,
    fix: `Give a whole number from 1 to ${WORKER_COUNT_MAX}, or leave it out`,
    data: { count },
  })
}

function atOnceOrInWorkers(
  env: Env,
  folders: Folders,
  workerCountMax: number,
  scans: WaitingScans,
): QueryRunner {
  const workers = new WorkerRunner(env, folders, { workerCountMax }, { procedures: SANDBOX_MODULE })
  scans.add(workers)
  return new AtOnceRunner(createEngine(env), env.clock, workers)
}

/** One thread that puts questions to DuckDB: DuckDB itself uses every core. */
async function duckDbWorkers(env: Env, folders: Folders, scans: WaitingScans): Promise<QueryRunner> {
  const { DUCKDB_WORKER } = await import('../adapter/duckdb/worker-module.ts')
  const workers = new WorkerRunner(
    env,
    folders,
    { workerCountMax: 1 },
    { queries: DUCKDB_WORKER, procedures: SANDBOX_MODULE },
  )
  scans.add(workers)
  return workers
}

function systemPlaceOf(url: string, { system, readOnly = false }: ConnectOptions): SystemPlace {
  if (!url.startsWith('file:')) return undefined
  return { folder: system ?? systemFolderOf(folderOf(url)), isReadOnly: readOnly }
}

/** `file:./data`, `file:data`, `file:/var/data` and `file:///var/data` are taken as people mean them. */
function folderOf(url: string): string {
  const path = url.slice('file:'.length)
  const folder = path.startsWith('///') ? decodeURIComponent(path.slice(2)) : path
  return folder === '' ? '.' : folder.replace(/(?<=.)\/+$/, '')
}
