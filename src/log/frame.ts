// One frame as bytes. All numbers are little-endian.
//
//   0   4  "VFR1"                          24  4  epoch
//   4   4  bytes of payload                28  4  CRC-32 of the payload, begun with the file's salt
//   8   8  first t                         32 32  SHA-256 of the whole frame before (zeros before the first)
//  16   8  last t                          64  4  CRC-32 of bytes 0 to 63, begun with the file's salt
//  68   …  payload
//
// The salt is random per file. So bytes that a user stores, and that happen to stand where a torn frame is
// searched for successors, cannot be made to look like a frame.

import { assert } from '../base/assert.ts'
import { crc32, sha256 } from '../base/checksum.ts'
import { isPlanted } from '../base/planted.ts'
import type { Frame } from './transaction-log.ts'

export const FRAME_HEADER_BYTES = 68
export const HASH_BYTES = 32
/** Bound on one frame's payload; a transaction larger than this is refused. */
export const FRAME_PAYLOAD_BYTES_MAX = 1 << 29
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES)
export const FRAME_MAGIC: Uint8Array = Uint8Array.of(0x56, 0x46, 0x52, 0x31)

const MAGIC = 0x31524656
const PREVIOUS_HASH = 32
const HEADER_CHECKSUM = 64

export type FrameHeader = {
  readonly payloadBytes: number
  readonly firstT: number
  readonly lastT: number
  readonly epoch: number
  readonly payloadChecksum: number
  readonly previousHash: Uint8Array
}

/** The array that frames are written in is kept up to this size; a larger frame takes one of its own. */
const SCRATCH_BYTES_MAX = 1 << 20
const SCRATCH_BYTES_MIN = 4_096

/** An array for a frame, and the views through which its header is written: made once, since every commit needs them. */
class Scratch {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** What the checksum of the header is about. */
  readonly header: Uint8Array

  constructor(byteCount: number) {
    this.bytes = new Uint8Array(byteCount)
    this.view = viewOf(this.bytes)
    this.header = this.bytes.subarray(0, HEADER_CHECKSUM)
  }
}

/** Writes one frame after another, in the same place. */
export class FrameEncoder {
  #scratch = new Scratch(SCRATCH_BYTES_MIN)

  /** The frame as it stands in a file; valid until the next one is encoded. */
  encode({ firstT, lastT, epoch, payload }: Frame, salt: number, previousHash: Uint8Array): Uint8Array {
    assert(previousHash.byteLength === HASH_BYTES, 'a frame follows a hash')
    const byteCount = FRAME_HEADER_BYTES + payload.byteLength
    const { bytes, view, header } = this.#room(byteCount)
    view.setUint32(0, MAGIC, true)
    view.setUint32(4, payload.byteLength, true)
    setCount(view, 8, firstT)
    setCount(view, 16, lastT)
    view.setUint32(24, epoch, true)
    view.setUint32(28, crc32(payload, salt), true)
    bytes.set(previousHash, PREVIOUS_HASH)
    view.setUint32(HEADER_CHECKSUM, crc32(header, salt), true)
    bytes.set(payload, FRAME_HEADER_BYTES)
    return bytes.subarray(0, byteCount)
  }

  #room(byteCount: number): Scratch {
    if (byteCount > SCRATCH_BYTES_MAX) return new Scratch(byteCount)
    if (byteCount > this.#scratch.bytes.byteLength) {
      this.#scratch = new Scratch(Math.min(2 * byteCount, SCRATCH_BYTES_MAX))
    }
    return this.#scratch
  }
}

/** The header at the beginning of `bytes`, or undefined if there is no whole, undamaged one. */
export function decodeFrameHeader(bytes: Uint8Array, salt: number): FrameHeader | undefined {
  if (bytes.byteLength < FRAME_HEADER_BYTES) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(0, true) !== MAGIC) return undefined
  if (view.getUint32(HEADER_CHECKSUM, true) !== crc32(bytes.subarray(0, HEADER_CHECKSUM), salt))
    return undefined
  return {
    payloadBytes: view.getUint32(4, true),
    firstT: getCount(view, 8),
    lastT: getCount(view, 16),
    epoch: view.getUint32(24, true),
    payloadChecksum: view.getUint32(28, true),
    previousHash: bytes.slice(PREVIOUS_HASH, PREVIOUS_HASH + HASH_BYTES),
  }
}

export function isPayloadIntact(header: FrameHeader, payload: Uint8Array, salt: number): boolean {
  if (isPlanted('log-take-torn-frames')) return payload.byteLength === header.payloadBytes
  return payload.byteLength === header.payloadBytes && crc32(payload, salt) === header.payloadChecksum
}

/** What the next frame carries of this one: the hash of its header and payload. */
export function hashFrame(bytes: Uint8Array): Uint8Array {
  return sha256(bytes)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A whole number below 2^53 in eight bytes. */
export function setCount(view: DataView, at: number, count: number): void {
  view.setUint32(at, count >>> 0, true)
  view.setUint32(at + 4, Math.floor(count / 2 ** 32), true)
}

export function getCount(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}
