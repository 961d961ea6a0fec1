// A machine in one thread, from a seed: virtual time, seeded chance, a bad disk (simulated-disk.ts), processes
// that are stopped or killed, a power supply that fails at any operation. What runs on it is the real code.
//
//   const machine = new SimulatedMachine({ seed: 7 })
//   const env = machine.startProcess()
//   machine.cutPowerAt(machine.operationCount + 3)
//   await machine.run(() => work(env))          // rejects with PowerCut
//   machine.restart()                           // what survived, for new processes

import { assert } from '../base/assert.ts'
import type { Env, File, FileCounts, FileLock, Files, LockHolder, OpenMode, Timers } from '../base/env.ts'
import { folderLocked, shortWrite } from '../base/file-errors.ts'
import { failure, SimulatedDisk, type Inode } from './simulated-disk.ts'
import { plantedEnv } from './planted.ts'
import { SeededRandom } from './seeded-random.ts'

/** Thrown by every operation from the moment the power is gone, or the process killed. No product code knows it. */
export class PowerCut extends Error {
  constructor() {
    super('the process is no more')
    this.name = 'PowerCut'
  }
}

export type Fault = 'EIO' | 'ENOSPC' | 'short'

export type MachineOptions = {
  readonly seed: number
  readonly startMs?: number
}

/** Turns given to promises before time moves on; far more than any chain of them takes. */
const TURN_COUNT = 1_000

type Timer = { readonly atMs: number; readonly order: number; readonly fire: () => void }
type Process = { readonly pid: number; isDead: boolean; stopped: Promise<void> | undefined }

export class SimulatedMachine {
  readonly random: SeededRandom
  readonly disk: SimulatedDisk
  /** Operations that change the disk, so far: what `cutPowerAt` and `failAt` count. */
  operationCount = 0
  /** Reads of files so far: what `failReadAt` counts. */
  readCount = 0
  nowMs: number
  readonly #faults = new Map<number, Fault>()
  #temporaryCount = 0
  readonly #locks = new Map<string, { readonly process: Process; readonly holder: LockHolder }>()
  readonly #processes = new Map<Env, Process>()
  readonly #releases = new Map<Process, () => void>()
  #passedCount = 0
  #timers: Timer[] = []
  #timerCount = 0
  #powerCutAt = Infinity
  #readFaultAt = Infinity
  #bootCount = 1
  #pidCount = 100

  constructor({ seed, startMs = 1_700_000_000_000 }: MachineOptions) {
    this.random = new SeededRandom(seed)
    this.disk = new SimulatedDisk(this.random)
    this.nowMs = startMs
  }

  /** The effects of a new process on this machine. */
  startProcess(): Env {
    const process: Process = { pid: this.#pidCount++, isDead: false, stopped: undefined }
    const bootId = `boot-${this.#bootCount}`
    const nothing = (): never => assert(false, 'the simulator has one thread and no network') as never
    const env = plantedEnv({
      clock: { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs },
      random: new SeededRandom(this.random.below(2 ** 31)),
      timers: this.#timersOf(process),
      files: this.#filesOf(process),
      processes: {
        pid: process.pid,
        host: 'simulated',
        cpuCount: 1,
        bootId: () => bootId,
        environment: () => undefined,
        memory: () => ({ residentBytes: 0, heapBytes: 0, totalBytes: 2 ** 30 }),
        giveWay: () => undefined,
        startWorker: nothing,
        startProcess: nothing,
        joinChannel: nothing,
      },
      network: { listen: nothing, fetch: nothing },
    })
    this.#processes.set(env, process)
    return env
  }

  /** The power goes when the operation of this number begins. */
  cutPowerAt(operation: number): void {
    this.#powerCutAt = operation
  }

  failAt(operation: number, fault: Fault): void {
    this.#faults.set(operation, fault)
  }

  /** The read of this number finds bytes that the disk cannot give. */
  failReadAt(read: number): void {
    this.#readFaultAt = read
  }

  clearFaults(): void {
    this.#readFaultAt = Infinity
    this.#faults.clear()
    this.#powerCutAt = Infinity
  }

  get isDown(): boolean {
    return this.operationCount > this.#powerCutAt
  }

  /** Power comes back: all processes are dead, unsynced bytes and names are lost in part, and time has passed. */
  restart(): void {
    for (const process of this.#processes.values()) this.#end(process)
    this.#processes.clear()
    this.disk.lose()
    this.clearFaults()
    this.#timers = []
    this.#bootCount++
    this.nowMs += 60_000
  }

  /** The process dies; what it wrote stays in the cache. */
  kill(env: Env): void {
    const process = this.#processOf(env)
    this.#end(process)
    this.#processes.delete(env)
  }

  /** As SIGSTOP: nothing that the process waits for arrives until `resume`. */
  stop(env: Env): void {
    const process = this.#processOf(env)
    process.stopped ??= new Promise((resolve) => this.#releases.set(process, resolve))
  }

  resume(env: Env): void {
    const process = this.#processOf(env)
    process.stopped = undefined
    this.#releases.get(process)?.()
    this.#releases.delete(process)
  }

  /** Lets everything else go on for so many turns. */
  async pass(turnCount: number): Promise<void> {
    for (let turn = 0; turn < turnCount; turn++) {
      this.#passedCount++
      await Promise.resolve()
    }
  }

  /** Runs the work to its end; time moves on when nothing else can. Fails if it waits for something that never comes. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    const result = work()
    result.then(settle, settle)
    while (!isSettled) {
      const before = this.operationCount + this.#passedCount
      for (let turn = 0; turn < TURN_COUNT && !isSettled; turn++) await Promise.resolve()
      if (isSettled || this.operationCount + this.#passedCount > before) continue
      if (!this.#fireNext()) {
        throw new Error('the simulated work waits for something that never comes')
      }
    }
    return result
  }

  #fireNext(): boolean {
    let next = this.#timers[0]
    if (next === undefined) return false
    for (const timer of this.#timers) {
      if (timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) next = timer
    }
    this.#timers = this.#timers.filter((timer) => timer !== next)
    this.nowMs = Math.max(this.nowMs, next.atMs)
    next.fire()
    return true
  }

  #processOf(env: Env): Process {
    const process = this.#processes.get(env)
    assert(process !== undefined, 'the process runs on this machine')
    return process
  }

  #end(process: Process): void {
    process.isDead = true
    for (const [path, { process: holder }] of this.#locks) if (holder === process) this.#locks.delete(path)
  }

  #timersOf(process: Process): Timers {
    const at = (ms: number, fire: () => void): Timer => {
      const timer = { atMs: this.nowMs + ms, order: this.#timerCount++, fire }
      this.#timers.push(timer)
      return timer
    }
    const cancel = (timer: Timer): void => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
    return {
      sleep: (ms, signal) => {
        if (signal?.aborted === true) return Promise.reject(signal.reason)
        return new Promise((resolve, reject) => {
          const stop = (): void => {
            cancel(timer)
            reject(signal?.reason)
          }
          const timer = at(ms, () => {
            signal?.removeEventListener('abort', stop)
            if (process.isDead) reject(new PowerCut())
            else resolve(process.stopped)
          })
          signal?.addEventListener('abort', stop, { once: true })
        })
      },
      repeat: (ms, work) => {
        let timer: Timer
        const again = (): void => {
          if (process.isDead) return
          timer = at(ms, again)
          if (process.stopped === undefined) work()
        }
        timer = at(ms, again)
        return { [Symbol.dispose]: () => cancel(timer) }
      },
    }
  }

  #filesOf(process: Process): Files {
    const { disk } = this
    const counts = { readBytes: 0, readCount: 0, writtenBytes: 0, syncCount: 0 }
    const change = (doing: string, path: string, work: () => void): void => {
      this.#operate(process, doing, path)
      work()
    }
    return {
      counts,
      open: (path, mode) => {
        if (mode !== 'read' && mode !== 'write') this.#operate(process, 'open', path)
        else this.#checkAlive(process)
        return this.#fileOf(process, path, mode, counts)
      },
      list: (folder) => {
        this.#checkAlive(process)
        return disk.list(folder)
      },
      exists: (path) => {
        this.#checkAlive(process)
        return disk.stat(path) !== undefined
      },
      stat: (path) => {
        this.#checkAlive(process)
        return disk.stat(path)
      },
      makeFolder: (path) => {
        if (disk.stat(path)?.kind !== 'folder') change('make the folder', path, () => disk.makeFolder(path))
      },
      makeTemporaryFolder: (name) => {
        const path = `/tmp/${name}-${this.#temporaryCount++}`
        change('make the folder', path, () => disk.makeFolder(path))
        return path
      },
      rename: (from, to) => change('rename to', to, () => disk.rename(from, to)),
      link: (from, to) => change('link to', to, () => disk.link(from, to)),
      remove: (path) => change('remove', path, () => disk.remove(path)),
      syncFolder: async (folder) => {
        counts.syncCount++
        this.#operate(process, 'sync', folder)
        const count = disk.pendingNameCount()
        await this.#latency(process)
        disk.settleFolder(folder, count)
      },
      lock: async (path, options) => {
        this.#checkAlive(process)
        const before = this.#locks.get(path)
        if (before !== undefined && options?.takeOver !== true) throw folderLocked(path, before.holder)
        const since = new Date(this.nowMs).toISOString()
        const lock = { process, holder: { pid: process.pid, host: 'simulated', since } }
        this.#locks.set(path, lock)
        const held: FileLock = {
          holder: lock.holder,
          [Symbol.asyncDispose]: async () => {
            if (this.#locks.get(path) === lock) this.#locks.delete(path)
          },
        }
        return held
      },
    }
  }

  #fileOf(process: Process, path: string, mode: OpenMode, counts: Mutable<FileCounts>): File {
    const inode: Inode = this.disk.open(path, mode)
    const close = (): void => undefined
    return {
      path,
      byteCount: () => inode.cached.byteCount,
      read: (position, target) => {
        this.#checkAlive(process)
        if (this.readCount++ === this.#readFaultAt) throw failure('read', path, 'EIO')
        const bytes = inode.cached.view().subarray(position, position + target.byteLength)
        target.set(bytes)
        counts.readCount++
        counts.readBytes += bytes.byteLength
        return bytes.byteLength
      },
      write: (position, bytes) => {
        const fault = this.#operation(process)
        inode.modifiedMs = this.nowMs
        if (fault !== undefined) {
          const writtenBytes = this.random.below(bytes.byteLength)
          inode.write(position, bytes.subarray(0, writtenBytes))
          if (fault === 'short') throw shortWrite(path, bytes.byteLength, writtenBytes)
          throw failure('write to', path, fault)
        }
        counts.writtenBytes += bytes.byteLength
        inode.write(position, bytes)
      },
      sync: async () => {
        counts.syncCount++
        const fault = this.#operation(process)
        if (fault !== undefined) {
          inode.dropPending(this.random)
          throw failure('sync', path, fault === 'short' ? 'EIO' : fault)
        }
        const count = inode.pending.length
        await this.#latency(process)
        inode.settle(count)
      },
      truncate: (byteCount) => {
        this.#operate(process, 'cut', path)
        inode.truncate(byteCount)
      },
      close,
      [Symbol.dispose]: close,
    }
  }

  // The disk works while others go on; the process hears of it when it is neither stopped nor dead.
  async #latency(process: Process): Promise<void> {
    await Promise.resolve()
    if (this.isDown) throw new PowerCut()
    await process.stopped
    this.#checkAlive(process)
  }

  #operate(process: Process, doing: string, path: string): void {
    const fault = this.#operation(process)
    if (fault !== undefined) throw failure(doing, path, fault === 'short' ? 'EIO' : fault)
  }

  #operation(process: Process): Fault | undefined {
    this.#checkAlive(process)
    const operation = this.operationCount++
    if (operation >= this.#powerCutAt) throw new PowerCut()
    return this.#faults.get(operation)
  }

  #checkAlive(process: Process): void {
    if (process.isDead || this.isDown) throw new PowerCut()
  }
}

type Mutable<Object> = { -readonly [Key in keyof Object]: Object[Key] }
