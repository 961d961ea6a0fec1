// A file of the log that is complete, made small. What can be computed again (hashes, checksums of frames) is
// left out; the payloads are compressed in blocks, each with a checksum. The header is that of the `.log` file
// with another magic, so that the frames can be rebuilt byte by byte and the chain of hashes verified.
//
//   header   512 bytes, "VARVESEA" for "VARVELOG", its checksum accordingly
//   blocks   0 4 bytes stored · 4 4 bytes unpacked · 8 8 first t · 16 8 last t · 24 4 CRC-32 of the stored bytes
//            · 28 4 CRC-32 of bytes 0 to 27 · the stored bytes: zstd
//            unpacked: per frame varint(last t − first t) varint(bytes of payload), then the payloads
//   end      a block with nothing stored: first t and last t of the whole file; then the hash of the last frame

import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'

import { assert } from '../base/assert.ts'
import { crc32 } from '../base/checksum.ts'
import type { Env, File } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { logCorrupt } from './errors.ts'
import {
  FrameEncoder,
  FRAME_HEADER_BYTES,
  getCount,
  hashFrame,
  HASH_BYTES,
  setCount,
  viewOf,
} from './frame.ts'
import {
  checkChain,
  decodeFileHeader,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  fileName,
  FRAMES_START,
  stampFileHeader,
  walkFrames,
  type FileHeader,
} from './log-file.ts'
import type { Frame } from './transaction-log.ts'

const BLOCK_HEADER_BYTES = 32
/** Payload bytes gathered before a block is packed: about a millisecond of work. */
const BLOCK_BYTES = 256 * 1024
const SEALED = new TextEncoder().encode('VARVESEA')

type Block = {
  readonly storedBytes: number
  readonly unpackedBytes: number
  readonly firstT: T
  readonly lastT: T
  readonly checksum: number
}

/**
 * Writes the sealed form of a `.log` file whose frames end at `end`; durable when resolved, so that the caller may
 * remove that file. Done block by block, with turns for others between; every frame and the chain are verified.
 */
export async function sealFile(env: Env, folder: string, header: FileHeader, end: number): Promise<void> {
  const from = `${folder}/${fileName(header, 'log')}`
  const to = `${folder}/${fileName(header, 'sealed')}`
  const temporary = `${to}.tmp`
  {
    using source = env.files.open(from, 'read')
    using target = env.files.open(temporary, 'replace')
    await writeSealed(env, source, target, header, end)
    await target.sync()
  }
  env.files.rename(temporary, to)
  await env.files.syncFolder(folder)
}

async function writeSealed(
  env: Env,
  source: File,
  target: File,
  header: FileHeader,
  end: number,
): Promise<void> {
  target.write(0, sealedHeader(header))
  let position = FRAMES_START
  let hash = header.previousHash
  let lastT = header.firstT - 1
  let offset = FRAMES_START
  let frames: Frame[] = []
  let gatheredBytes = 0
  const flush = (): void => {
    const first = frames[0]
    if (first === undefined) return
    position += writeBlock(target, position, first.firstT, lastT, packFrames(frames))
    frames = []
    gatheredBytes = 0
  }
  for (const placed of walkFrames(source, header.salt, { offset, nextT: header.firstT }, end)) {
    checkChain(source.path, placed, hash)
    hash = hashFrame(placed.bytes)
    lastT = placed.header.lastT
    offset = placed.offset + placed.byteCount
    const payload = placed.bytes.subarray(FRAME_HEADER_BYTES)
    frames.push({ firstT: placed.header.firstT, lastT, epoch: header.epoch, payload })
    gatheredBytes += payload.byteLength
    if (gatheredBytes >= BLOCK_BYTES) {
      flush()
      await env.timers.sleep(0)
    }
  }
  if (offset !== end) throw logCorrupt(source.path, offset, lastT + 1, 'a frame is damaged')
  flush()
  const ending = new Uint8Array(BLOCK_HEADER_BYTES + HASH_BYTES)
  encodeBlock(ending, {
    storedBytes: 0,
    unpackedBytes: 0,
    firstT: header.firstT,
    lastT,
    checksum: crc32(hash),
  })
  ending.set(hash, BLOCK_HEADER_BYTES)
  target.write(position, ending)
}

/** The header of the file whose sealed form this is; undefined if it is damaged. */
export function readSealedHeader(file: File): FileHeader | undefined {
  const bytes = new Uint8Array(FILE_HEADER_BYTES)
  return file.read(0, bytes) < FILE_HEADER_BYTES ? undefined : decodeFileHeader(bytes, file.path, SEALED)
}

function sealedHeader(header: FileHeader): Uint8Array {
  const bytes = encodeFileHeader(header)
  stampFileHeader(bytes, SEALED)
  return bytes
}

/** Frames whose last t is at least `fromT`. Throws `varve.error/log-corrupt` at the first damaged byte. */
export function* readSealedFrames(file: File, header: FileHeader, fromT: T): Generator<Frame> {
  let nextT = header.firstT
  for (let offset = FRAMES_START; ;) {
    const block = readBlock(file, offset)
    if (block === undefined) throw logCorrupt(file.path, offset, nextT, 'the header of a block is damaged')
    if (block.storedBytes === 0) return
    if (block.lastT >= fromT) yield* unpackBlock(file, offset, block, header.epoch, fromT)
    offset += BLOCK_HEADER_BYTES + block.storedBytes
    nextT = block.lastT + 1
  }
}

/** The hash of the last frame, and the last t. */
export function readSealedEnd(file: File): { readonly lastT: T; readonly lastHash: Uint8Array } {
  const offset = file.byteCount() - BLOCK_HEADER_BYTES - HASH_BYTES
  const block = readBlock(file, offset)
  const lastHash = new Uint8Array(HASH_BYTES)
  const isRead = file.read(offset + BLOCK_HEADER_BYTES, lastHash) === HASH_BYTES
  if (block === undefined || block.storedBytes !== 0 || !isRead || crc32(lastHash) !== block.checksum) {
    throw logCorrupt(file.path, Math.max(0, offset), -1, 'the end of the file is damaged')
  }
  return { lastT: block.lastT, lastHash }
}

/** Rebuilds every frame and verifies the chain of hashes up to the recorded end. */
export function verifySealed(
  file: File,
  header: FileHeader,
): { readonly lastT: T; readonly lastHash: Uint8Array } {
  let hash = header.previousHash
  const encoder = new FrameEncoder()
  let lastT = header.firstT - 1
  for (const frame of readSealedFrames(file, header, header.firstT)) {
    hash = hashFrame(encoder.encode(frame, header.salt, hash))
    lastT = frame.lastT
  }
  const end = readSealedEnd(file)
  if (end.lastT !== lastT || !end.lastHash.every((byte, index) => byte === hash[index])) {
    throw logCorrupt(file.path, file.byteCount(), lastT + 1, 'the chain of hashes does not end as recorded')
  }
  return end
}

function packFrames(frames: readonly Frame[]): Uint8Array {
  const sizes: number[] = []
  let payloadBytes = 0
  for (const { firstT, lastT, payload } of frames) {
    pushVarint(sizes, lastT - firstT)
    pushVarint(sizes, payload.byteLength)
    payloadBytes += payload.byteLength
  }
  const head: number[] = []
  pushVarint(head, frames.length)
  const packed = new Uint8Array(head.length + sizes.length + payloadBytes)
  packed.set(head)
  packed.set(sizes, head.length)
  let at = head.length + sizes.length
  for (const { payload } of frames) {
    packed.set(payload, at)
    at += payload.byteLength
  }
  return packed
}

function writeBlock(target: File, position: number, firstT: T, lastT: T, unpacked: Uint8Array): number {
  const stored = zstdCompressSync(unpacked, { params: { [constants.ZSTD_c_compressionLevel]: 3 } })
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES + stored.byteLength)
  const { byteLength: storedBytes } = stored
  encodeBlock(bytes, {
    storedBytes,
    unpackedBytes: unpacked.byteLength,
    firstT,
    lastT,
    checksum: crc32(stored),
  })
  bytes.set(stored, BLOCK_HEADER_BYTES)
  target.write(position, bytes)
  return bytes.byteLength
}

function encodeBlock(bytes: Uint8Array, block: Block): void {
  const view = viewOf(bytes)
  view.setUint32(0, block.storedBytes, true)
  view.setUint32(4, block.unpackedBytes, true)
  setCount(view, 8, block.firstT)
  // One higher: an empty file ends at one before its first t, which may be −1.
  setCount(view, 16, block.lastT + 1)
  view.setUint32(24, block.checksum, true)
  view.setUint32(28, crc32(bytes.subarray(0, 28)), true)
}

function readBlock(file: File, offset: number): Block | undefined {
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES)
  if (offset < FRAMES_START || file.read(offset, bytes) < BLOCK_HEADER_BYTES) return undefined
  const view = viewOf(bytes)
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28))) return undefined
  return {
    storedBytes: view.getUint32(0, true),
    unpackedBytes: view.getUint32(4, true),
    firstT: getCount(view, 8),
    lastT: getCount(view, 16) - 1,
    checksum: view.getUint32(24, true),
  }
}

function* unpackBlock(file: File, offset: number, block: Block, epoch: number, fromT: T): Generator<Frame> {
  const stored = new Uint8Array(block.storedBytes)
  const isRead = file.read(offset + BLOCK_HEADER_BYTES, stored) === block.storedBytes
  if (!isRead || crc32(stored) !== block.checksum) {
    throw logCorrupt(file.path, offset, block.firstT, 'the checksum of a block is wrong')
  }
  const unpacked = zstdDecompressSync(stored, { maxOutputLength: block.unpackedBytes })
  assert(unpacked.byteLength === block.unpackedBytes, 'a block unpacks to the length that was recorded')
  const sizes = new VarintReader(unpacked)
  const count = sizes.next()
  const frames = Array.from({ length: count }, () => ({ span: sizes.next(), payloadBytes: sizes.next() }))
  let at = sizes.at
  let firstT = block.firstT
  for (const { span, payloadBytes } of frames) {
    const lastT = firstT + span
    if (lastT >= fromT) yield { firstT, lastT, epoch, payload: unpacked.subarray(at, at + payloadBytes) }
    at += payloadBytes
    firstT = lastT + 1
  }
}

function pushVarint(bytes: number[], count: number): void {
  while (count >= 128) {
    bytes.push((count % 128) | 128)
    count = Math.floor(count / 128)
  }
  bytes.push(count)
}

class VarintReader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  next(): number {
    let count = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++] ?? 0
      count += (byte & 127) * scale
      if (byte < 128) return count
    }
  }
}
