// Copies of databases: a backup is a folder of the same form, made by appending the frames that it lacks, so a
// repetition carries only what is new, and it can be opened as it lies. Restoring is the same copy the other
// way, ended at a moment.
//
// Both read the log as any follower does: the writer goes on meanwhile, and what is copied is a prefix of the
// log, so it is consistent by itself. The index is no part of it: it is a function of the log (I5).

import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { ByteWriter } from '../base/bytes.ts'
import { decodeTransactions, encodeTransaction } from '../log/transaction-codec.ts'
import type { Frame, TransactionLog } from '../log/transaction-log.ts'
import { FolderCatalogStorage, type CatalogStorage, type DatabaseStorage } from './storage.ts'
import { replicaForeign, restoreTargetUsed } from './replicate-errors.ts'
import { Writer } from './writer.ts'

export type Replicated = {
  readonly name: string
  readonly fromT: T
  readonly lastT: T
  readonly frameCount: number
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
  const done: Replicated[] = []
  for (const { name, alias, id } of source.list()) {
    const existing = copies.list().find((info) => info.name === name)
    if (existing !== undefined && existing.id !== id) throw replicaForeign(name, target)
    const copy = existing === undefined ? await copies.create(name, alias, id) : copies.open(name)
    done.push(await copyLog(source.open(name), copy, Infinity, onProgress))
  }
  return done
}

/** Makes the databases of the backup in `source` again in `target`, a folder that is empty or new. */
export async function restore(
  env: Env,
  source: string,
  target: string,
  to: RestorePoint | undefined,
  onProgress: ReplicateProgress = () => undefined,
): Promise<readonly Replicated[]> {
  if (env.files.list(target).length > 0) throw restoreTargetUsed(target)
  const copies = await FolderCatalogStorage.open(env, source, { canCreate: false })
  const made = await FolderCatalogStorage.open(env, target, { canCreate: true })
  const done: Replicated[] = []
  for (const { name, alias, id } of copies.list()) {
    const from = copies.open(name)
    const database = await made.create(name, alias, id)
    done.push(await copyLog(from, database, await lastTOf(from, to), onProgress))
    // Opened once for writing, so that it is indexed and its log ends cleanly.
    await using writer = await Writer.open(env, database)
    await writer.index()
  }
  return done
}

/** Appends the transactions up to `toT`, included, that `to` lacks. */
async function copyLog(
  from: DatabaseStorage,
  to: DatabaseStorage,
  toT: T,
  onProgress: ReplicateProgress,
): Promise<Replicated> {
  await using source = await from.openForReading()
  await using target = await to.openForWriting()
  const { name } = from.info
  const fromT = target.lastT() + 1
  const lastT = Math.min(source.lastT(), toT)
  let frameCount = 0
  if (fromT <= lastT) {
    for (const frame of source.read(fromT, lastT + 1)) {
      await target.append(cut(frame, fromT, lastT, target.epoch))
      frameCount++
      onProgress(name, frame.lastT, lastT)
    }
  }
  return { name, fromT, lastT, frameCount }
}

/** The frame with only its transactions of `[fromT, lastT]`. */
function cut(frame: Frame, fromT: T, lastT: T, epoch: number): Frame {
  if (frame.firstT >= fromT && frame.lastT <= lastT) return { ...frame, epoch }
  const bytes = new ByteWriter()
  for (const transaction of decodeTransactions(frame)) {
    if (transaction.t >= fromT && transaction.t <= lastT) encodeTransaction(bytes, transaction)
  }
  return {
    firstT: Math.max(frame.firstT, fromT),
    lastT: Math.min(frame.lastT, lastT),
    epoch,
    payload: bytes.view(),
  }
}

async function lastTOf(storage: DatabaseStorage, to: RestorePoint | undefined): Promise<T> {
  if (to === undefined) return Infinity
  if (!(to instanceof Date)) return to[storage.info.name] ?? to[storage.info.alias] ?? Infinity
  await using log: TransactionLog = await storage.openForReading()
  let last: T = 0
  for (const frame of log.read(0, log.lastT() + 1)) {
    for (const { t, txInstantMs } of decodeTransactions(frame)) {
      // Instants never go back, so the first later one ends the search.
      if (txInstantMs > to.getTime()) return last
      last = t
    }
  }
  return last
}
