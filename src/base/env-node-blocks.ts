// Durable writes that go past the page cache, as whole blocks (Linux: O_DIRECT with O_DSYNC). Where every few bytes
// are synced, that is one call instead of two, without a page to look up, mark and write back.
//
// The bytes around those that are written must be known, since the block is written whole: the last block is kept,
// others are read first. Memory of WebAssembly is what JavaScript has that surely begins at a page.

import * as fs from 'node:fs'

import { systemCode } from './file-errors.ts'

/** A multiple of what every disk wants its writes aligned to. */
const BLOCK_BYTES = 4_096
const MEMORY_PAGES = 1
const MEMORY_PAGE_BYTES = 65_536

declare const WebAssembly: {
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => {
    readonly buffer: ArrayBuffer
  }
}

let shared: Uint8Array | undefined

/** Writes are done when their call returns, so that all files write from the same memory. */
function memory(): Uint8Array {
  shared ??= new Uint8Array(new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES }).buffer)
  return shared
}

export class BlockWriter {
  readonly #file: number
  readonly #direct: number
  readonly #last = new Uint8Array(BLOCK_BYTES)
  /** Where the block stands whose bytes are in `#last`; −1 if they are not known. */
  #lastAt = -1
  /** The file system wants no such writes: it is not asked again. */
  #isRefused = false

  private constructor(file: number, direct: number) {
    this.#file = file
    this.#direct = direct
  }

  /** For the open file `file`; undefined where the system cannot write past the page cache. */
  static open(file: number): BlockWriter | undefined {
    const { O_WRONLY, O_DIRECT, O_DSYNC } = fs.constants
    if (process.platform !== 'linux') return undefined
    try {
      memory()
      // The same file again, whatever its name is by now.
      return new BlockWriter(file, fs.openSync(`/proc/self/fd/${file}`, O_WRONLY | O_DIRECT | O_DSYNC))
    } catch {
      return undefined
    }
  }

  /**
   * Durable when it returns true. False, and nothing is written, if this is not the way for these bytes: too many, or
   * at the end of the file, which no block may move; or if the file system refuses it.
   */
  write(position: number, bytes: Uint8Array): boolean {
    if (this.#isRefused) return false
    const from = position - (position % BLOCK_BYTES)
    const end = position + bytes.byteLength
    const byteCount = Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES - from
    if (byteCount > MEMORY_PAGE_BYTES) return false
    const blocks = memory()
    const lastOffset = byteCount - BLOCK_BYTES
    if (!this.#fetch(blocks, 0, from)) return false
    if (lastOffset > 0 && !this.#fetch(blocks, lastOffset, from + lastOffset)) return false
    blocks.set(bytes, position - from)
    this.forget()
    if (!this.#put(blocks, byteCount, from)) return false
    this.#last.set(blocks.subarray(lastOffset, byteCount))
    this.#lastAt = from + lastOffset
    return true
  }

  /** What was kept of the file is no longer so: it was written to in another way. */
  forget(): void {
    this.#lastAt = -1
  }

  close(): void {
    fs.closeSync(this.#direct)
  }

  /** Puts the block at `position` into `blocks`; false if the file ends in it. */
  #fetch(blocks: Uint8Array, offset: number, position: number): boolean {
    if (position === this.#lastAt) {
      blocks.set(this.#last, offset)
      return true
    }
    return fs.readSync(this.#file, blocks, offset, BLOCK_BYTES, position) === BLOCK_BYTES
  }

  /** A part of them is an error, as the rest would be: it is for the caller to find out which. */
  #put(blocks: Uint8Array, byteCount: number, position: number): boolean {
    try {
      const count = fs.writeSync(this.#direct, blocks, 0, byteCount, position)
      if (count !== byteCount)
        throw Object.assign(new Error(`${count} of ${byteCount} bytes written`), { code: 'EIO' })
      return true
    } catch (cause) {
      this.#isRefused = systemCode(cause) === 'EINVAL'
      if (!this.#isRefused) throw cause
      return false
    }
  }
}
