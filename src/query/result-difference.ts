// Which rows one result of a question has and another has not, as both were shaped: for whoever wants to know why two answers
// are not one. Rows are compared by value, numbers across their types, each as often as it is there.

import { unreachable } from '../base/assert.ts'
import { CanonicalWriter } from '../fact/canonical.ts'
import { compareValues, type Edn, EdnMap } from '../fact/value.ts'
import type { Query } from '../plan/syntax.ts'

export type ResultDifference = {
  /** In the total order, `countMax` at most. */
  readonly missing: readonly Edn[]
  readonly missingCount: number
  readonly new: readonly Edn[]
  readonly newCount: number
}

/** What of `then` is missing `now`, and what is new. */
export function resultDifference(query: Query, then: Edn, now: Edn, countMax: number): ResultDifference {
  const missing = new Map<string, Edn[]>()
  const keyOf = keysOfValues()
  for (const item of itemsOf(query, then)) {
    const key = keyOf(item)
    const alike = missing.get(key)
    if (alike === undefined) missing.set(key, [item])
    else alike.push(item)
  }
  const added = itemsOf(query, now).filter((item) => missing.get(keyOf(item))?.pop() === undefined)
  const left = [...missing.values()].flat()
  return {
    missing: leastOf(left, countMax),
    missingCount: left.length,
    new: leastOf(added, countMax),
    newCount: added.length,
  }
}

/** Equal values have equal keys (fact/canonical.ts). */
function keysOfValues(): (value: Edn) => string {
  const writer = new CanonicalWriter()
  return (value) => {
    writer.add(value)
    return Buffer.from(writer.take()).toString('latin1')
  }
}

/** The first in the total order: a few of many, which are not sorted for it. */
function leastOf(items: readonly Edn[], countMax: number): readonly Edn[] {
  const least: Edn[] = []
  for (const item of items) {
    if (least.length === countMax && compareValues(item, least.at(-1)!) >= 0) continue
    const place = least.findIndex((other) => compareValues(item, other) < 0)
    least.splice(place === -1 ? least.length : place, 0, item)
    if (least.length > countMax) least.pop()
  }
  return least
}

/** True for what a question of this find can answer. */
export function hasShape(query: Query, result: Edn): boolean {
  const { find, returnKeys } = query
  const isRow = (item: Edn): boolean =>
    returnKeys === undefined
      ? Array.isArray(item) && item.length === find.elements.length
      : item instanceof EdnMap && item.entries.length === find.elements.length
  switch (find.kind) {
    case 'relation':
      return Array.isArray(result) && (result as readonly Edn[]).every(isRow)
    case 'collection':
      return Array.isArray(result)
    case 'tuple':
      return result === null || isRow(result)
    case 'scalar':
      return true
    default:
      return unreachable(find.kind)
  }
}

/** Rows or values, each by itself; of a tuple or scalar of which nothing was found, none. */
function itemsOf({ find: { kind } }: Query, result: Edn): readonly Edn[] {
  if (kind === 'relation' || kind === 'collection') return result as readonly Edn[]
  return result === null ? [] : [result]
}
