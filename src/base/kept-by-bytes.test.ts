// What is kept for the next who asks: what was used last, and never more bytes than the bound.

import { expect, it } from 'vitest'
import { KeptByBytes } from './kept-by-bytes.ts'

it('what was used last is kept within the bound of bytes', () => {
  const kept = new KeptByBytes<number>(100, (bytes) => bytes)
  for (const name of ['a', 'b', 'c']) kept.add(name, 40)
  expect(['a', 'b', 'c'].map((name) => kept.get(name))).toEqual([undefined, 40, 40])
  kept.get('b')
  kept.add('d', 30)
  expect(['b', 'c', 'd'].map((name) => kept.get(name))).toEqual([40, undefined, 30])
  // Added again under the same name it counts once.
  kept.add('d', 50)
  expect(kept.byteCount).toBe(90)
  // What alone is larger than the bound is kept for whoever asks next, and nothing beside it.
  kept.add('e', 500)
  expect([kept.byteCount, kept.get('b'), kept.get('e')]).toEqual([500, undefined, 500])
})
