// Copies of databases: a backup is a folder of the same form, made by appending the transactions that it lacks, so a
// repetition carries only what is new, and it can be opened as it lies. Restoring is the same copy the other
// way, ended at a moment.
//
// Both read the log as any follower does: the writer goes on meanwhile, and what is copied is a prefix of the
// log, so it is consistent by itself. The index is no part of it: it is a function of the log (I5).

import { resolve } from 'node:path'
import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { ByteWriter } from '../base/bytes.ts'
import { decodeTransactions, encodeTransaction } from '../log/transaction-codec.ts'
import type { Frame, TransactionLog } from '../log/transaction-log.ts'
import {
  replicaForeign,
  replicaForked,
  replicaOfItself,
  restorePointUnknown,
  restoreTargetUsed,
} from './replicate-errors.ts'
import {
  type CatalogStorage,
  type DatabaseStorage,
  findDatabase,
  FolderCatalogStorage,
  MARKER,
} from './storage.ts'
import { Writer } from './writer.ts'

export type Replicated = {
  readonly name: string
  /** The first t that was copied; one more than `lastT` if nothing was. */
  readonly fromT: T
  readonly lastT: T
}

/** A moment to end at: an instant, or a t by database. */
export type RestorePoint = Date | Readonly<Record<string, T>>

export type ReplicateProgress = (name: string, t: T, lastT: T) => void

/** Brings the backup in `target` up to what is durable now in every database of `source`. */
export async function backup(
  env: Env,
  source: CatalogStorage,
  target: string,
  onProgress: ReplicateProgress = () => undefined,
): Promise<readonly Replicated[]> {
  const copies = await FolderCatalogStorage.open(env, target, { canCreate: true })
  if (source.folder !== undefined && resolve(source.folder) === resolve(target)) throw replicaOfItself(target)
  const done: Replicated[] = []
  for (const { name, alias, id } of source.list()) {
    const existing = copies.list().find((info) => info.name === name)
    if (existing !== undefined && existing.id !== id) throw replicaForeign(name, target)
    const copy = existing === undefined ? await copies.create(name, alias, id) : copies.open(name)
    done.push(await copyLog(source.open(name), copy, Infinity, onProgress))
  }
  return done
}

/**
 * Makes the databases of the backup in `source` again in `target`, a folder that is empty or new. All is made in a
 * folder within and moved when it is complete: a restoration that was interrupted is never taken for a whole one.
 */
export async function restore(
  env: Env,
  source: string,
  target: string,
  to: RestorePoint | undefined,
  onProgress: ReplicateProgress = () => undefined,
): Promise<readonly Replicated[]> {
  const copies = await FolderCatalogStorage.open(env, source, { canCreate: false })
  const points = await restorePoints(copies, to)
  clearUnfinished(env, target)
  const made = await FolderCatalogStorage.open(env, `${target}/${UNFINISHED}`, { canCreate: true })
  const done: Replicated[] = []
  for (const { name, alias, id } of copies.list()) {
    const database = await made.create(name, alias, id)
    done.push(await copyLog(copies.open(name), database, points.get(name)!, onProgress))
    // Opened once for writing, so that it is indexed and its log ends cleanly.
    await using writer = await Writer.open(env, database)
    await writer.index()
  }
  const { files } = env
  const names = made.list().map(({ name }) => name)
  for (const name of names) files.rename(`${made.folder}/${name}`, `${target}/${name}`)
  await files.syncFolder(target)
  // Without this file the folder is no data folder: it comes last.
  files.rename(`${made.folder}/${MARKER}`, `${target}/${MARKER}`)
  files.remove(made.folder)
  await files.syncFolder(target)
  return done
}

const UNFINISHED = '.unfinished'

/** Removes what an earlier restoration left when it was interrupted. Throws `varve.error/restore-target-used`. */
function clearUnfinished({ files }: Env, target: string): void {
  const names = files.list(target)
  if (names.includes(UNFINISHED) && !names.includes(MARKER)) {
    for (const name of names) {
      const path = `${target}/${name}`
      if (files.stat(`${path}/database.json`) !== undefined) files.remove(path)
    }
    files.remove(`${target}/${UNFINISHED}`)
  }
  if (files.list(target).length > 0) throw restoreTargetUsed(target)
}

/** Frames are joined up to this size on their way: one sync carries many. */
const JOINED_BYTES_MAX = 1 << 20

/** Appends the transactions up to `toT`, included, that `to` lacks. Stopped anywhere, it goes on from there. */
async function copyLog(
  from: DatabaseStorage,
  to: DatabaseStorage,
  toT: T,
  onProgress: ReplicateProgress,
): Promise<Replicated> {
  await using source = await from.openForReading()
  await using target = await to.openForWriting()
  const { name } = from.info
  refuseFork(name, source, target)
  const fromT = target.lastT() + 1
  const lastT = Math.min(source.lastT(), toT)
  const joined = new ByteWriter()
  let nextT = fromT
  const flush = async (endT: T): Promise<void> => {
    if (endT < nextT) return
    await target.append({ firstT: nextT, lastT: endT, epoch: target.epoch, payload: joined.view() })
    joined.reset()
    nextT = endT + 1
    onProgress(name, endT, lastT)
  }
  if (fromT <= lastT) {
    for (const frame of source.read(fromT, lastT + 1)) {
      joined.bytes(payloadWithin(frame, fromT, lastT))
      if (joined.length >= JOINED_BYTES_MAX) await flush(Math.min(frame.lastT, lastT))
    }
    await flush(lastT)
  }
  return { name, fromT, lastT: target.lastT() }
}

/** The payload of a frame with only its transactions of `[fromT, lastT]`. */
function payloadWithin(frame: Frame, fromT: T, lastT: T): Uint8Array {
  if (frame.firstT >= fromT && frame.lastT <= lastT) return frame.payload
  const bytes = new ByteWriter()
  for (const transaction of decodeTransactions(frame)) {
    if (transaction.t >= fromT && transaction.t <= lastT) encodeTransaction(bytes, transaction)
  }
  return bytes.view()
}

// A database that was restored to an earlier t and written on has the id, and no longer the history, of its backup.
// Two histories that differ differ at the last t of the shorter one: its moment, at least, is another.
function refuseFork(name: string, source: TransactionLog, target: TransactionLog): void {
  const lastT = target.lastT()
  if (lastT < 0) return
  if (source.lastT() < lastT || !isSameAt(source, target, lastT)) throw replicaForked(name, lastT)
}

function isSameAt(source: TransactionLog, target: TransactionLog, t: T): boolean {
  const bytesAt = (log: TransactionLog): Uint8Array => {
    for (const frame of log.read(t, t + 1)) return payloadWithin(frame, t, t)
    return new Uint8Array(0)
  }
  return Buffer.compare(bytesAt(source), bytesAt(target)) === 0
}

/** The last t to restore of each database. */
async function restorePoints(
  copies: FolderCatalogStorage,
  to: RestorePoint | undefined,
): Promise<ReadonlyMap<string, T>> {
  const infos = copies.list()
  const points = new Map<string, T>(infos.map(({ name }) => [name, Infinity]))
  if (to instanceof Date) {
    for (const { name } of infos) points.set(name, await lastTAt(copies.open(name), to))
    return points
  }
  for (const [nameOrAlias, t] of Object.entries(to ?? {})) {
    const { name } = findDatabase(infos, nameOrAlias)
    await using log = await copies.open(name).openForReading()
    if (t > log.lastT()) throw restorePointUnknown(name, t, log.lastT())
    points.set(name, t)
  }
  return points
}

/** The last t at or before an instant. */
async function lastTAt(storage: DatabaseStorage, instant: Date): Promise<T> {
  await using log = await storage.openForReading()
  let last: T = 0
  for (const frame of log.read(0, log.lastT() + 1)) {
    for (const { t, txInstantMs } of decodeTransactions(frame)) {
      // Instants never go back, so the first later one ends the search.
      if (txInstantMs > instant.getTime()) return last
      last = t
    }
  }
  return last
}
