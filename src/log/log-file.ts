// One file of the log: its name, its header, and the frames in it.
//
//   000000000000042-00000007.log      first t 42, written in epoch 7; frames from byte 512, then zeros
//   000000000000042-00000007.sealed   the same frames, compressed (sealed-file.ts)
//
//   0   8  "VARVELOG"      16  8  first t          32  8  first t of the file before
//   8   4  version         24  4  epoch            40  8  where the frames of the file before end
//  12   4  salt            28  4  epoch of …       48 32  hash of the last frame before this file
//  80   4  bytes of text   84  …  the writer's host, newline, its boot id       508  4  CRC-32 of bytes 0 to 507
//
// The header says which file was before and where that one ends. So bytes that a replaced writer adds to the
// old file later are nobody's. Headers have a sector of their own: no later write can tear them. The text tells
// readers whether the machine was started anew since.

import { crc32 } from '../base/checksum.ts'
import type { File } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { logCorrupt, logFormatUnknown } from './errors.ts'
import {
  decodeFrameHeader,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  FRAME_PAYLOAD_BYTES_MAX,
  getCount,
  hashFrame,
  HASH_BYTES,
  isPayloadIntact,
  setCount,
  viewOf,
  type FrameHeader,
} from './frame.ts'
import type { Frame } from './transaction-log.ts'

export const LOG_FORMAT_VERSION = 1
export const FRAMES_START = 512
export const FILE_HEADER_BYTES = 512
const TEXT_BYTES_MAX = 400
const CHECKSUM = 508
const MAGIC = new TextEncoder().encode('VARVELOG')
/** Frames are read in pieces of this size; a larger frame takes a piece of its own. */
const PIECE_BYTES = 256 * 1024

/** Which file of the log: names are unique, since an epoch never makes two files that begin at the same t. */
export type FileId = { readonly firstT: T; readonly epoch: number }

export type FileHeader = FileId & {
  readonly salt: number
  /** Undefined in the first file of a log. */
  readonly previous: (FileId & { readonly end: number }) | undefined
  /** Hash of the last frame before this file; zeros in the first file. */
  readonly previousHash: Uint8Array
  /** On which run of which machine the file was written: `machineName`. */
  readonly machine: string
}

const NAME = /^(\d{15})-(\d{8})\.(log|sealed)$/

export function fileName({ firstT, epoch }: FileId, kind: 'log' | 'sealed'): string {
  return `${String(firstT).padStart(15, '0')}-${String(epoch).padStart(8, '0')}.${kind}`
}

/** Undefined for files that are not the log's. */
export function parseFileName(name: string): (FileId & { readonly kind: 'log' | 'sealed' }) | undefined {
  const [, firstT, epoch, kind] = NAME.exec(name) ?? []
  if (kind !== 'log' && kind !== 'sealed') return undefined
  return { firstT: Number(firstT), epoch: Number(epoch), kind }
}

// A file before none has an epoch, 0, that no writer ever has.
export function encodeFileHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(FRAMES_START)
  const view = viewOf(bytes)
  bytes.set(MAGIC)
  view.setUint32(8, LOG_FORMAT_VERSION, true)
  view.setUint32(12, header.salt, true)
  setCount(view, 16, header.firstT)
  view.setUint32(24, header.epoch, true)
  view.setUint32(28, header.previous?.epoch ?? 0, true)
  setCount(view, 32, header.previous?.firstT ?? 0)
  setCount(view, 40, header.previous?.end ?? 0)
  bytes.set(header.previousHash, 48)
  const text = new TextEncoder().encode(header.machine).subarray(0, TEXT_BYTES_MAX)
  view.setUint32(80, text.byteLength, true)
  bytes.set(text, 84)
  stampFileHeader(bytes, MAGIC)
  return bytes
}

/** Puts the magic into a header and its checksum behind it. */
export function stampFileHeader(bytes: Uint8Array, magic: Uint8Array): void {
  bytes.set(magic)
  viewOf(bytes).setUint32(CHECKSUM, crc32(bytes.subarray(0, CHECKSUM)), true)
}

/** Undefined if the header is not whole. Throws `varve.error/log-format-unknown`. */
export function decodeFileHeader(bytes: Uint8Array, path: string, magic = MAGIC): FileHeader | undefined {
  if (bytes.byteLength < FILE_HEADER_BYTES || !magic.every((byte, index) => bytes[index] === byte)) {
    return undefined
  }
  const view = viewOf(bytes)
  if (view.getUint32(CHECKSUM, true) !== crc32(bytes.subarray(0, CHECKSUM))) return undefined
  const version = view.getUint32(8, true)
  if (version !== LOG_FORMAT_VERSION) throw logFormatUnknown(path, version, LOG_FORMAT_VERSION)
  const previousEpoch = view.getUint32(28, true)
  return {
    salt: view.getUint32(12, true),
    firstT: getCount(view, 16),
    epoch: view.getUint32(24, true),
    previous:
      previousEpoch === 0
        ? undefined
        : { firstT: getCount(view, 32), epoch: previousEpoch, end: getCount(view, 40) },
    previousHash: bytes.slice(48, 48 + HASH_BYTES),
    machine: new TextDecoder().decode(bytes.subarray(84, 84 + view.getUint32(80, true))),
  }
}

export function readFileHeader(file: File): FileHeader | undefined {
  const bytes = new Uint8Array(FILE_HEADER_BYTES)
  return file.read(0, bytes) < FILE_HEADER_BYTES ? undefined : decodeFileHeader(bytes, file.path)
}

/** A frame where it stands. */
export type PlacedFrame = {
  readonly header: FrameHeader
  readonly offset: number
  readonly byteCount: number
  /** Header and payload. */
  readonly bytes: Uint8Array
}

/** Where a walk over frames begins: the offset of the frame that begins with `nextT`. */
export type FramePlace = { readonly offset: number; readonly nextT: T }

/**
 * Whole, undamaged frames one after another, each following the t of the one before. Ends where there is none:
 * at the end of what was written, or at damage; the caller decides which. The chain of hashes is not checked.
 */
export function* walkFrames(file: File, salt: number, from: FramePlace, end: number): Generator<PlacedFrame> {
  let { offset, nextT } = from
  let piece = new Uint8Array(0)
  let pieceOffset = offset
  const has = (length: number): boolean => offset + length <= pieceOffset + piece.byteLength
  const fetch = (length: number): boolean => {
    if (has(length)) return true
    if (offset + length > end) return false
    // A fresh array each time: payloads of earlier frames are views that others may still hold.
    const wanted = new Uint8Array(Math.min(Math.max(length, PIECE_BYTES), end - offset))
    // What was read of it already is not read again.
    const known = piece.subarray(offset - pieceOffset)
    wanted.set(known)
    const added = file.read(offset + known.byteLength, wanted.subarray(known.byteLength))
    piece = wanted.subarray(0, known.byteLength + added)
    pieceOffset = offset
    return has(length)
  }
  for (;;) {
    if (!fetch(FRAME_HEADER_BYTES)) return
    const header = decodeFrameHeader(piece.subarray(offset - pieceOffset), salt)
    if (header === undefined || header.firstT !== nextT || header.lastT < header.firstT) return
    if (header.payloadBytes > FRAME_PAYLOAD_BYTES_MAX) return
    const byteCount = FRAME_HEADER_BYTES + header.payloadBytes
    if (!fetch(byteCount)) return
    const bytes = piece.subarray(offset - pieceOffset, offset - pieceOffset + byteCount)
    if (!isPayloadIntact(header, bytes.subarray(FRAME_HEADER_BYTES), salt)) return
    yield { header, offset, byteCount, bytes }
    offset += byteCount
    nextT = header.lastT + 1
  }
}

export function frameOf({ header, bytes }: PlacedFrame): Frame {
  const { firstT, lastT, epoch } = header
  return { firstT, lastT, epoch, payload: bytes.subarray(FRAME_HEADER_BYTES) }
}

/** What is in a file whose end is not known: the tail of the log. */
export type Tail = {
  /** Where the next frame would stand. */
  readonly end: number
  readonly lastT: T
  readonly lastHash: Uint8Array
  readonly lastFrame: PlacedFrame | undefined
  /** The t before the last frame, which only proves itself by the frame after it. */
  readonly provenT: T
}

/**
 * Walks a file of the log with its chain of hashes, to the last whole frame. Throws `varve.error/log-corrupt` if
 * the chain breaks or if a whole frame stands behind the place where it ends. `limit` is the end of a file that
 * is not the last; what stands behind that is nobody's.
 */
export function readTail(file: File, header: FileHeader, limit = Infinity): Tail {
  const fileEnd = Math.min(limit, file.byteCount())
  let tail: Tail = {
    end: FRAMES_START,
    lastT: header.firstT - 1,
    lastHash: header.previousHash,
    lastFrame: undefined,
    provenT: header.firstT - 1,
  }
  const start = { offset: FRAMES_START, nextT: header.firstT }
  for (const frame of walkFrames(file, header.salt, start, fileEnd)) {
    checkChain(file.path, frame, tail.lastHash)
    tail = {
      end: frame.offset + frame.byteCount,
      lastT: frame.header.lastT,
      lastHash: hashFrame(frame.bytes),
      lastFrame: frame,
      provenT: tail.lastT,
    }
  }
  refuseFrameAfter(file, header, tail, fileEnd)
  return tail
}

/** Throws if the frame does not carry the hash of the frame before it. */
export function checkChain(path: string, { header, offset }: PlacedFrame, previousHash: Uint8Array): void {
  if (!header.previousHash.every((byte, index) => byte === previousHash[index])) {
    throw logCorrupt(path, offset, header.firstT, 'the frame does not follow the one before it')
  }
}

// A frame is written only after the one before it was synced. So a whole frame behind bytes that are none means
// that durable bytes were damaged; a torn tail has nothing whole behind it.
function refuseFrameAfter(file: File, { salt }: FileHeader, tail: Tail, fileEnd: number): void {
  const { end, lastT } = tail
  const rest = new Uint8Array(Math.max(0, fileEnd - end))
  const bytes = Buffer.from(rest.buffer, 0, file.read(end, rest))
  for (let at = bytes.indexOf(FRAME_MAGIC); at >= 0; at = bytes.indexOf(FRAME_MAGIC, at + 1)) {
    const header = decodeFrameHeader(bytes.subarray(at), salt)
    if (header === undefined) continue
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + header.payloadBytes)
    // At the very end itself stands the torn frame: its header may have reached the disk before its payload.
    if (at === 0 && !isPayloadIntact(header, payload, salt)) continue
    throw logCorrupt(file.path, end, lastT + 1, `whole frames stand behind it, from byte ${end + at}`)
  }
}
