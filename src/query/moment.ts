// Which value of a database a request means: as of an instant, as of a t, at a cursor, or the newest.

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import type { Catalog } from '../database/catalog.ts'
import type { Connection } from '../database/connection.ts'
import { databaseBehind } from '../database/connection-errors.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { findDatabase } from '../database/storage.ts'
import type { Speculate } from './speculation.ts'
import { parseViewedName, seenThrough } from './viewed-name.ts'

/** Where databases are found by name or alias: all that there are, or those that somebody may see. */
export type Databases = Pick<Catalog, 'list' | 'connection'>

export type MomentRequest = {
  /** An instant for all databases, or a t where only one is asked. */
  readonly asOf?: Date | T
  /** A t for each database by name or alias; those left out are asked as of `asOf`, or as they are now. */
  readonly cursors?: Readonly<Record<string, T>>
  readonly signal?: AbortSignal
  /** How long to wait for a cursor's t, `CURSOR_WAIT_MS_MAX` at most. */
  readonly waitMs?: number
  /** What names of databases speculate with. */
  readonly speculate?: Speculate
}

type Waiting = Pick<MomentRequest, 'signal' | 'waitMs' | 'speculate'>

/** How long a request waits until a database reaches the t of its cursor. */
const CURSOR_WAIT_MS_MAX = 10_000

/**
 * The databases of one request, by name or alias, at its moment; the name may say what to see of it (viewed-name.ts). A
 * database is the same value however often and under whichever of its names it is asked for.
 */
export function momentSources(
  catalog: Databases,
  request: MomentRequest,
): (name: string) => Promise<DatabaseValue> {
  checkCursors(catalog, request)
  const values = new Map<string, Promise<DatabaseValue>>()
  return async (text) => {
    const { name, t, views } = parseViewedName(text)
    const { speculate } = request
    const connection = await catalog.connection(name)
    if (t !== undefined) return seenThrough(await valueOf(connection, t, request), views, speculate)
    if (views.length > 0) return seenThrough(await valueAt(connection, request), views, speculate)
    const known = values.get(connection.info.name)
    if (known !== undefined) return known
    if (typeof request.asOf === 'number' && values.size > 0) {
      throw momentAmbiguous(request.asOf, [...values.keys(), connection.info.name])
    }
    const value = valueAt(connection, request)
    values.set(connection.info.name, value)
    return value
  }
}

/** A position of a database, and the t of the schema by which it was asked there. */
export type PinnedMoments = {
  readonly basis: Readonly<Record<string, T>>
  readonly schemaT: Readonly<Record<string, T>>
}

/** The databases of a question that is asked again, each exactly as it was: at its basis, with its schema. */
export function pinnedSources(
  catalog: Databases,
  { basis, schemaT }: PinnedMoments,
  waiting: Waiting,
): (name: string) => Promise<DatabaseValue> {
  const values = new Map<string, Promise<DatabaseValue>>()
  return async (text) => {
    const { name, t: viewedT, views } = parseViewedName(text)
    const connection = await catalog.connection(name)
    const own = connection.info.name
    const t = basis[own]
    if (t === undefined) throw basisMissing(own, Object.keys(basis))
    // A schema younger than the basis comes of a question as of a moment before it.
    const knownT = Math.max(t, schemaT[own] ?? t)
    if (viewedT !== undefined)
      return seenThrough(await valueOf(connection, viewedT, waiting), views, waiting.speculate)
    const value = values.get(own) ?? pinnedValue(connection, t, knownT, waiting)
    values.set(own, value)
    return value
  }
}

async function pinnedValue(
  connection: Connection,
  t: T,
  knownT: T,
  waiting: Waiting,
): Promise<DatabaseValue> {
  const value = await valueOf(connection, knownT, waiting)
  return knownT === t ? value : value.asOf(t)
}

/** The value of one database, by name or alias, that the request means. */
export function atMoment(catalog: Databases, name: string, request: MomentRequest): Promise<DatabaseValue> {
  return momentSources(catalog, request)(name)
}

/** What the database was when `t` was its last: with the schema of then, whatever came since. */
async function valueOf(connection: Connection, t: T, waiting: Waiting): Promise<DatabaseValue> {
  await reached(connection, t, waiting)
  return connection.resolve({ database: connection.info.name, basisT: t, steps: [] })
}

async function valueAt(connection: Connection, request: MomentRequest): Promise<DatabaseValue> {
  const { cursors, asOf } = request
  const t = cursors?.[connection.info.name] ?? cursors?.[connection.info.alias]
  if (t !== undefined) return (await reached(connection, t, request)).asOf(t)
  const value = connection.value()
  return asOf === undefined ? value : value.asOf(asOf)
}

/**
 * A cursor may come from a message that travelled faster than the log: its t is waited for, within bounds. Throws
 * `varve.error/database-behind`.
 */
async function reached(
  connection: Connection,
  t: T,
  { signal, waitMs = CURSOR_WAIT_MS_MAX }: MomentRequest,
): Promise<DatabaseValue> {
  const value = connection.value()
  if (value.basisT >= t) return value
  const patience = new AbortController()
  const finished = new AbortController()
  connection.env.timers.sleep(Math.min(waitMs, CURSOR_WAIT_MS_MAX), finished.signal).then(
    () => patience.abort(databaseBehind(connection.info.name, t, connection.value().basisT)),
    () => undefined,
  )
  try {
    return await connection.sync(
      t,
      signal === undefined ? patience.signal : AbortSignal.any([signal, patience.signal]),
    )
  } finally {
    finished.abort()
  }
}

function checkCursors(catalog: Databases, { cursors }: MomentRequest): void {
  if (cursors === undefined) return
  const infos = catalog.list()
  // A misspelled name would silently be asked as it is now.
  for (const name of Object.keys(cursors)) findDatabase(infos, name)
}

function basisMissing(name: string, named: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/receipt-invalid',
    kind: 'incorrect',
    message: `The receipt says of ${named.join(', ')} at which t they were asked, and nothing of ${name}`,
    fix: 'Send the receipt as it came',
    data: { name, named },
  })
}

function momentAmbiguous(t: T, databases: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/moment-ambiguous',
    kind: 'incorrect',
    message: `t ${t} is a position in one database, and ${databases.join(' and ')} are asked`,
    fix: 'Give an instant, or a t for each of them as cursors',
    data: { t, databases },
  })
}
