// The file that a writer appends to, and the one that will follow. Files are filled with zeros beforehand, so that
// a sync seldom has a new length to record: a young log grows in steps, a busy one has its next file filled
// whole in the background while it uses the current one. A file is never used a second time.

import type { Env, File } from '../base/env.ts'
import { encodeFileHeader, fileName, FRAMES_START, type FileHeader } from './log-file.ts'

export type LogLimits = {
  /** A file of the log is left for a new one when the next frame would not fit. */
  readonly fileBytesMax: number
  /** Zeros are written this far ahead at most; a young file grows by as much as it holds. */
  readonly fillBytesMax: number
  /** Size of a young log's first file. */
  readonly fillBytesMin: number
}

export const LOG_LIMITS: LogLimits = {
  fileBytesMax: 16 << 20,
  fillBytesMax: 1 << 20,
  fillBytesMin: 256 << 10,
}

/** The file that is written now. */
export type CurrentFile = {
  readonly file: File
  readonly header: FileHeader
  /** Where the next frame goes. */
  end: number
  /** How far the file is filled with zeros. */
  filledEnd: number
}

const SPARE = /^spare-\d{8}$/

/** Makes a file. Its header and its name are durable when resolved, before any frame is written. */
export async function createFile(
  env: Env,
  folder: string,
  header: FileHeader,
  limits: LogLimits,
): Promise<CurrentFile> {
  const file = env.files.open(`${folder}/${fileName(header, 'log')}`, 'create')
  try {
    const bytes = new Uint8Array(limits.fillBytesMin)
    bytes.set(encodeFileHeader(header))
    file.write(0, bytes)
    await file.sync()
    await env.files.syncFolder(folder)
  } catch (error) {
    file.close()
    throw error
  }
  return { file, header, end: FRAMES_START, filledEnd: limits.fillBytesMin }
}

/** Writes zeros ahead of `end` if there are none left. */
export function fillAhead(current: CurrentFile, end: number, limits: LogLimits): void {
  if (end <= current.filledEnd) return
  const step = Math.min(current.filledEnd, limits.fillBytesMax)
  current.file.write(end, new Uint8Array(step))
  current.filledEnd = end + step
}

/** A file full of zeros that has no name in the log yet. */
export class SpareFile {
  readonly #env: Env
  readonly #path: string
  #filled: Promise<number> | undefined

  constructor(env: Env, folder: string, epoch: number) {
    this.#env = env
    this.#path = `${folder}/spare-${String(epoch).padStart(8, '0')}`
  }

  /** Begins to fill it, unless that was done. */
  prepare(limits: LogLimits): void {
    // Without a spare file the next one is made as the first was: a failure here is nobody's.
    this.#filled ??= this.#fill(limits).catch(() => 0)
  }

  /** Gives the file a header and its name in the log. Undefined if there is no spare file. */
  async take(folder: string, header: FileHeader): Promise<CurrentFile | undefined> {
    const filledEnd = (await this.#filled) ?? 0
    this.#filled = undefined
    if (filledEnd === 0) return undefined
    const path = `${folder}/${fileName(header, 'log')}`
    {
      using file = this.#env.files.open(this.#path, 'write')
      file.write(0, encodeFileHeader(header))
      await file.sync()
    }
    this.#env.files.rename(this.#path, path)
    await this.#env.files.syncFolder(folder)
    return { file: this.#env.files.open(path, 'write'), header, end: FRAMES_START, filledEnd }
  }

  async remove(): Promise<void> {
    await this.#filled
    this.#env.files.remove(this.#path)
  }

  async #fill(limits: LogLimits): Promise<number> {
    using file = this.#env.files.open(this.#path, 'replace')
    for (let end = 0; end < limits.fileBytesMax; end += limits.fillBytesMax) {
      file.write(end, new Uint8Array(limits.fillBytesMax))
      // Step by step: other syncs of this disk wait behind small ones only.
      await file.sync()
    }
    return file.byteCount()
  }
}

/** Removes spare files that dead or replaced writers left. */
export function removeSpares(env: Env, folder: string): void {
  for (const name of env.files.list(folder)) if (SPARE.test(name)) env.files.remove(`${folder}/${name}`)
}
