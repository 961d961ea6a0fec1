// The ceiling of durable writing: write and fdatasync of frames of one size into a file that is full of zeros,
// with nothing else on the way.

import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Waits, waitsOf } from './callers.ts'

const FILE_BYTES = 16 << 20

/** One caller for `ms`, with calls that block: the fastest that this disk is. */
export function runRawSync(folder: string, frameBytes: number, ms: number): Waits {
  const path = join(folder, 'raw')
  const file = openSync(path, 'w+')
  try {
    writeSync(file, new Uint8Array(FILE_BYTES), 0, FILE_BYTES, 0)
    fsyncSync(file)
    const frame = new Uint8Array(frameBytes).fill(7)
    const waits: number[] = []
    const fromMs = performance.now()
    for (let at = 0; performance.now() - fromMs < ms; at = (at + frameBytes) % (FILE_BYTES - frameBytes)) {
      const calledMs = performance.now()
      writeSync(file, frame, 0, frameBytes, at)
      fdatasyncSync(file)
      waits.push(performance.now() - calledMs)
    }
    return waitsOf(waits, performance.now() - fromMs)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
