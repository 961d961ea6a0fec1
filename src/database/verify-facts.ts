// Checks that an index holds the facts of the log up to its t, in one pass over each and in bounded memory: of
// every assertion and retraction a hash is added to a sum per attribute, whatever the order, and the sums must
// be equal. A difference by bugs or damage stays unseen once in 2^64. What the index keeps a second time, of the ends of
// generations, is compared in the same way with the intervals of all facts.
//
// Of an attribute without history the index keeps what holds and forgets the rest, so there the sum is over what
// holds: assertions added, retractions taken off, t left out.

import { ByteWriter } from '../base/bytes.ts'
import { type AttributeId, type EntityId, indexOf, kindOf, type T } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import type { Schema } from '../fact/schema.ts'
import type { Value } from '../fact/value.ts'
import type { AttributeRuns, Index } from '../index/index.ts'
import type { Run } from '../index/run.ts'
import type { TransactionLog } from '../log/transaction-log.ts'
import { writeValue } from '../log/value-codec.ts'
import { integerAt } from '../segment/column.ts'
import { valueAt } from '../segment/value-column.ts'
import { readTransactions } from './connection.ts'

export type LogSums = {
  readonly datomCount: number
  /** Where the index differs from the log, as far as it was compared. */
  readonly differences: readonly string[]
}

/** Compares all attributes. `onProgress` hears of every t. */
export function* compareWithLog(
  index: Index,
  schema: Schema,
  log: TransactionLog,
  onProgress: (t: T) => void,
): Generator<undefined, LogSums> {
  const isForgetful = (a: AttributeId): boolean =>
    (a >= BUILTIN_ATTRIBUTE_COUNT && schema.attribute(a)?.noHistory === true) ||
    index.attribute(a)?.gone !== undefined
  const { indexedT } = index.root
  const expected = new Sums()
  const entityCounts = new Map<number, number>()
  let datomCount = 0
  let expectedT = 0
  const differences: string[] = []
  for (const { t, datoms } of readTransactions(log, 0, indexedT + 1)) {
    if (t !== expectedT) differences.push(`t ${t} follows t ${expectedT - 1} in the log`)
    expectedT = t + 1
    for (const { e, a, v, added } of datoms) {
      datomCount++
      if (isForgetful(a)) expected.add(a, e, v, 0, true, added ? 1 : -1)
      else expected.add(a, e, v, t, added, 1)
      entityCounts.set(kindOf(e), Math.max(entityCounts.get(kindOf(e)) ?? 0, indexOf(e) + 1))
    }
    onProgress(t)
    yield
  }
  const found = new Sums()
  for (const a of index.attributeIds()) {
    const { present, history } = index.attribute(a)!
    for (const run of present) addRun(found, a, run, isForgetful(a))
    if (!isForgetful(a)) {
      for (const run of history) addRun(found, a, run, false)
      differences.push(...generationDifferences(index.attribute(a)!, a, schema))
    }
    yield
  }
  for (const a of expected.differencesFrom(found)) {
    const name = schema.attribute(a)?.ident.text ?? a
    differences.push(
      `Of attribute ${name} the log has ${expected.countOf(a)} assertions and retractions up to t ${indexedT}, the index ${found.countOf(a)}, and they are not the same`,
    )
  }
  for (const [kind, count] of entityCounts) {
    if (index.entityCount(kind) !== count)
      differences.push(
        `Of kind ${kind} the log has made ${count} entities, the root says ${index.entityCount(kind)}`,
      )
  }
  return { datomCount, differences }
}

/** Generations that keep something else than what held at their end. */
function generationDifferences(
  { present, history, generations }: AttributeRuns,
  a: AttributeId,
  schema: Schema,
): readonly string[] {
  if (generations.length === 0) return []
  const held = generations.map(() => new Sums())
  for (const run of [...present, ...history]) {
    eachFact(run, (e, v, added, retracted) => {
      for (const [at, { untilT }] of generations.entries())
        if (added <= untilT && untilT < retracted) held[at]!.add(a, e, v, added, true, 1)
    })
  }
  return generations.flatMap(({ untilT, present: copies }, at) => {
    const kept = new Sums()
    for (const run of copies) eachFact(run, (e, v, added) => kept.add(a, e, v, added, true, 1))
    if (kept.differencesFrom(held[at]!).length === 0) return []
    const name = schema.attribute(a)?.ident.text ?? a
    return [
      `Of attribute ${name} the index keeps ${kept.countOf(a)} facts of t ${untilT} that are not what held then`,
    ]
  })
}

function addRun(sums: Sums, a: AttributeId, run: Run, isForgetful: boolean): void {
  eachFact(run, (e, v, added, retracted) => {
    sums.add(a, e, v, isForgetful ? 0 : added, true, 1)
    if (retracted !== Infinity) sums.add(a, e, v, retracted, false, 1)
  })
}

/** The facts of a run that are not dead; `retracted` is Infinity in a present run. */
function eachFact(run: Run, visit: (e: EntityId, v: Value, added: T, retracted: T) => void): void {
  const { firstRow, entities, values, added, retracted } = run.columns()
  for (let row = 0; row < run.entry.rowCount; row++) {
    if (retracted === undefined && run.isDead(row)) continue
    const at = firstRow + row
    visit(
      integerAt(entities, at),
      valueAt(run.type, values, at),
      integerAt(added, at),
      retracted === undefined ? Infinity : integerAt(retracted, at),
    )
  }
}

type Sum = { count: number; low: number; high: number }

/** Per attribute the number of events and two sums of their hashes, modulo 2^32 each. */
class Sums {
  readonly #sums = new Map<AttributeId, Sum>()
  readonly #bytes = new ByteWriter()

  add(a: AttributeId, e: EntityId, v: Value, t: T, added: boolean, sign: 1 | -1): void {
    const bytes = this.#bytes
    bytes.reset()
    bytes.varint(e)
    bytes.varint(2 * t + (added ? 1 : 0))
    writeValue(bytes, v, 0)
    let sum = this.#sums.get(a)
    if (sum === undefined) this.#sums.set(a, (sum = { count: 0, low: 0, high: 0 }))
    sum.count += sign
    let low = 0x811c9dc5
    let high = 0x9e3779b9
    for (const byte of bytes.view()) {
      low = Math.imul(low ^ byte, 0x01000193)
      high = Math.imul(high ^ byte, 0x5bd1e995) + 0x2545f491
      high ^= high >>> 15
    }
    sum.low = (sum.low + sign * mixed(low)) >>> 0
    sum.high = (sum.high + sign * mixed(high)) >>> 0
  }

  countOf(a: AttributeId): number {
    return this.#sums.get(a)?.count ?? 0
  }

  /** Attributes whose events are not the same in both. */
  differencesFrom(other: Sums): readonly AttributeId[] {
    const all = new Set([...this.#sums.keys(), ...other.#sums.keys()])
    const none: Sum = { count: 0, low: 0, high: 0 }
    return [...all].filter((a) => {
      const mine = this.#sums.get(a) ?? none
      const theirs = other.#sums.get(a) ?? none
      return mine.count !== theirs.count || mine.low !== theirs.low || mine.high !== theirs.high
    })
  }
}

/** MurmurHash3's finalizer: every bit of the input moves about half of the output's. */
function mixed(hash: number): number {
  let x = hash
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}
