// Names that nobody else gives: their form, and that none comes twice.

import { expect, it } from 'vitest'
import { nodeEnv } from './env-node.ts'
import { hexSource, uuidSource } from './random-uuid.ts'

const COUNT = 1_000

it('uuids are of version 4', () => {
  const next = uuidSource(nodeEnv().random)
  const names = Array.from({ length: COUNT }, next)
  expect(new Set(names).size).toBe(COUNT)
  for (const name of names)
    expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

it('names in hexadecimal digits have the bytes that are asked for', () => {
  const next = hexSource(nodeEnv().random, 8)
  const names = Array.from({ length: COUNT }, next)
  expect(new Set(names).size).toBe(COUNT)
  for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}$/)
})
