// The log as a reader sees it who follows a writer in another process: no lock, nothing sent, only files read.
//
// What it may trust (I7: nothing that is not durable):
// - Files before the last: a new file is made only after everything before it was synced.
// - In the last file, up to the published position. It is written after the sync and before the acknowledgement,
//   and it is in the page cache that reader and writer share, so whatever was acknowledged is within it.
// - If the same machine was started anew since: every whole frame, since all that is read now came from the disk.
//   (The position need not have reached it.)
// - If the writer ran on another machine or left no position: also every frame but the last, since a frame is
//   written only after the one before it was synced.

import type { Env, File } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { logClosed, logCorrupt } from './errors.ts'
import { FrameReader, partOf } from './frame-reader.ts'
import { listLogFolder, openIfThere, readLogFolder, type LogPart } from './log-folder.ts'
import { readTail } from './log-file.ts'
import { machineName, positionName, readPosition, type Position } from './position.ts'
import { readSealedEnd } from './sealed-file.ts'
import type { Frame, TransactionLog } from './transaction-log.ts'
import { assert } from '../base/assert.ts'

/** A follower looks again after this long, and after twice as long each time it found nothing. */
const POLL_MS_MIN = 1
const POLL_MS_MAX = 20
/** Files may be sealed or removed while they are read; the folder is then read again, this often in a row. */
const RELOAD_COUNT_MAX = 8

export class ReadingLog implements TransactionLog {
  readonly #env: Env
  readonly #folder: string
  readonly #frames: FrameReader
  readonly #closing = new AbortController()
  #parts: readonly LogPart[] = []
  #positionFile: File | undefined
  #lastT: T = -1

  constructor(env: Env, folder: string) {
    this.#env = env
    this.#folder = folder
    this.#frames = new FrameReader(env)
    this.#reload()
  }

  lastT(): T {
    this.#refresh()
    return this.#lastT
  }

  *read(fromT: T, toT: T): Generator<Frame> {
    const limitT = Math.min(toT, this.lastT() + 1)
    let nextT = Math.max(0, fromT)
    for (let reloadCount = 0; nextT < limitT;) {
      const part = partOf(this.#parts, nextT)
      assert(part !== undefined, 'a published t stands in a file')
      try {
        for (const frame of this.#frames.read(part, nextT, limitT)) {
          yield frame
          nextT = frame.lastT + 1
          reloadCount = 0
        }
        if (nextT < limitT && partOf(this.#parts, nextT) === part) {
          throw logCorrupt(part.path, part.end ?? 0, nextT, 'frames that were published are missing')
        }
      } catch (error) {
        if (!isFileMissing(error) || ++reloadCount > RELOAD_COUNT_MAX) throw error
        this.#reload()
      }
    }
  }

  append(): Promise<void> {
    assert(false, 'nothing is appended to a log that was opened for reading')
  }

  async waitFor(t: T, signal?: AbortSignal): Promise<T> {
    const { signal: closing } = this.#closing
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing])
    for (let pauseMs = POLL_MS_MIN; ; pauseMs = Math.min(2 * pauseMs, POLL_MS_MAX)) {
      either.throwIfAborted()
      const lastT = this.lastT()
      if (lastT >= t) return lastT
      await this.#env.timers.sleep(pauseMs, either)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(logClosed(this.#folder))
    this.#positionFile?.close()
    this.#positionFile = undefined
  }

  #refresh(): void {
    if (this.#closing.signal.aborted) return
    const file = this.#positionFile
    // A new writer removes the position of the one before it.
    if (file === undefined || this.#env.files.stat(file.path) === undefined) return this.#reload()
    const position = readPosition(file)
    if (position === undefined || position.lastT <= this.#lastT) return
    const tail = this.#parts.at(-1)?.id
    if (tail?.firstT !== position.file.firstT || tail.epoch !== position.file.epoch) return this.#reload()
    this.#lastT = position.lastT
  }

  #reload(): void {
    for (let attempt = 0; ; attempt++) {
      try {
        // Position first: the folder read after it holds at least the files that the position speaks of.
        const position = this.#openPosition()
        const { parts } = readLogFolder(this.#env, this.#folder)
        this.#lastT = Math.max(this.#lastT, publishedT(this.#env, parts, position))
        this.#parts = parts
        this.#frames.keepOnly(parts)
        return
      } catch (error) {
        // A writer may roll over, seal or take over meanwhile. What is really damaged stays so.
        if (attempt >= RELOAD_COUNT_MAX) throw error
      }
    }
  }

  #openPosition(): Position | undefined {
    this.#positionFile?.close()
    this.#positionFile = undefined
    const { positionEpochs } = listLogFolder(this.#env, this.#folder)
    const epoch = Math.max(0, ...positionEpochs)
    if (epoch === 0) return undefined
    this.#positionFile = openIfThere(this.#env, `${this.#folder}/${positionName(epoch)}`)
    return this.#positionFile && readPosition(this.#positionFile)
  }
}

/** The last t that may be shown, by the rules above. */
export function publishedT(env: Env, parts: readonly LogPart[], position: Position | undefined): T {
  const last = parts.at(-1)
  if (last === undefined) return -1
  using file = env.files.open(last.path, 'read')
  if (last.kind === 'sealed') return readSealedEnd(file).lastT
  const floorT = Math.max(last.header.firstT - 1, position?.lastT ?? -1)
  const { host, bootId } = env.processes
  const machine = machineName(host, bootId())
  const isIdentified = bootId() !== 'unknown'
  const isSameRun = isIdentified && last.header.machine === machine
  if (isSameRun && position !== undefined) return floorT
  const tail = readTail(file, last.header)
  const isRestarted = isIdentified && !isSameRun && last.header.machine.startsWith(`${host}\n`)
  return Math.max(floorT, isRestarted ? tail.lastT : tail.provenT)
}

function isFileMissing(error: unknown): boolean {
  return error instanceof VarveError && error.code === 'varve.error/file-missing'
}
