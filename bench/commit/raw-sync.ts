// The ceiling of durable writing: write and fdatasync of frames of one size into a file that is full of zeros,
// with calls that block and nothing else on the way.

import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Waits } from './callers.ts'

const FILE_BYTES = 16 << 20

export class RawSync implements Disposable {
  readonly #file: number
  readonly #frame: Uint8Array
  #at = 0

  constructor(path: string, frameBytes: number) {
    this.#file = openSync(path, 'w+')
    this.#frame = new Uint8Array(frameBytes).fill(7)
    writeSync(this.#file, new Uint8Array(FILE_BYTES), 0, FILE_BYTES, 0)
    fsyncSync(this.#file)
  }

  /** One caller for `ms`. */
  run(ms: number, waits: Waits): void {
    const { length } = this.#frame
    const fromMs = performance.now()
    for (let calledMs = fromMs; calledMs - fromMs < ms; calledMs = performance.now()) {
      if (this.#at + length > FILE_BYTES) this.#at = 0
      writeSync(this.#file, this.#frame, 0, length, this.#at)
      fdatasyncSync(this.#file)
      this.#at += length
      waits.add(performance.now() - calledMs)
    }
    waits.addElapsed(performance.now() - fromMs)
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }
}
