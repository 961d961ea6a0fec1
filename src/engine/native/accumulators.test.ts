// Aggregates over columns of numbers give what they give over values, whatever the groups are numbered by.

import { describe, expect, it } from 'vitest'
import { type Edn, textKey } from '../../fact/value.ts'
import type { AggregateElement } from '../find.ts'
import { SeededRandom } from '../../testing/seeded-random.ts'
import { AGGREGATE_FUNCTIONS } from '../aggregates.ts'
import { accumulatorFor } from './accumulators.ts'
import { CollectedDomain, type Domain, NumberDomain } from './domain.ts'
import { noBounds } from '../../testing/no-bounds.ts'
import { GroupNumbers } from './group-numbers.ts'

const random = new SeededRandom(11)
const ROW_COUNT = 600
const CHUNK = 100

type Column = { readonly domain: Domain; readonly numbers: Float64Array }

function column(domain: Domain, numberOf: (row: number) => number): Column {
  return { domain, numbers: Float64Array.from({ length: ROW_COUNT }, (_, row) => numberOf(row)) }
}

function sign(): number {
  return random.below(2) * 2 - 1
}

const texts = new CollectedDomain()
const VALUES: Readonly<Record<string, () => Column>> = {
  'small longs': () => column(new NumberDomain('long'), () => random.below(50) - 25),
  'longs near 2^53': () =>
    column(new NumberDomain('long'), () => (Number.MAX_SAFE_INTEGER - random.below(9)) * sign()),
  doubles: () => column(new NumberDomain('double'), () => (sign() * (1 + random.below(1_000))) / 7),
  'doubles of any size': () =>
    column(new NumberDomain('double'), () => sign() * 2 ** (random.below(2_090) - 1_066)),
  'doubles, one of them infinite': () =>
    column(new NumberDomain('double'), (row) => (row === 77 ? Infinity : random.below(9) / 3)),
  floats: () => column(new NumberDomain('float'), () => Math.fround(random.below(99) / 7)),
  instants: () => column(new NumberDomain('instant'), () => random.below(1e12)),
  texts: () => column(texts, () => texts.collect(`t${random.below(9)}`)),
}
const KEYS: Readonly<Record<string, () => Column>> = {
  'small keys': () => column(new NumberDomain('long'), () => random.below(7) * 3),
  'keys that are small at first': () =>
    column(new NumberDomain('long'), (row) => random.below(5) - (row > 300 ? 2 : 0)),
  'large keys': () => column(new NumberDomain('ref'), () => 2 ** 40 + random.below(6)),
}
const NAMES = ['count', 'count-distinct', 'sum', 'avg', 'min', 'max', 'median', 'variance']

describe('aggregates by columns', () => {
  it.each(Object.keys(VALUES))('give what they give over values: %s', (kind) => {
    for (const makeKeys of Object.values(KEYS)) {
      const keys = makeKeys()
      const values = VALUES[kind]!()
      for (const name of NAMES)
        expect(byColumns(name, keys, values), name).toEqual(byValues(name, keys, values))
    }
  })
})

function byColumns(name: string, keys: Column, { domain, numbers }: Column): Record<string, string> {
  const element: AggregateElement = { kind: 'aggregate', name, args: [], variable: '?x' }
  const accumulator = accumulatorFor(element, domain, (values) => aggregated(name, values), noBounds())
  const groups = new GroupNumbers([keys.domain], noBounds())
  for (let first = 0; first < ROW_COUNT; first += CHUNK) {
    const part = keys.numbers.subarray(first, first + CHUNK)
    const ofRows = groups.ofRows([part], CHUNK)
    accumulator.add(numbers.subarray(first, first + CHUNK), ofRows, CHUNK, groups.limit)
  }
  return Object.fromEntries(
    groups
      .groups()
      .map((group) => [
        groups.keyOf(group, 0),
        outcome(() => accumulator.value(group, groups.countOf(group))),
      ]),
  )
}

function byValues(name: string, keys: Column, { domain, numbers }: Column): Record<string, string> {
  const groups = Map.groupBy(numbers.keys(), (row) => keys.numbers[row]!)
  return Object.fromEntries(
    Array.from(groups, ([key, rows]) => [
      key,
      outcome(() =>
        aggregated(
          name,
          rows.map((row) => domain.decode(numbers[row]!)),
        ),
      ),
    ]),
  )
}

function aggregated(name: string, values: readonly Edn[]): Edn {
  return AGGREGATE_FUNCTIONS.get(name)!(values, [], random)
}

/** The value as text, or why there is none. */
function outcome(make: () => Edn): string {
  try {
    return textKey(make())
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
