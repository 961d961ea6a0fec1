// The published position: the last t that a writer knows to be synced. It is written after the sync and before
// the acknowledgement, so it is never ahead of the disk; it need not be synced itself, because it is only
// believed while the page cache that holds it lives (see `publishedT` in reading-log.ts).
//
// One file per epoch, `position-00000007`, so that a replaced writer that wakes up late cannot move the position
// of its successor back. Two slots of 32 bytes in sectors of their own, written in turn: a reader that meets a
// half-written slot takes the other.
//
//   0  4  "VPOS"                  8  8  last t + 1
//   4  4  CRC-32 of bytes 8 to 31
//  16  8  first t, 24  4  epoch of the file in which the last frame stands, 28  4  zeros

import { crc32 } from '../base/checksum.ts'
import type { File } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { getCount, setCount, viewOf } from './frame.ts'
import type { FileId } from './log-file.ts'

const MAGIC = 0x534f5056
const SLOT_BYTES = 32
const SLOT_OFFSETS = [0, 512] as const
export const POSITION_FILE_BYTES = 1024
const NAME = /^position-(\d{8})$/

export type Position = {
  readonly lastT: T
  readonly file: FileId
}

export function positionName(epoch: number): string {
  return `position-${String(epoch).padStart(8, '0')}`
}

/** The epoch whose position the file holds, undefined for other files. */
export function parsePositionName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Names this run of this machine. */
export function machineName(host: string, bootId: string): string {
  return `${host}\n${bootId}`
}

/** Writes positions into slots in turn. */
export class PositionWriter {
  readonly #file: File
  readonly #bytes = new Uint8Array(SLOT_BYTES)
  readonly #view = viewOf(this.#bytes)
  /** What the checksum is about. */
  readonly #content = this.#bytes.subarray(8)
  #slot = 0

  constructor(file: File) {
    this.#file = file
    this.#view.setUint32(0, MAGIC, true)
    // Room for both slots, so that no later write needs space on the disk.
    file.write(0, new Uint8Array(POSITION_FILE_BYTES))
  }

  write(lastT: T, file: FileId): void {
    setCount(this.#view, 8, lastT + 1)
    setCount(this.#view, 16, file.firstT)
    this.#view.setUint32(24, file.epoch, true)
    this.#view.setUint32(4, crc32(this.#content), true)
    this.#file.write(SLOT_OFFSETS[this.#slot] ?? 0, this.#bytes)
    this.#slot = 1 - this.#slot
  }
}

const scratch = new Uint8Array(POSITION_FILE_BYTES)

/** The furthest whole position in the file, undefined if there is none. */
export function readPosition(file: File): Position | undefined {
  const byteCount = file.read(0, scratch)
  let best: Position | undefined
  for (const offset of SLOT_OFFSETS) {
    if (offset + SLOT_BYTES > byteCount) continue
    const position = decodeSlot(scratch.subarray(offset, offset + SLOT_BYTES))
    if (position !== undefined && (best === undefined || position.lastT > best.lastT)) best = position
  }
  return best
}

function decodeSlot(bytes: Uint8Array): Position | undefined {
  const view = viewOf(bytes)
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== crc32(bytes.subarray(8)))
    return undefined
  return {
    // Stored one higher, so that the −1 of an empty log needs no sign.
    lastT: getCount(view, 8) - 1,
    file: { firstT: getCount(view, 16), epoch: view.getUint32(24, true) },
  }
}
