// The folder store on a machine that fails: puts and swaps under power cuts, kills and faults. The promises: a
// blob whose put resolved is there, whole; a root is always one that somebody swapped in, whole, and never older
// than the last swap that resolved; of swaps from the same bytes one succeeds.

import type { Blob } from '../blob/blob-store.ts'
import { openFolderStore, type FolderBlobStore } from '../blob/folder-store.ts'
import { VarveError } from '../base/errors.ts'
import type { Env } from '../base/env.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { PowerCut, SimulatedMachine } from './simulated-env.ts'

const FOLDER = '/data/index'

export type BlobSimulation = {
  readonly firstSeed: number
  readonly seedCount: number
}

export type BlobCounters = {
  seeds: number
  puts: number
  swaps: number
  lostRaces: number
  powerCuts: number
  faults: number
}

export async function simulateBlobStore(options: BlobSimulation): Promise<BlobCounters> {
  const counters: BlobCounters = { seeds: 0, puts: 0, swaps: 0, lostRaces: 0, powerCuts: 0, faults: 0 }
  for (let index = 0; index < options.seedCount; index++) {
    const seed = options.firstSeed + index
    const run = new BlobRun(seed, counters)
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

class BlobRun {
  readonly machine: SimulatedMachine
  readonly #counters: BlobCounters
  readonly #blobs = new Map<string, Uint8Array>()
  /** Roots that may be there, by text: what was given to a swap. The number counts upwards. */
  #rootNumber = 0
  /** The root must be at least this one. */
  #promisedRoot = 0

  constructor(seed: number, counters: BlobCounters) {
    this.machine = new SimulatedMachine({ seed })
    this.#counters = counters
  }

  async play(): Promise<void> {
    const { machine } = this
    const { random } = machine
    for (let round = 6 + random.below(3); round > 0; round--) {
      if (random.next() < 0.6) machine.cutPowerAt(machine.operationCount + random.below(60))
      else
        machine.failAt(
          machine.operationCount + random.below(40),
          random.pick(['EIO', 'ENOSPC', 'short'] as const),
        )
      // Two processes swap the same root; the loser reads it again.
      await Promise.all([this.#work(machine.startProcess()), this.#work(machine.startProcess())])
      if (machine.isDown) this.#counters.powerCuts++
      else this.#counters.faults++
      if (random.next() < 0.7) machine.restart()
      else machine.clearFaults()
      if (machine.isDown) machine.restart()
      await this.#verify(openFolderStore(machine.startProcess(), FOLDER))
    }
  }

  async #work(env: Env): Promise<void> {
    const store = openFolderStore(env, FOLDER, { openFileCountMax: 3 })
    try {
      for (let count = this.machine.random.below(8); count > 0; count--) {
        await this.#put(store)
        await this.#swap(store)
      }
    } catch (error) {
      const isExpected =
        error instanceof PowerCut || (error instanceof VarveError && /disk-|short-write/.test(error.code))
      if (!isExpected) throw error
    }
  }

  async #put(store: FolderBlobStore): Promise<void> {
    const { random } = this.machine
    const key = `s/${this.#blobs.size}-${random.below(2 ** 31)}`
    const bytes = new Uint8Array(random.pick([1, 700, 3_000])).fill(1 + random.below(255))
    await store.put(key, bytes)
    this.#blobs.set(key, bytes)
    this.#counters.puts++
  }

  async #swap(store: FolderBlobStore): Promise<void> {
    const before = await readRoot(store)
    const beforeNumber = numberOf(before)
    this.#check(beforeNumber)
    const number = ++this.#rootNumber
    const bytes = new Uint8Array(900).fill(number & 255)
    new DataView(bytes.buffer).setUint32(0, number, true)
    if (await store.swap('root', before, bytes)) {
      this.#promisedRoot = Math.max(this.#promisedRoot, number)
      this.#counters.swaps++
    } else {
      this.#counters.lostRaces++
    }
  }

  async #verify(store: FolderBlobStore): Promise<void> {
    for (const [key, bytes] of this.#blobs) {
      using blob = await store.open(key)
      check(Buffer.compare(readAll(blob), bytes) === 0, `blob ${key} is not what was put`)
    }
    this.#check(numberOf(await readRoot(store)))
  }

  #check(number: number): void {
    check(number >= this.#promisedRoot, `root ${this.#promisedRoot} was swapped in, root ${number} is there`)
    check(number <= this.#rootNumber, `root ${number} was never given to a swap`)
  }
}

async function readRoot(store: FolderBlobStore): Promise<Uint8Array | undefined> {
  try {
    using blob = await store.open('root')
    return readAll(blob)
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/blob-missing') return undefined
    throw error
  }
}

function readAll(blob: Blob): Uint8Array {
  return blob.read(0, blob.byteCount)
}

function numberOf(root: Uint8Array | undefined): number {
  if (root === undefined) return 0
  const number = new DataView(root.buffer).getUint32(0, true)
  check(
    root.byteLength === 900 && root.subarray(4).every((byte) => byte === (number & 255)),
    'the root is whole',
  )
  return number
}
