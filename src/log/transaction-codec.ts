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
import { type AttributeId, type EntityId, TX_BASE, type T } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { type EntityBlock, placeOfBlock } from '../fact/entity-block.ts'
import type { Frame } from './transaction-log.ts'
import { readValue, writeValue } from './value-codec.ts'

export type Transaction = {
  readonly t: T
  readonly txInstantMs: number
  /** All of t, the datom of the txInstant included. */
  readonly datoms: readonly Datom[]
  /** Further facts, which stand among the datoms by entity. */
  readonly block?: EntityBlock | undefined
}

// One at a time, and nothing waits between its first and its last use.
const body = new ByteWriter()
/** Beyond this the scratch space is given back after use. */
const BODY_BYTES_MAX = 1 << 20
let scratch = body

/** Adds one transaction behind what `bytes` already hold. */
export function encodeTransaction(bytes: ByteWriter, { t, txInstantMs, datoms, block }: Transaction): void {
  scratch.reset()
  scratch.signedVarint(txInstantMs)
  scratch.varint(datoms.length + (block?.datomCount ?? 0))
  const place = block === undefined ? datoms.length : placeOfBlock(block, datoms)
  let entity = writeDatoms(datoms, 0, place, TX_BASE + t, txInstantMs)
  if (block !== undefined) entity = writeBlock(block, entity, txInstantMs)
  writeDatoms(datoms, place, datoms.length, entity, txInstantMs)
  bytes.varint(scratch.length)
  bytes.bytes(scratch.view())
  if (scratch.length > BODY_BYTES_MAX) scratch = new ByteWriter()
}

/** Writes datoms `[first, limit)` behind one about `entity`, and gives back the entity of the last. */
function writeDatoms(
  datoms: readonly Datom[],
  first: number,
  limit: number,
  entity: EntityId,
  txInstantMs: number,
): EntityId {
  let before = entity
  for (let index = first; index < limit; index++) {
    const { e, a, v, added } = datoms[index]!
    scratch.varint(2 * a + (added ? 1 : 0))
    scratch.signedVarint(e - before)
    before = e
    writeValue(scratch, v, txInstantMs)
  }
  return before
}

function writeBlock(
  { firstEntity, entityCount, columns }: EntityBlock,
  entity: EntityId,
  txInstantMs: number,
): EntityId {
  let before = entity
  for (let row = 0; row < entityCount; row++) {
    for (const { a, values } of columns) {
      const v = values[row]
      if (v === undefined) continue
      scratch.varint(2 * a + 1)
      scratch.signedVarint(firstEntity + row - before)
      before = firstEntity + row
      writeValue(scratch, v, txInstantMs)
    }
  }
  return before
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

/** Takes transactions fact by fact, as they are read: nothing is made of them in between. */
export interface FactSink {
  begin(t: T, txInstantMs: number): void
  /** The value comes next in `bytes` and must be read. */
  fact(e: EntityId, a: AttributeId, added: boolean, bytes: ByteReader): void
  end(): void
}

/** The transactions `[fromT, limitT)` of a frame whose checksum was verified, into `sink`. */
export function readFacts(frame: Frame, fromT: T, limitT: T, sink: FactSink): void {
  const bytes = new ByteReader(frame.payload)
  const endT = Math.min(frame.lastT + 1, limitT)
  for (let t = frame.firstT; t < endT; t++) {
    const byteCount = bytes.varint()
    const end = bytes.position + byteCount
    if (t < fromT) bytes.bytes(byteCount)
    else readFactsOf(bytes, t, sink)
    assert(bytes.position === end, 'a transaction is as long as it says')
  }
  assert(endT <= frame.lastT || bytes.isAtEnd, 'a frame holds the transactions from its first to its last t')
}

function readFactsOf(bytes: ByteReader, t: T, sink: FactSink): void {
  sink.begin(t, bytes.signedVarint())
  const datomCount = bytes.varint()
  let e = TX_BASE + t
  for (let index = 0; index < datomCount; index++) {
    const head = bytes.varint()
    e += bytes.signedVarint()
    sink.fact(e, Math.floor(head / 2), head % 2 === 1, bytes)
  }
  sink.end()
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
