// The log on a machine that fails: seeded runs of writers, readers, power cuts, kills, stops, takeovers and
// faults, with a model of what was promised beside them. The promises:
//
// - What was acknowledged, or shown to any reader, is there for ever after, byte by byte (I7).
// - What is there was once given to `append`, at that t; nothing is invented.
// - Recovery always succeeds, unless bytes were damaged on purpose; the chain of hashes verifies.

import { VarveError } from '../base/errors.ts'
import type { Env } from '../base/env.ts'
import { openLog, verifyLog, type LogLimits } from '../log/folder-log.ts'
import type { Frame, TransactionLog, WritableLog } from '../log/transaction-log.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { PowerCut, SimulatedMachine } from './simulated-env.ts'

const FOLDER = '/data/log'
const LIMITS: LogLimits = { fileBytesMax: 5_000, fillBytesMax: 2_048, fillBytesMin: 1_024 }

export type LogSimulation = {
  readonly firstSeed: number
  readonly seedCount: number
}

/** What the runs really did: guards against runs that prove nothing. */
export type LogCounters = {
  seeds: number
  acknowledged: number
  powerCuts: number
  kills: number
  faults: number
  takeovers: number
  fenced: number
  poisoned: number
  recoveries: number
  framesRead: number
  /** Frames that recovery kept although nobody had been told that they are durable. */
  keptUnacknowledged: number
}

/** Runs seeds one after another. Throws `BrokenPromise` at the first that breaks a promise. */
export async function simulateLog(options: LogSimulation): Promise<LogCounters> {
  const counters: LogCounters = {
    seeds: 0,
    acknowledged: 0,
    powerCuts: 0,
    kills: 0,
    faults: 0,
    takeovers: 0,
    fenced: 0,
    poisoned: 0,
    recoveries: 0,
    framesRead: 0,
    keptUnacknowledged: 0,
  }
  for (let index = 0; index < options.seedCount; index++) {
    const seed = options.firstSeed + index
    const run = new LogRun(seed, counters)
    try {
      await run.machine.run(() => run.play())
    } catch (cause) {
      throw new BrokenPromise(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      })
    }
    counters.seeds++
  }
  return counters
}

/** What must be there: the frame at each t, as text. */
class Model {
  /** Acknowledged or shown to a reader: by first t. */
  readonly #promised = new Map<number, string>()
  readonly #given = new Set<string>()
  promisedT = -1

  give(frame: Frame): void {
    this.#given.add(textOf(frame))
  }

  /** The frame was acknowledged, shown, or kept by a recovery. */
  promise(frame: Frame): void {
    const text = textOf(frame)
    const before = this.#promised.get(frame.firstT)
    check(this.#given.has(text), `a frame at t ${frame.firstT} was never given to append`)
    check(before === undefined || before === text, `the frame at t ${frame.firstT} is another than before`)
    this.#promised.set(frame.firstT, text)
    this.promisedT = Math.max(this.promisedT, frame.lastT)
  }

  /** Everything promised is in the log. */
  verify(log: TransactionLog): Frame[] {
    check(log.lastT() >= this.promisedT, `t ${this.promisedT} was promised, the log ends at ${log.lastT()}`)
    const frames = [...log.read(0, Infinity)]
    let nextT = 0
    for (const frame of frames) {
      check(frame.firstT === nextT, `the log goes on with t ${frame.firstT} after ${nextT - 1}`)
      nextT = frame.lastT + 1
    }
    check(nextT === log.lastT() + 1, `the frames end at t ${nextT - 1}, the log at ${log.lastT()}`)
    const texts = new Map(frames.map((frame) => [frame.firstT, textOf(frame)]))
    for (const [firstT, text] of this.#promised) {
      check(texts.get(firstT) === text, `the frame at t ${firstT} was promised and is not there`)
    }
    return frames
  }
}

class LogRun {
  readonly machine: SimulatedMachine
  readonly #counters: LogCounters
  readonly #model = new Model()
  #frameCount = 0

  constructor(seed: number, counters: LogCounters) {
    this.machine = new SimulatedMachine({ seed })
    this.#counters = counters
  }

  async play(): Promise<void> {
    const { random } = this.machine
    const roundCount = 9 + random.below(4)
    for (let round = 0; round < roundCount; round++) {
      await random.pick([
        () => this.#powerCut(),
        () => this.#powerCut(),
        () => this.#fault(),
        () => this.#kill(),
        () => this.#takeOver(),
      ])()
    }
    const env = this.machine.startProcess()
    await this.#recover(env)
    await verifyLog(env, FOLDER)
  }

  /** The power goes at some operation of opening, appending, rolling over, sealing or closing. */
  async #powerCut(): Promise<void> {
    const { machine } = this
    machine.cutPowerAt(machine.operationCount + machine.random.below(60))
    await this.#work(machine.startProcess())
    if (machine.isDown) this.#counters.powerCuts++
    // Cut or not, the machine goes down here: a log that was closed survives that too.
    machine.restart()
    await this.#recover(machine.startProcess())
  }

  async #kill(): Promise<void> {
    const { machine } = this
    const env = machine.startProcess()
    const working = this.#work(env)
    for (let turns = machine.random.below(300); turns > 0; turns--) await Promise.resolve()
    machine.kill(env)
    await working
    this.#counters.kills++
    if (machine.random.next() < 0.5) await this.#recover(machine.startProcess())
  }

  /** One operation fails; the process goes on as it can, dies, or loses its power afterwards. */
  async #fault(): Promise<void> {
    const { machine } = this
    const env = machine.startProcess()
    machine.failAt(
      machine.operationCount + machine.random.below(40),
      machine.random.pick(['EIO', 'ENOSPC', 'short'] as const),
    )
    await this.#work(env)
    machine.clearFaults()
    this.#counters.faults++
    if (machine.random.next() < 0.5) await this.#recover(machine.startProcess())
    // Half of the time the next opening is cut short: what it kept must be on the disk by then.
    if (machine.random.next() < 0.5) return this.#powerCut()
    await this.#work(machine.startProcess())
    await this.#recover(machine.startProcess())
  }

  /** A writer is stopped at any moment, replaced, and goes on. */
  async #takeOver(): Promise<void> {
    const { machine } = this
    const [stale, successor] = [machine.startProcess(), machine.startProcess()]
    const working = this.#work(stale)
    for (let turns = machine.random.below(300); turns > 0; turns--) await Promise.resolve()
    machine.stop(stale)
    await this.#work(successor, true)
    machine.resume(stale)
    await working
    this.#counters.takeovers++
    machine.kill(stale)
    if (machine.random.next() < 0.3) machine.restart()
    await this.#recover(machine.startProcess())
  }

  /** Opens, appends and closes, as far as it gets. */
  async #work(env: Env, takeOver = false): Promise<void> {
    try {
      const log = await openLog(env, FOLDER, { mode: 'write', takeOver, limits: LIMITS })
      try {
        const appendCount = this.machine.random.below(25)
        for (let count = 0; count < appendCount; count++) await this.#append(log)
      } finally {
        await log[Symbol.asyncDispose]()
      }
    } catch (error) {
      this.#tolerate(error)
    }
  }

  async #append(log: WritableLog): Promise<void> {
    const { random } = this.machine
    const firstT = log.lastT() + 1
    const lastT = firstT + random.pick([0, 0, 0, 3])
    const payload = new Uint8Array(random.pick([8, 40, 300, 1_300])).fill(this.#frameCount % 251)
    new DataView(payload.buffer).setUint32(0, this.#frameCount++, true)
    const frame = { firstT, lastT, epoch: log.epoch, payload }
    this.#model.give(frame)
    const appended = log.append(frame)
    // A reader in another process, while the frame is on its way: what it sees must stay.
    if (random.next() < 0.3) await this.#readAlong(appended)
    await appended
    this.#model.promise(frame)
    this.#counters.acknowledged++
    if (random.next() < 0.1) check(log.lastT() === lastT, 'the writer knows its last t')
  }

  async #readAlong(appended: Promise<void>): Promise<void> {
    appended.catch(() => undefined)
    const { machine } = this
    const env = machine.startProcess()
    for (let turns = machine.random.below(6); turns > 0; turns--) await Promise.resolve()
    try {
      const reader = await openLog(env, FOLDER, { mode: 'read' })
      for (const frame of reader.read(Math.max(0, reader.lastT() - 5), Infinity)) {
        this.#counters.framesRead++
        this.#model.promise(frame)
      }
      await reader[Symbol.asyncDispose]()
    } catch (error) {
      if (!(error instanceof PowerCut)) throw error
    }
  }

  async #recover(env: Env): Promise<void> {
    const reader = await openLog(env, FOLDER, { mode: 'read' })
    for (const frame of this.#model.verify(reader)) this.#model.promise(frame)
    const log = await openLog(env, FOLDER, { mode: 'write', limits: LIMITS })
    const knownT = this.#model.promisedT
    for (const frame of this.#model.verify(log)) {
      if (frame.firstT > knownT) this.#counters.keptUnacknowledged++
      this.#model.promise(frame)
    }
    check(reader.lastT() === log.lastT(), 'reader and writer agree on the last t')
    await log[Symbol.asyncDispose]()
    await reader[Symbol.asyncDispose]()
    this.#counters.recoveries++
  }

  // What a caller may see while the world breaks. Anything else is a bug.
  #tolerate(error: unknown): void {
    if (error instanceof PowerCut) return
    if (!(error instanceof VarveError)) throw error
    switch (error.code) {
      case 'varve.error/writer-fenced':
        this.#counters.fenced++
        return
      case 'varve.error/log-poisoned':
        this.#counters.poisoned++
        return
      case 'varve.error/folder-locked':
      case 'varve.error/disk-broken':
      case 'varve.error/disk-full':
      case 'varve.error/short-write':
        return
      default:
        throw error
    }
  }
}

function textOf({ firstT, lastT, epoch, payload }: Frame): string {
  return `${firstT}–${lastT}@${epoch} ${Buffer.from(payload).toString('latin1')}`
}
