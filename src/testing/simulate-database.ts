// A whole database on a machine that fails, from a seed, in one thread: a writer with group commit, indexing and
// garbage collection, readers in processes of their own, power cuts at any operation, faults, kills, processes
// that stop and go on, writers that replace each other. What must hold stands in database-model.ts; besides:
//
// - A value answers the same for as long as somebody holds it (I2), also when its index was replaced and collected
//   while its process stood still (I3).
// - What any reader was shown is durable (I7): it is found after whatever comes.
// - A segment's name is the hash of its bytes (I1).

import { VarveError } from '../base/errors.ts'
import { sha256Hex } from '../base/checksum.ts'
import type { Env } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { type Connection, Follower } from '../database/connection.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { DatabaseStorage } from '../database/storage.ts'
import { Writer } from '../database/writer.ts'
import { SEGMENT_PREFIX } from '../index/root.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { DatabaseModel, keptTextOf } from './database-model.ts'
import { type GivenRequest, SIMULATED_SCHEMA } from './random-requests.ts'
import { PowerCut, SimulatedMachine } from './simulated-env.ts'
import {
  simulatedStorage,
  type SimulatedStorageOptions,
  TINY_CACHE,
  TINY_COMMIT,
  TINY_FOLLOWER,
  TINY_INDEXING,
} from './simulated-storage.ts'

/** What the runs really did: guards against runs that prove nothing. */
export type DatabaseCounters = {
  seeds: number
  acknowledged: number
  refused: number
  unknown: number
  repeated: number
  powerCuts: number
  kills: number
  faults: number
  takeovers: number
  fenced: number
  verifications: number
  /** Transactions that stand in the log although nobody was told so. */
  keptUnacknowledged: number
  segmentsVerified: number
  sights: number
  valuesReread: number
  renewals: number
}

export function databaseCounters(): DatabaseCounters {
  return {
    seeds: 0,
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    repeated: 0,
    powerCuts: 0,
    kills: 0,
    faults: 0,
    takeovers: 0,
    fenced: 0,
    verifications: 0,
    keptUnacknowledged: 0,
    segmentsVerified: 0,
    sights: 0,
    valuesReread: 0,
    renewals: 0,
  }
}

export type DatabaseSimulation = { readonly firstSeed: number; readonly seedCount: number }

/** Runs seeds one after another. Throws `BrokenPromise` at the first that breaks a promise. */
export async function simulateDatabase(
  options: DatabaseSimulation,
  counters: DatabaseCounters = databaseCounters(),
): Promise<DatabaseCounters> {
  for (let index = 0; index < options.seedCount; index++) {
    const run = new DatabaseRun(options.firstSeed + index, counters)
    await run.guarded(() => run.play())
    counters.seeds++
  }
  return counters
}

type Remembered = { readonly value: DatabaseValue; readonly text: string }

/** How much is going on in one session. */
export type SessionOptions = SimulatedStorageOptions & {
  readonly callerCount: number
  readonly transactionCount: number
  readonly readerCount: number
}

/** One machine, one database, one model. */
export class DatabaseRun {
  readonly machine: SimulatedMachine
  readonly model = new DatabaseModel()
  readonly #seed: number
  readonly #counters: DatabaseCounters
  /** Requests under a key that are sent again: nobody knows whether they happened, or somebody does. */
  readonly #unknown: GivenRequest[] = []
  /** The t of acknowledged requests, by serial. */
  readonly #knownTs = new Map<number, T>()

  constructor(seed: number, counters: DatabaseCounters) {
    this.#seed = seed
    this.machine = new SimulatedMachine({ seed })
    this.#counters = counters
  }

  /** Runs work on the machine; what breaks names the seed. */
  async guarded(work: () => Promise<void>): Promise<void> {
    try {
      await this.machine.run(work)
    } catch (cause) {
      const message = `seed ${this.#seed}: ${cause instanceof Error ? cause.message : String(cause)}`
      throw new BrokenPromise(message, { cause })
    }
  }

  async play(): Promise<void> {
    const { random } = this.machine
    for (let round = 4 + random.below(4); round > 0; round--) {
      await random.pick([
        () => this.#powerCut(),
        () => this.#powerCut(),
        () => this.#powerCut(),
        () => this.#powerCut(),
        () => this.#fault(),
        () => this.#kill(),
        () => this.#takeOver(),
        () => this.#calm(),
      ])()
    }
    this.machine.restart()
    await this.recover()
    await this.#verifySegments(simulatedStorage(this.machine.startProcess()))
  }

  /** A short life in which everything happens that changes the disk, the same each time until something breaks. */
  async live(): Promise<void> {
    const { machine } = this
    for (let session = 0; session < 2; session++) {
      await this.#tolerated(async () => {
        const writer = await this.#openWriter(machine.startProcess())
        try {
          for (let step = 0; step < 9; step++) {
            await this.#transact(writer, [])
            if (step % 3 === 2) await this.#tolerated(() => writer.index())
          }
        } finally {
          await writer[Symbol.asyncDispose]()
        }
      })
    }
  }

  /** Opens and compares, unless the power goes. */
  recoverIfPowered(): Promise<void> {
    return this.#tolerated(() => this.recover())
  }

  /** The power goes at some operation of opening, committing, indexing, collecting or closing; often twice. */
  async #powerCut(): Promise<void> {
    const { machine } = this
    machine.cutPowerAt(machine.operationCount + machine.random.below(220))
    await this.#randomSession()
    this.restart()
    while (machine.random.next() < 0.5) {
      machine.cutPowerAt(machine.operationCount + machine.random.below(40))
      await this.recoverIfPowered()
      this.restart()
    }
    await this.recover()
  }

  /** Operations fail one by one; the processes go on as they can. */
  async #fault(): Promise<void> {
    const { machine } = this
    const { random } = machine
    for (let faults = 1 + random.below(3), at = machine.operationCount; faults > 0; faults--) {
      at += random.below(80)
      machine.failAt(at, random.pick(['EIO', 'ENOSPC', 'short'] as const))
      this.#counters.faults++
    }
    await this.#randomSession()
    machine.clearFaults()
    if (random.next() < 0.3) await this.#powerCut()
    else await this.recover()
  }

  async #kill(): Promise<void> {
    const { machine } = this
    const env = machine.startProcess()
    const working = this.session(env, this.#randomOptions())
    await machine.pass(machine.random.below(2_000))
    machine.kill(env)
    await working
    this.#counters.kills++
    await this.recover()
  }

  /** A writer is stopped at any moment, replaced, and goes on. */
  async #takeOver(): Promise<void> {
    const { machine } = this
    const [stale, successor] = [machine.startProcess(), machine.startProcess()]
    const working = this.session(stale, this.#randomOptions())
    await machine.pass(machine.random.below(3_000))
    machine.stop(stale)
    await this.session(successor, { ...this.#randomOptions(), takeOver: true })
    machine.resume(stale)
    await working
    this.#counters.takeovers++
    machine.kill(stale)
    if (machine.random.next() < 0.3) this.restart()
    await this.recover()
  }

  async #calm(): Promise<void> {
    await this.session(this.machine.startProcess(), { ...this.#randomOptions(), transactionCount: 20 })
    if (this.machine.random.next() < 0.5) this.restart()
    await this.recover()
  }

  /** All processes die; what was not synced is lost in part. */
  restart(): void {
    if (this.machine.isDown) this.#counters.powerCuts++
    this.machine.restart()
  }

  #randomSession(): Promise<void> {
    return this.session(this.machine.startProcess(), this.#randomOptions())
  }

  #randomOptions(): SessionOptions {
    const { random } = this.machine
    return {
      callerCount: random.pick([1, 1, 3]),
      transactionCount: random.below(14),
      readerCount: random.pick([0, 1, 1, 2]),
    }
  }

  /** Opens a writer, lets callers transact and readers read beside it, and closes it: as far as it gets. */
  async session(env: Env, options: SessionOptions): Promise<void> {
    const readers = Array.from({ length: options.readerCount }, () => this.machine.startProcess())
    let isOver = false
    const reading = readers.map((reader) => this.#tolerated(() => this.#read(reader, () => !isOver)))
    await this.#tolerated(() => this.#write(env, options))
    isOver = true
    for (const reader of readers) this.machine.resume(reader)
    await Promise.all(reading)
  }

  async #write(env: Env, options: SessionOptions): Promise<void> {
    const { random } = this.machine
    const writer = await this.#openWriter(env, options)
    const remembered: Remembered[] = []
    try {
      const callers = Array.from({ length: options.callerCount }, () =>
        this.#call(env, writer, options.transactionCount, remembered),
      )
      const results = await Promise.allSettled([...callers, this.#index(env, writer)])
      for (const result of results) if (result.status === 'rejected') throw result.reason
      for (const one of remembered) await this.#reread(one)
    } finally {
      const closing = writer[Symbol.asyncDispose]()
      // Somebody calls until the very end.
      if (random.next() < 0.3) await this.#tolerated(() => this.#transact(writer, []))
      await closing
    }
  }

  async #openWriter(env: Env, options: SimulatedStorageOptions = {}): Promise<Writer> {
    const writer = await Writer.open(env, simulatedStorage(env, options), {
      schema: SIMULATED_SCHEMA,
      indexing: TINY_INDEXING,
      commit: TINY_COMMIT,
    })
    // The bootstrap was acknowledged, if nothing else was.
    this.model.promisedT = Math.max(this.model.promisedT, 0)
    return writer
  }

  async #call(env: Env, writer: Writer, count: number, remembered: Remembered[]): Promise<void> {
    const { random } = this.machine
    for (let index = 0; index < count; index++) {
      if (random.next() < 0.3) await env.timers.sleep(random.below(8))
      await this.#transact(writer, remembered)
    }
  }

  async #transact(writer: Writer, remembered: Remembered[]): Promise<void> {
    const { random } = this.machine
    const again = random.next() < 0.3 ? this.#unknown[random.below(this.#unknown.length)] : undefined
    const given = again ?? this.model.give(random)
    try {
      const outcome = await writer.transact(given.request)
      this.model.promise(outcome)
      this.#counters.acknowledged++
      if (again !== undefined) this.#counters.repeated++
      const knownT = this.#knownTs.get(given.serial) ?? outcome.t
      check(outcome.t === knownT, `a request that happened at t ${knownT} happened again at ${outcome.t}`)
      this.#knownTs.set(given.serial, outcome.t)
      if (given.request.idempotencyKey !== undefined && random.next() < 0.2) this.#unknown.push(given)
      check(writer.value().basisT >= outcome.t, 'who was told sees it')
      if (random.next() < 0.15) remembered.push(this.#remember(outcome.after))
      if (random.next() < 0.1) remembered.push(this.#remember(outcome.before.asOf(random.below(outcome.t))))
    } catch (error) {
      if (isRefusal(error)) {
        this.#counters.refused++
        const knownT = this.#knownTs.get(given.serial)
        const isKnown = knownT !== undefined && knownT <= writer.value().basisT
        check(!isKnown, `a request that happened at t ${knownT} was refused when it was repeated`)
        // A repeated one may have happened the first time.
        if (again === undefined) this.model.refuse(given)
        return
      }
      if (given.request.idempotencyKey !== undefined) this.#unknown.push(given)
      this.#counters.unknown++
      if (!isDiskError(error)) throw error
    }
  }

  async #index(env: Env, writer: Writer): Promise<void> {
    const { random } = this.machine
    for (let count = random.below(3); count > 0; count--) {
      await env.timers.sleep(random.below(15))
      await this.#tolerated(() => writer.index())
    }
  }

  /** A reader in a process of its own, which may stand still for a while. */
  async #read(env: Env, mayStop: () => boolean): Promise<void> {
    const { machine } = this
    const { random } = machine
    await env.timers.sleep(random.below(10))
    const storage = simulatedStorage(env, { openFileCountMax: random.pick([1, 2, 100]) })
    const isFrugal = random.next() < 0.3
    const limits = isFrugal ? { ...TINY_FOLLOWER, cache: TINY_CACHE } : TINY_FOLLOWER
    const follower = await Follower.open(env, storage, limits)
    const remembered: Remembered[] = []
    try {
      let seenT = random.next() < 0.5 ? -1 : follower.value().basisT
      for (let looks = 1 + random.below(6); looks > 0; looks--) {
        seenT = await this.#look(follower, seenT)
        remembered.push(this.#remember(randomView(follower.value(), random.below(seenT + 2))))
        if (mayStop() && random.next() < 0.2) machine.stop(env)
        await env.timers.sleep(random.below(20))
        await this.#reread(remembered[random.below(remembered.length)]!)
      }
      for (const one of remembered) await this.#reread(one)
    } finally {
      await follower[Symbol.asyncDispose]()
    }
  }

  /** What is seen is promised from now on. */
  async #look(follower: Follower, seenT: number): Promise<number> {
    const value = this.machine.random.next() < 0.5 ? follower.value() : await follower.sync()
    const range = { from: seenT + 1, to: value.basisT + 1, isLive: false }
    for await (const transaction of follower.transactions(range)) this.model.promise(transaction)
    // The files under an older value may be gone by now.
    const { facts } = await readable(value)
    check(facts.basisT >= seenT, `a reader at t ${seenT} was taken back to ${facts.basisT}`)
    this.model.see(facts)
    this.#counters.sights++
    return facts.basisT
  }

  #remember(value: DatabaseValue): Remembered {
    return { value, text: keptTextOf(value.facts) }
  }

  async #reread({ value, text }: Remembered): Promise<void> {
    const again = await readable(value, () => this.#counters.renewals++)
    check(keptTextOf(again.facts) === text, `a value of t ${value.basisT} changed its answers`)
    this.#counters.valuesReread++
  }

  /** Opens the database, as a reader and as a writer, and compares all of it with the model. */
  async recover(): Promise<void> {
    const { machine, model } = this
    const env = machine.startProcess()
    const knownT = model.promisedT
    const follower = await this.#openFollower(env)
    if (follower !== undefined) {
      await this.#verify(follower)
      await follower[Symbol.asyncDispose]()
    }
    const writer = await this.#openWriter(env)
    await this.#verify(writer)
    this.#counters.keptUnacknowledged += Math.max(0, model.verifiedT - knownT)
    if (machine.random.next() < 0.3) {
      await writer.index()
      await this.#verify(writer)
    }
    await writer[Symbol.asyncDispose]()
  }

  /** Nobody can follow a database before its first transaction is durable. */
  async #openFollower(env: Env): Promise<Follower | undefined> {
    try {
      return await Follower.open(env, simulatedStorage(env), TINY_FOLLOWER)
    } catch (error) {
      if (!isCode(error, 'database-unborn')) throw error
      check(this.model.promisedT < 0, 'the database is gone')
      return undefined
    }
  }

  async #verify(connection: Connection): Promise<void> {
    await this.model.verify(connection, this.machine.random)
    this.#counters.verifications++
  }

  /** A segment is what its name says (I1). */
  async #verifySegments({ blobs }: DatabaseStorage): Promise<void> {
    for (const key of await blobs.list(SEGMENT_PREFIX)) {
      using blob = await blobs.open(key)
      check(key.includes(sha256Hex(blob.read(0, blob.byteCount))), `${key} is not the hash of its bytes`)
      this.#counters.segmentsVerified++
    }
  }

  // What processes may meet while the world breaks. Anything else is a bug.
  async #tolerated(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (error instanceof PowerCut || isDiskError(error)) return
      if (isCode(error, 'writer-fenced')) this.#counters.fenced++
      else if (!TOLERATED.some((code) => isCode(error, code))) throw error
    }
  }
}

const TOLERATED = [
  'connection-closed',
  'log-closed',
  'folder-locked',
  'database-unborn',
  // Of a writer that was replaced: its index is not the newest, and is collected by its successor.
  'root-conflict',
  'blob-missing',
]

function isDiskError(error: unknown): boolean {
  return ['disk-broken', 'disk-full', 'short-write', 'log-poisoned'].some((code) => isCode(error, code))
}

/** The request itself is wrong; nothing was written. */
function isRefusal(error: unknown): boolean {
  return error instanceof VarveError && error.code.startsWith('db.error/')
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof VarveError && error.code === `varve.error/${code}`
}

function randomView(value: DatabaseValue, choice: number): DatabaseValue {
  switch (choice % 4) {
    case 0:
      return value.asOf(choice)
    case 1:
      return value.since(choice)
    case 2:
      return value.history()
    default:
      return value
  }
}

/** The value, renewed where files under it are gone. */
async function readable(value: DatabaseValue, onRenewal?: () => void): Promise<DatabaseValue> {
  for (let attempt = 0; ; attempt++) {
    try {
      keptTextOf(value.facts)
      return value
    } catch (error) {
      if (!isCode(error, 'blob-missing') || attempt > 3) throw error
      onRenewal?.()
      value = await value.renewed()
    }
  }
}
