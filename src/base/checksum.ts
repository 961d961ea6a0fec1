// Checksums of bytes that stay. CRC-32 finds accidents, SHA-256 names blobs and chains frames.

import { createHash, createHmac, hash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'

/** Pieces up to this size are summed here: a call out of JavaScript takes 1 µs after a sync, this a third of it. */
const SHORT_BYTES_MAX = 128
const CRC_OF_BYTE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})

/** CRC-32 (IEEE), as an unsigned number; `before` continues over several pieces. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (bytes.byteLength > SHORT_BYTES_MAX) return zlibCrc32(bytes, before)
  let crc = ~before
  for (let at = 0; at < bytes.byteLength; at++) crc = CRC_OF_BYTE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** The 32 bytes of SHA-256. */
export function sha256(bytes: Uint8Array): Uint8Array {
  // By way of a text, a byte a character: asked for bytes, Node makes a buffer outside the heap, at twice the cost.
  return Buffer.from(hash('sha256', bytes, 'latin1'), 'latin1')
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return hash('sha256', bytes, 'hex')
}

/** SHA-256 of bytes that come piece by piece. */
export function sha256HexOf(pieces: Iterable<Uint8Array>): string {
  const sum = createHash('sha256')
  for (const piece of pieces) sum.update(piece)
  return sum.digest('hex')
}

/** HMAC-SHA-256 of a text as 64 hexadecimal digits: without the key nobody can try which text it was made of. */
export function hmacSha256Hex(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
