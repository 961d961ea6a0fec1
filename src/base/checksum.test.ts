import { createHash } from 'node:crypto'
import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, sha256, sha256Hex } from './checksum.ts'
import { SeededRandom } from './seeded-random.ts'

describe('checksums', () => {
  it('are the same whether short pieces or long ones are summed, in one or several', () => {
    const bytes = fc.uint8Array({ maxLength: 300 })
    fc.assert(
      fc.property(bytes, fc.nat({ max: 2 ** 32 - 1 }), (piece, before) => {
        expect(crc32(piece, before)).toBe(zlibCrc32(piece, before))
      }),
    )
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926)
  })

  it('are those of SHA-256, of messages of every length', () => {
    const random = new SeededRandom(3)
    for (let byteCount = 0; byteCount <= 200; byteCount++) {
      const bytes = Uint8Array.from({ length: byteCount }, () => random.below(256))
      const wanted = createHash('sha256').update(bytes).digest()
      expect(Buffer.from(sha256(bytes)).equals(wanted)).toBe(true)
      expect(sha256Hex(bytes)).toBe(wanted.toString('hex'))
    }
  })
})
