// What two ascending lists of numbers have in common. Lists of about one length are walked side by side; where one is far
// longer, it is searched for each number of the shorter one, in steps that double (galloping: Bentley and Yao, 1976), so
// that a hub with a million neighbours costs little beside a node with three.

import { isPlanted } from '../../base/planted.ts'

/** From this ratio of lengths on the longer list is searched. */
const GALLOP_RATIO = 8

/** A part `[first, limit)` of an array of ascending numbers, each once. */
export type Part = { list: Float64Array; first: number; limit: number }

/**
 * Writes what both parts have into `common`, ascending; how many they are, `countMax` at most. `common` may be the list of
 * the first part itself, if that begins at 0.
 */
export function intersect(x: Part, y: Part, common: Float64Array, countMax: number): number {
  const xCount = x.limit - x.first
  const yCount = y.limit - y.first
  if (yCount > xCount * GALLOP_RATIO) return bySearch(x, y, common, countMax)
  if (xCount > yCount * GALLOP_RATIO) return bySearch(y, x, common, countMax)
  return sideBySide(x, y, common, countMax)
}

function sideBySide(x: Part, y: Part, common: Float64Array, countMax: number): number {
  const { list: xs, limit: xLimit } = x
  const { list: ys } = y
  const yLimit = isPlanted('intersect-misses-the-last') ? y.limit - 1 : y.limit
  let i = x.first
  let j = y.first
  let count = 0
  while (i < xLimit && j < yLimit) {
    const u = xs[i]!
    const v = ys[j]!
    if (u === v) {
      common[count++] = u
      if (count === countMax) break
    }
    if (u <= v) i++
    if (v <= u) j++
  }
  return count
}

function bySearch(short: Part, long: Part, common: Float64Array, countMax: number): number {
  const { list: shorts, limit: shortLimit } = short
  const { list: longs, limit: longLimit } = long
  let count = 0
  let from = long.first
  for (let i = short.first; i < shortLimit && from < longLimit; i++) {
    const wanted = shorts[i]!
    from = firstFrom(longs, from, longLimit, wanted)
    if (from < longLimit && longs[from] === wanted) {
      common[count++] = wanted
      if (count === countMax) break
    }
  }
  return count
}

/** The first place in `[first, limit)` whose number is not below the one that is wanted. */
export function firstFrom(list: Float64Array, first: number, limit: number, wanted: number): number {
  let step = 1
  let low = first
  while (low + step < limit && list[low + step]! < wanted) {
    low += step
    step *= 2
  }
  let high = Math.min(limit, low + step)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]! < wanted) low = middle + 1
    else high = middle
  }
  return low
}
