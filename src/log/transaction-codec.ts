// The payload of a frame: its transactions one after another, in the order of t. One transaction is
//
//   varint        bytes that follow
//   signed varint txInstant in ms
//   varint        number of datoms, and for each:
//     varint        2 · attribute + (1 if added)
//     signed varint entity minus the entity of the datom before (minus the transaction's own for the first)
//     value         value-codec.ts
//
// t is not written: the frame's first t, and one more for each transaction.

import { assert } from '../base/assert.ts'
import { ByteReader, ByteWriter } from '../base/bytes.ts'
import { TX_BASE, type T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import type { Frame } from './transaction-log.ts'
import { readValue, writeValue } from './value-codec.ts'

export type Transaction = {
  readonly t: T
  readonly txInstantMs: number
  /** All of t, the datom of the txInstant included. */
  readonly datoms: readonly Datom[]
}

// One at a time, and nothing waits between its first and its last use.
const body = new ByteWriter()
/** Beyond this the scratch space is given back after use. */
const BODY_BYTES_MAX = 1 << 20
let scratch = body

/** Adds one transaction behind what `bytes` already hold. */
export function encodeTransaction(bytes: ByteWriter, { t, txInstantMs, datoms }: Transaction): void {
  scratch.reset()
  scratch.signedVarint(txInstantMs)
  scratch.varint(datoms.length)
  let entity = TX_BASE + t
  for (const { e, a, v, added } of datoms) {
    scratch.varint(2 * a + (added ? 1 : 0))
    scratch.signedVarint(e - entity)
    entity = e
    writeValue(scratch, v, txInstantMs)
  }
  bytes.varint(scratch.length)
  bytes.bytes(scratch.view())
  if (scratch.length > BODY_BYTES_MAX) scratch = new ByteWriter()
}

/** The transactions of a frame whose checksum was verified. */
export function* decodeTransactions({ firstT, lastT, payload }: Frame): Generator<Transaction> {
  const bytes = new ByteReader(payload)
  for (let t = firstT; t <= lastT; t++) yield readTransaction(bytes, t)
  assert(bytes.isAtEnd, 'a frame holds the transactions from its first to its last t')
}

/** As `decodeTransactions`, but begins at `fromT`, passing over those before without reading them. */
export function* decodeTransactionsFrom(frame: Frame, fromT: T): Generator<Transaction> {
  const bytes = new ByteReader(frame.payload)
  for (let t = frame.firstT; t <= frame.lastT; t++) {
    if (t < fromT) bytes.bytes(bytes.varint())
    else yield readTransaction(bytes, t)
  }
}

function readTransaction(bytes: ByteReader, t: T): Transaction {
  const byteCount = bytes.varint()
  const end = bytes.position + byteCount
  const txInstantMs = bytes.signedVarint()
  const datomCount = bytes.varint()
  const datoms: Datom[] = []
  let e = TX_BASE + t
  for (let index = 0; index < datomCount; index++) {
    const head = bytes.varint()
    e += bytes.signedVarint()
    const v = readValue(bytes, txInstantMs)
    datoms.push({ e, a: Math.floor(head / 2), v, t, added: head % 2 === 1 })
  }
  assert(bytes.position === end, 'a transaction is as long as it says')
  return { t, txInstantMs, datoms }
}
