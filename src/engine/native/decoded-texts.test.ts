// Decoded texts are kept, and never more of them than their bound.

import { expect, it } from 'vitest'
import { DECODED_BYTES_MAX, DecodedTexts } from './decoded-texts.ts'

it('texts are kept until all of them are too many', () => {
  const [early, late] = [new DecodedTexts(), new DecodedTexts()]
  const long = 'x'.repeat(1 << 20)
  expect(early.keep(7, 'seven')).toBe('seven')
  expect([early.get(7), early.get(6)]).toEqual(['seven', undefined])
  // Two bytes a unit at most, so that half of the bound is not reached by a quarter of it.
  for (let code = 0; code < DECODED_BYTES_MAX / (4 << 20); code++) late.keep(code, long)
  expect([early.get(7), late.get(0)]).toEqual(['seven', long])
  for (let code = 0; code < DECODED_BYTES_MAX / (1 << 20); code++) late.keep(code, long)
  expect([early.get(7), late.get(0)]).toEqual([undefined, undefined])
  // And begins anew.
  expect([early.keep(7, 'again'), early.get(7)]).toEqual(['again', 'again'])
})
