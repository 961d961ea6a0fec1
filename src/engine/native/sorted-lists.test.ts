// What ascending lists have in common, against sets: lists of one length, of very different ones, and parts of lists.

import { expect, it } from 'vitest'
import { SeededRandom } from '../../testing/seeded-random.ts'
import { firstFrom, intersect, type Part } from './sorted-lists.ts'

const random = new SeededRandom(11)

/** Ascending numbers below `range`, with others in front and behind that do not belong to the part. */
function partOf(count: number, range: number): Part {
  const numbers = new Set(Array.from({ length: count }, () => random.below(range)))
  const sorted = [...numbers].sort((x, y) => x - y)
  const list = Float64Array.from([-2, -1, ...sorted, range + 1])
  return { list, first: 2, limit: 2 + sorted.length }
}

function numbersOf({ list, first, limit }: Part): readonly number[] {
  return [...list.subarray(first, limit)]
}

function inBoth(x: Part, y: Part): readonly number[] {
  const others = new Set(numbersOf(y))
  return numbersOf(x).filter((number) => others.has(number))
}

it('both lists have what the intersection has', () => {
  let foundCount = 0
  for (let run = 0; run < 400; run++) {
    const [x, y] = [partOf(random.below(40), 60), partOf(random.below(40) ** (1 + random.below(2)), 900)]
    const [one, other] = run % 2 === 0 ? [x, y] : [y, x]
    const expected = inBoth(one, other)
    const common = new Float64Array(one.limit - one.first + 1)
    expect([...common.subarray(0, intersect(one, other, common, Infinity))]).toEqual(expected)
    const first = intersect(one, other, common, 1)
    expect([...common.subarray(0, first)]).toEqual(expected.slice(0, 1))
    foundCount += expected.length
  }
  expect(foundCount).toBeGreaterThan(500)
})

it('a list that begins at 0 may take its own intersection', () => {
  for (let run = 0; run < 200; run++) {
    const [x, y] = [partOf(30, 60), partOf(1 + random.below(300), 90)]
    const own: Part = { list: x.list.slice(x.first, x.limit), first: 0, limit: x.limit - x.first }
    const expected = inBoth(x, y)
    const count = intersect(own, y, own.list, Infinity)
    expect([...own.list.subarray(0, count)]).toEqual(expected)
  }
})

it('a number is found, or the place where it would stand', () => {
  const { list, first, limit } = partOf(50, 200)
  for (let wanted = -3; wanted < 205; wanted++) {
    const expected = list.subarray(0, limit).findIndex((number, at) => at >= first && number >= wanted)
    expect(firstFrom(list, first, limit, wanted)).toBe(expected < 0 ? limit : expected)
  }
})
