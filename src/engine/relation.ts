// Rows of values, as inputs bring them and answers are made of, and what makes two of them equal.

import { keyOf, textKey, type Edn, type Keyword } from '../fact/value.ts'
import type { Budget } from './budget.ts'

export type Row = readonly Edn[]

export type RowKey = string | number | boolean | null | Keyword

/** A key that is equal for rows whose values at these places are equal. */
export function rowKey(row: Row, places: readonly number[]): RowKey {
  if (places.length === 1) return keyOf(row[places[0]!]!)
  let key = ''
  for (const place of places) key += textKey(row[place]!)
  return key
}

/** A key of a whole row. */
export function wholeKey(row: Row): RowKey {
  if (row.length === 1) return keyOf(row[0]!)
  let key = ''
  for (const value of row) key += textKey(value)
  return key
}

/** Each row once, the first of equal ones kept. */
export function distinctRows(rows: readonly Row[], budget: Budget): readonly Row[] {
  if (rows.length < 2) return rows
  const seen = new Set<RowKey>()
  const kept: Row[] = []
  for (const row of rows) {
    budget.step()
    const key = wholeKey(row)
    if (seen.has(key)) continue
    seen.add(key)
    kept.push(row)
  }
  return kept
}
