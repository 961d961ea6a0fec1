import { describe, expect, it } from 'vitest'
import { SplitMap } from './split-map.ts'

describe('a map that becomes several', () => {
  it.each([
    ['whole numbers', (i: number) => i],
    ['fractions', (i: number) => i / 7 - 1_000],
    ['texts', (i: number) => `"a text of number ${i}`],
    ['other keys', (i: number) => ({ i })],
  ])('gives back what it was given: %s', (_, keyOf) => {
    const map = new SplitMap<unknown, number>()
    const keys = Array.from({ length: 50_000 }, (__, i) => keyOf(i))
    for (const [i, key] of keys.entries()) {
      expect(map.get(key)).toBeUndefined()
      map.set(key, i)
    }
    for (const [i, key] of keys.entries()) if (map.get(key) !== i) expect(map.get(key)).toBe(i)
    map.set(keys[5], -1)
    expect(map.get(keys[5])).toBe(-1)
    expect(map.get('another')).toBeUndefined()
  })
})
