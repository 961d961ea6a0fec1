// The log as its one writer has it: one write and one sync per frame, nothing else on the way.
//
// I7: `append` resolves after the sync, after the look at the fence (recovery.ts) and after the position was
// published. Any failure between poisons the handle: what reached the disk is unknown until it is opened again.

import { assert } from '../base/assert.ts'
import type { Env, File, FileLock, TakeOver } from '../base/env.ts'
import { makeDurableFolder } from '../base/folders.ts'
import { isPlanted } from '../base/planted.ts'
import type { T } from '../fact/attribute.ts'
import {
  createFile,
  fillAhead,
  removeSpares,
  SpareFile,
  type CurrentFile,
  type LogLimits,
} from './current-file.ts'
import { frameTooLarge, logClosed, logPoisoned, writerFenced } from './errors.ts'
import { FrameEncoder, FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES_MAX, hashFrame } from './frame.ts'
import { FrameReader, partOf } from './frame-reader.ts'
import { fileName, FRAMES_START, type FileHeader } from './log-file.ts'
import type { LogPart } from './log-folder.ts'
import { machineName, positionName, PositionWriter } from './position.ts'
import { claimEpoch, epochPath, recoverLog, type Recovered } from './recovery.ts'
import { sealFile } from './sealed-file.ts'
import { sealInThread } from './seal-thread.ts'
import type { Frame, WritableLog } from './transaction-log.ts'
import { Waiters } from './waiters.ts'

export type WriteOptions = {
  readonly takeOver: TakeOver
  readonly limits: LogLimits
  readonly isSealedInThread: boolean
}

/** Takes the log over: lock, epoch, recovery, a new file. */
export async function openForWriting(env: Env, folder: string, options: WriteOptions): Promise<WritingLog> {
  const { files } = env
  await makeDurableFolder(env, folder)
  const lock = await files.lock(`${folder}/lock`, { takeOver: options.takeOver })
  try {
    const epoch = await claimEpoch(env, folder)
    const recovered = await recoverLog(env, folder)
    const { lastT, lastHash, previous } = recovered
    const header = { firstT: lastT + 1, epoch, previous, previousHash: lastHash, ...marksOf(env) }
    const current = await createFile(env, folder, header, options.limits)
    for (const path of recovered.empty) files.remove(path)
    removeSpares(env, folder)
    return new WritingLog({ env, folder, lock, options, recovered, current })
  } catch (error) {
    await lock[Symbol.asyncDispose]()
    throw error
  }
}

type Opened = {
  readonly env: Env
  readonly folder: string
  readonly lock: FileLock
  readonly options: WriteOptions
  readonly recovered: Recovered
  readonly current: CurrentFile
}

export class WritingLog implements WritableLog {
  readonly epoch: number
  readonly #env: Env
  readonly #folder: string
  readonly #lock: FileLock
  readonly #limits: LogLimits
  readonly #seal: typeof sealFile
  readonly #frames: FrameReader
  readonly #waiters = new Waiters()
  readonly #fence: string
  readonly #positionFile: File
  readonly #position: PositionWriter
  readonly #encoder = new FrameEncoder()
  readonly #spare: SpareFile
  #parts: readonly LogPart[]
  #current: CurrentFile
  #lastT: T
  #lastHash: Uint8Array
  #failure: { readonly cause: unknown } | undefined
  #isAppending = false
  #isClosed = false
  #sealing: Promise<void> = Promise.resolve()

  constructor({ env, folder, lock, options, recovered, current }: Opened) {
    this.epoch = current.header.epoch
    this.#env = env
    this.#folder = folder
    this.#lock = lock
    this.#limits = options.limits
    this.#seal = options.isSealedInThread ? sealInThread : sealFile
    this.#frames = new FrameReader(env)
    this.#fence = epochPath(folder, this.epoch)
    this.#lastT = recovered.lastT
    this.#lastHash = recovered.lastHash
    this.#current = current
    this.#spare = new SpareFile(env, folder, this.epoch)
    this.#parts = [...recovered.parts, partOfFile(folder, current.header)]
    this.#positionFile = env.files.open(`${folder}/${positionName(this.epoch)}`, 'replace')
    this.#position = new PositionWriter(this.#positionFile)
    this.#position.write(this.#lastT, current.header)
    for (const name of env.files.list(folder)) {
      if (name.startsWith('position-') && name < positionName(this.epoch))
        env.files.remove(`${folder}/${name}`)
    }
    for (const part of recovered.parts) this.#sealLater(part)
  }

  lastT(): T {
    return this.#lastT
  }

  *read(fromT: T, toT: T): Generator<Frame> {
    let nextT = Math.max(0, fromT)
    const limitT = Math.min(toT, this.#lastT + 1)
    while (nextT < limitT) {
      const part = this.#partOf(nextT)
      for (const frame of this.#frames.read(part, nextT, limitT)) {
        yield frame
        nextT = frame.lastT + 1
        // Sealing may have replaced the file meanwhile; the open one stays readable.
      }
    }
  }

  /** A writer that took over may have sealed any file of this one: the same frames stand in the sealed one. */
  #partOf(t: T): LogPart {
    const part = partOf(this.#parts, t)
    assert(part !== undefined, 'every t of the log stands in a file')
    if (part.kind === 'sealed' || this.#env.files.stat(part.path) !== undefined) return part
    return { ...part, kind: 'sealed', path: `${this.#folder}/${fileName(part.id, 'sealed')}` }
  }

  async append(frame: Frame): Promise<void> {
    if (this.#failure !== undefined) throw logPoisoned(this.#folder, this.#failure.cause)
    if (this.#isClosed) throw logClosed(this.#folder)
    assert(!this.#isAppending, 'frames are appended one at a time')
    assert(frame.firstT === this.#lastT + 1 && frame.lastT >= frame.firstT, 'a frame follows the last t')
    assert(frame.epoch === this.epoch, 'a frame carries the epoch of its writer')
    const { byteLength } = frame.payload
    if (byteLength > FRAME_PAYLOAD_BYTES_MAX) throw frameTooLarge(byteLength, FRAME_PAYLOAD_BYTES_MAX)
    this.#isAppending = true
    try {
      const byteCount = FRAME_HEADER_BYTES + byteLength
      const isFull = this.#current.end + byteCount > this.#limits.fileBytesMax
      if (isFull && this.#current.end > FRAMES_START) await this.#rollOver()
      const bytes = this.#write(frame, byteCount)
      const synced = this.#current.file.sync()
      // Computed while the disk works.
      const hash = hashFrame(bytes)
      await synced
      this.#checkFence()
      this.#publish(frame, byteCount, hash)
    } catch (cause) {
      this.#failure = { cause }
      // A successor tidies up: whatever failed then, that is why.
      throw this.isFenced() ? writerFenced(this.#folder, this.epoch) : cause
    } finally {
      this.#isAppending = false
    }
    this.#waiters.wake(this.#lastT)
  }

  waitFor(t: T, signal?: AbortSignal): Promise<T> {
    if (this.#isClosed) return Promise.reject(logClosed(this.#folder))
    return this.#waiters.add(t, this.#lastT, signal)
  }

  /** Closes the files and gives the lock back. A log that did not fail is left without zeros behind its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#waiters.rejectAll(logClosed(this.#folder))
    try {
      await this.#sealing
      await this.#spare.remove()
      if (this.#failure === undefined && !this.#isAppending) await this.#finish()
    } finally {
      this.#current.file.close()
      this.#positionFile.close()
      await this.#lock[Symbol.asyncDispose]()
    }
  }

  /** Puts the frame behind those before it. */
  #write(frame: Frame, byteCount: number): Uint8Array {
    const current = this.#current
    const bytes = this.#encoder.encode(frame, current.header.salt, this.#lastHash)
    current.file.write(current.end, bytes)
    fillAhead(current, current.end + byteCount, this.#limits)
    if (isPlanted('log-publish-before-sync')) this.#position.write(frame.lastT, current.header)
    return bytes
  }

  /** Shows the frame, which is durable, to readers, and goes on behind it. */
  #publish(frame: Frame, byteCount: number, hash: Uint8Array): void {
    const current = this.#current
    this.#position.write(frame.lastT, current.header)
    current.end += byteCount
    if (current.end > this.#limits.fileBytesMax / 2) this.#spare.prepare(this.#limits)
    this.#lastHash = hash
    this.#lastT = frame.lastT
  }

  #checkFence(): void {
    const { files } = this.#env
    if (!files.exists(this.#fence) && files.stat(this.#fence) === undefined)
      throw writerFenced(this.#folder, this.epoch)
  }

  isFenced(): boolean {
    try {
      return this.#env.files.stat(this.#fence) === undefined
    } catch {
      return false
    }
  }

  async #rollOver(): Promise<void> {
    const { header: before, end, file } = this.#current
    const { firstT, epoch } = before
    const header = {
      firstT: this.#lastT + 1,
      epoch,
      previous: { firstT, epoch, end },
      previousHash: this.#lastHash,
      ...marksOf(this.#env),
    }
    const next =
      (await this.#spare.take(this.#folder, header)) ??
      (await createFile(this.#env, this.#folder, header, this.#limits))
    this.#current = next
    file.close()
    const done: LogPart = { ...partOfFile(this.#folder, before), end }
    this.#parts = [...this.#parts.slice(0, -1), done, partOfFile(this.#folder, header)]
    this.#sealLater(done)
  }

  // One file after another, beside the writing. If it fails, the file stays as it is and the next opening tries
  // again; the frames are durable either way.
  #sealLater(part: LogPart): void {
    if (part.kind === 'sealed' || part.end === undefined) return
    const { id, header, end } = part
    this.#sealing = this.#sealing
      .then(async () => {
        await this.#seal(this.#env, this.#folder, header, end)
        const sealed = { ...part, kind: 'sealed', path: `${this.#folder}/${fileName(id, 'sealed')}` } as const
        this.#parts = this.#parts.map((other) => (other === part ? sealed : other))
        this.#frames.keepOnly(this.#parts)
        this.#env.files.remove(part.path)
      })
      .catch(() => undefined)
  }

  // Nothing was in flight, so `end` is also the end that a successor, if there is one already, has recorded.
  async #finish(): Promise<void> {
    const { file, end, header } = this.#current
    if (end === FRAMES_START) {
      this.#env.files.remove(`${this.#folder}/${fileName(header, 'log')}`)
    } else {
      file.truncate(end)
      await file.sync()
    }
    await this.#positionFile.sync()
    await this.#env.files.syncFolder(this.#folder)
  }
}

function partOfFile(folder: string, header: FileHeader): LogPart {
  const { firstT, epoch } = header
  const path = `${folder}/${fileName(header, 'log')}`
  return { id: { firstT, epoch }, kind: 'log', path, header, end: undefined }
}

function marksOf(env: Env): Pick<FileHeader, 'salt' | 'machine'> {
  const { host, bootId } = env.processes
  return { salt: Math.floor(env.random.next() * 2 ** 32), machine: machineName(host, bootId()) }
}
