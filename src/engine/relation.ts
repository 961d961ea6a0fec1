// Rows on the way to an answer, and the bounds that every operator keeps: rows, time, a signal.

import { keyOf, textKey, type Edn, type Keyword } from '../fact/value.ts'
import type { EngineLimits } from '../plan/engine.ts'
import { queryCancelled, queryTimeout, tooManyRows } from './errors.ts'

export type Row = readonly Edn[]

const STEPS_BETWEEN_CHECKS = 4096

/** Counts the work of one query and stops it at its bounds. */
export class Budget {
  #limits: EngineLimits
  readonly #nowMs: () => number
  #steps = 0

  constructor(limits: EngineLimits, nowMs: () => number) {
    this.#limits = limits
    this.#nowMs = nowMs
    this.check()
  }

  /** Goes on with the bounds of another question. */
  restart(other: Budget): void {
    this.#limits = other.#limits
    this.#steps = 0
  }

  /** One small piece of work; looks at clock and signal every few thousand. */
  step(): void {
    if (++this.#steps < STEPS_BETWEEN_CHECKS) return
    this.#steps = 0
    this.check()
  }

  check(): void {
    const { signal, deadlineMs } = this.#limits
    if (signal?.aborted === true) throw queryCancelled(signal.reason)
    if (deadlineMs !== Infinity && this.#nowMs() > deadlineMs) throw queryTimeout()
  }

  /** A relation, named by `where`, has grown to this many rows. */
  holdRows(count: number, where: () => string): void {
    if (count > this.#limits.rowCountMax) throw tooManyRows(this.#limits.rowCountMax, where())
  }
}

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

/** The values at these places, as a row of their own. */
export function project(row: Row, places: readonly number[]): Row {
  return places.map((place) => row[place]!)
}
