// Names that nobody else gives.

import type { Random } from './env.ts'

const UUID_BYTES = 16
/** Chance for so many is had at once: asking for it takes longer than writing a name. */
const POOL_COUNT = 128

/** Gives uuids of version 4, one after the other. */
export function uuidSource(random: Random): () => string {
  let pool = Buffer.alloc(0)
  return () => {
    if (pool.byteLength < UUID_BYTES) pool = Buffer.from(random.bytes(UUID_BYTES * POOL_COUNT))
    const bytes = pool.subarray(0, UUID_BYTES)
    pool = pool.subarray(UUID_BYTES)
    bytes[6] = (bytes[6]! & 0x0f) | 0x40
    bytes[8] = (bytes[8]! & 0x3f) | 0x80
    const hex = bytes.toString('hex')
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
    return parts.join('-')
  }
}

/** Gives names of so many bytes as hexadecimal digits. */
export function hexSource(random: Random, byteCount: number): () => string {
  const digitCount = 2 * byteCount
  let digits = ''
  let at = 0
  return () => {
    if (at === digits.length) {
      digits = Buffer.from(random.bytes(byteCount * POOL_COUNT)).toString('hex')
      at = 0
    }
    at += digitCount
    return digits.slice(at - digitCount, at)
  }
}
