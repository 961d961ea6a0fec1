// Verifies everything on disk of a data folder, as `varve check` does: every byte of every log with its chain of
// hashes, every page of every segment, what the roots say of them, and that each index holds exactly the facts
// of its log. It reads as any follower does: the writer may go on meanwhile, and nothing is changed.

import type { Env } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { Index } from '../index/index.ts'
import { readSchemaAt, IndexedFacts } from '../index/indexed-facts.ts'
import { Novelty } from '../index/novelty.ts'
import { readRoot, type Root, ROOT_KEY } from '../index/root.ts'
import { Schema } from '../fact/schema.ts'
import { verifyLog } from '../log/folder-log.ts'
import { ColumnCache, COLUMN_CACHE_LIMITS } from '../segment/column-cache.ts'
import { type Finding, findingOf, REBUILD_INDEX } from './finding.ts'
import { FolderCatalogStorage, findDatabase, type DatabaseStorage } from './storage.ts'
import { compareWithLog } from './verify-facts.ts'
import { strangersInCatalog, strangersInDatabase } from './verify-files.ts'
import { faultOfDeadList, verifyRuns } from './verify-runs.ts'
import { verifySegment } from './verify-segments.ts'

export type Verified = {
  readonly name: string
  /** Of the log; −1 if it holds nothing that can be read. */
  readonly lastT: T
  /** Of the index; −1 if there is none. */
  readonly indexedT: T
  /** Assertions and retractions of the log that were compared with the index. */
  readonly datomCount: number
  readonly byteCount: number
  readonly findings: readonly Finding[]
}

export type VerifyOptions = {
  /** Only this one, by name or alias. */
  readonly database?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (stage: string, done: number, total: number) => void
}

/** Memory for columns while an index is compared with its log. */
const CACHED_BYTES_MAX = 256 << 20
/** A root may be replaced while it is checked, and its segments collected: then the newest is checked, so often. */
const ROOT_COUNT_MAX = 5
/** Transactions compared between turns for others. */
const TURN_COUNT = 2_000

/** What is wrong in a data folder, database by database; and names beside them that nobody knows. */
export async function verifyFolder(
  env: Env,
  folder: string,
  options: VerifyOptions = {},
): Promise<{ readonly databases: readonly Verified[]; readonly findings: readonly Finding[] }> {
  const storage = await FolderCatalogStorage.open(env, folder, { canCreate: false })
  const infos = storage.list()
  const chosen = options.database === undefined ? infos : [findDatabase(infos, options.database)]
  const databases: Verified[] = []
  for (const { name } of chosen) databases.push(await verifyDatabase(env, storage.open(name), options))
  return { databases, findings: options.database === undefined ? strangersInCatalog(env, folder) : [] }
}

async function verifyDatabase(env: Env, storage: DatabaseStorage, options: VerifyOptions): Promise<Verified> {
  const { name } = storage.info
  const folder = storage.folder!
  const findings: Finding[] = []
  let lastT = -1
  let byteCount = 0
  try {
    options.onProgress?.(`${name}: log`, 0, 1)
    const log = await verifyLog(env, `${folder}/log`, options.signal)
    lastT = log.lastT
    byteCount = log.byteCount
  } catch (error) {
    findings.push(findingOf(error, { database: name, path: `${folder}/log` }))
  }
  const isLogIntact = findings.length === 0
  const index = await verifyIndex(env, storage, { ...options, lastT, isLogIntact })
  findings.push(...index.findings)
  if (isLogIntact) findings.push(...strangersInDatabase(env, { name, folder }, index.root))
  return {
    name,
    lastT,
    indexedT: index.root?.indexedT ?? -1,
    datomCount: index.datomCount,
    byteCount: byteCount + (index.root?.segments ?? []).reduce((sum, entry) => sum + entry.byteCount, 0),
    findings,
  }
}

type IndexOptions = VerifyOptions & { readonly lastT: T; readonly isLogIntact: boolean }
type VerifiedIndex = {
  readonly root: Root | undefined
  readonly datomCount: number
  readonly findings: readonly Finding[]
}

async function verifyIndex(
  env: Env,
  storage: DatabaseStorage,
  options: IndexOptions,
): Promise<VerifiedIndex> {
  const { name } = storage.info
  const path = `${storage.folder!}/index/${ROOT_KEY}`
  for (let attempt = 1; ; attempt++) {
    let root: Root | undefined
    try {
      root = (await readRoot(storage.blobs))?.root
    } catch (error) {
      return { root, datomCount: 0, findings: [findingOf(error, { database: name, path })] }
    }
    if (root === undefined) return { root, datomCount: 0, findings: [] }
    try {
      return { root, ...(await verifyRoot(env, storage, root, options)) }
    } catch (error) {
      if (!(error instanceof VarveError) || error.code !== 'varve.error/blob-missing') throw error
      const isNewest = (await readRoot(storage.blobs))?.root.publication === root.publication
      if (isNewest || attempt === ROOT_COUNT_MAX) {
        const missing = `${storage.folder!}/index/${String(error.data.key)}`
        const finding = { ...findingOf(error, { database: name, path: missing }), fix: REBUILD_INDEX }
        return { root, datomCount: 0, findings: [finding] }
      }
    }
  }
}

async function verifyRoot(
  env: Env,
  storage: DatabaseStorage,
  root: Root,
  options: IndexOptions,
): Promise<Omit<VerifiedIndex, 'root'>> {
  const { name, id } = storage.info
  const folder = `${storage.folder!}/index`
  const findings: Finding[] = []
  const find = (what: string, key: string = ROOT_KEY): void => {
    findings.push({ kind: 'damage', database: name, path: `${folder}/${key}`, what, fix: REBUILD_INDEX })
  }
  if (root.database !== id) find(`The root belongs to database ${root.database}, not to ${id}`)
  if (options.isLogIntact && root.indexedT > options.lastT) {
    // The log was read before the root was; a writer may have gone on meanwhile.
    const lastT = await lastTOf(storage)
    if (root.indexedT > lastT)
      find(`The index holds facts up to t ${root.indexedT}, the log ends at t ${lastT}`)
  }
  for (const [done, entry] of root.segments.entries()) {
    options.signal?.throwIfAborted()
    options.onProgress?.(`${name}: segments`, done, root.segments.length)
    const finding = await verifySegment(storage.blobs, entry, {
      database: name,
      path: `${folder}/${entry.key}`,
    })
    if (finding !== undefined) findings.push(finding)
    await env.timers.sleep(0)
  }
  // Rows of damaged files are not worth comparing.
  if (findings.length > 0) return { findings, datomCount: 0 }
  const cache = new ColumnCache({ ...COLUMN_CACHE_LIMITS, cachedBytesMax: CACHED_BYTES_MAX })
  const index = await Index.open(storage.blobs, root, Index.empty(root.database, cache))
  for (const segment of index.segments.values()) {
    const fault = faultOfDeadList(segment)
    if (fault !== undefined) find(fault, segment.entry.key)
  }
  for (const a of index.attributeIds()) {
    options.signal?.throwIfAborted()
    for (const { segment, what } of verifyRuns(index, a)) find(what, segment)
    await env.timers.sleep(0)
  }
  if (findings.length > 0 || !options.isLogIntact) return { findings, datomCount: 0 }
  const { datomCount, differences } = await compared(env, storage, index, options)
  for (const difference of differences) find(difference)
  return { findings, datomCount }
}

async function lastTOf(storage: DatabaseStorage): Promise<T> {
  await using log = await storage.openForReading()
  return log.lastT()
}

async function compared(env: Env, storage: DatabaseStorage, index: Index, options: IndexOptions) {
  await using log = await storage.openForReading()
  const { indexedT } = index.root
  const facts = IndexedFacts.at(index, new Novelty(indexedT), Schema.bootstrap, indexedT)
  const steps = compareWithLog(index, readSchemaAt(facts, indexedT), log, (t) =>
    options.onProgress?.(`${storage.info.name}: facts`, t, indexedT),
  )
  for (let count = 1; ; count++) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (count % TURN_COUNT !== 0) continue
    options.signal?.throwIfAborted()
    await env.timers.sleep(0)
  }
}
