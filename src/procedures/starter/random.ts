// Chance that a seed repeats: the same seed and key draw the same, whatever else is drawn, in whatever order.

import { defineProcedure } from '../define-procedure.ts'

export const UNIFORM = defineProcedure({
  name: 'random/uniform',
  doc: 'A double from 0 to below 1, for a seed and the key of a row.',
  parameters: { seed: 'any', key: 'any' },
  returns: 'double',
  source: `(seed: unknown, key: unknown): number => random(seed, key).next()`,
})

export const LONG = defineProcedure({
  name: 'random/long',
  doc: 'A whole number from 0 to below a limit, for a seed and the key of a row.',
  parameters: { seed: 'any', key: 'any', limit: 'long' },
  returns: 'long',
  source: `(seed: unknown, key: unknown, limit: number): number => Math.floor(random(seed, key).next() * limit)`,
})

export const NORMAL = defineProcedure({
  name: 'random/normal',
  doc: 'A double of the normal distribution with mean 0 and deviation 1, for a seed and the key of a row.',
  parameters: { seed: 'any', key: 'any' },
  returns: 'double',
  source: `(seed: unknown, key: unknown): number => {
  const draws = random(seed, key)
  const radius = Math.sqrt(-2 * Math.log(1 - draws.next()))
  return radius * Math.cos(2 * Math.PI * draws.next())
}`,
})

export const SAMPLED = defineProcedure({
  name: 'random/sampled?',
  kind: 'predicate',
  doc: 'Whether the row of a key belongs to a sample of such a part of all: a larger part holds every smaller one.',
  parameters: { seed: 'any', key: 'any', part: 'double' },
  source: `(seed: unknown, key: unknown, part: number): boolean => random(seed, key).next() < part`,
})
