// Both ways of writing base64, against each other and against Node.

import { describe, expect, it } from 'vitest'
import { base64, base64ByCharacters, bytesByCharacters, bytesOfBase64 } from './base64.ts'

describe('base64', () => {
  it('is the same by what is built in and by characters, for every length and byte', () => {
    for (const length of [0, 1, 2, 3, 255, 8_191, 8_192, 8_193, 100_000]) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) & 255)
      const text = Buffer.from(bytes).toString('base64')
      expect([base64(bytes), base64ByCharacters(bytes)]).toEqual([text, text])
      expect(Buffer.compare(bytesOfBase64(text), bytes)).toBe(0)
      expect(Buffer.compare(bytesByCharacters(text), bytes)).toBe(0)
    }
  })

  it('reads the bytes of a view, not of what lies behind it', () => {
    const view = Uint8Array.from([1, 2, 3, 4, 5]).subarray(1, 4)
    expect([base64(view), base64ByCharacters(view)]).toEqual(['AgME', 'AgME'])
  })
})
