// A reader of Varve's files that shares no line with Varve: written from docs/reference/format.md alone, to prove that
// the page is enough. It reads the whole log, and the index through DuckDB, and checks what the page says can be
// checked. Values come as text, `type:value`, so that they can be compared.

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, zstdDecompressSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'

export type Event = {
  readonly e: number
  readonly a: number
  readonly v: string
  readonly t: number
  readonly added: boolean
}
export type FoundFact = {
  readonly e: number
  readonly a: number
  readonly v: string
  readonly added: number
  readonly retracted: number | undefined
}

function check(isTrue: boolean, what: string): asserts isTrue {
  if (!isTrue) throw new Error(what)
}

// The log

type Frame = { readonly firstT: number; readonly lastT: number; readonly payload: Buffer }
type Header = {
  readonly salt: number
  readonly firstT: number
  readonly previousHash: Buffer
  readonly previous: string
  readonly end: number
}

export function readLog(folder: string): Event[] {
  let events: Event[] = []
  let hash: Buffer = Buffer.alloc(32)
  let nextT = 0
  for (const { path, end } of filesOfLog(folder)) {
    const bytes = readFileSync(path).subarray(0, end)
    const { salt, firstT, previousHash } = headerOf(bytes)
    check(previousHash.equals(hash) && firstT === nextT, `${path} does not follow`)
    const frames = path.endsWith('.sealed') ? sealedFrames(bytes) : openFrames(bytes, salt)
    for (const { lastT, payload, hash: own } of chained(frames, salt, hash, bytes.readUInt32LE(24), nextT)) {
      events = events.concat(eventsOf(payload, nextT, lastT))
      nextT = lastT + 1
      hash = own
    }
  }
  return events
}

function filesOfLog(folder: string): { path: string; end: number | undefined }[] {
  const names = new Set(
    readdirSync(folder)
      .filter((name) => /^\d{15}-\d{8}\.(log|sealed)$/.test(name))
      .map((name) => name.slice(0, 24)),
  )
  const pathOf = (name: string): string =>
    join(folder, existsSync(join(folder, `${name}.sealed`)) ? `${name}.sealed` : `${name}.log`)
  const newestFirst = [...names].sort((x, y) => Number(y.slice(16)) - Number(x.slice(16)) || (x < y ? 1 : -1))
  let name = newestFirst.find((each) => isWhole(readFileSync(pathOf(each))))
  const files: { path: string; end: number | undefined }[] = []
  for (let end: number | undefined; name !== undefined && name !== '';) {
    files.unshift({ path: pathOf(name), end: pathOf(name).endsWith('.sealed') ? undefined : end })
    const header = headerOf(readFileSync(pathOf(name)))
    name = header.previous
    end = header.end
  }
  return files
}

function isWhole(bytes: Buffer): boolean {
  return bytes.length >= 512 && bytes.readUInt32LE(508) === crc32(bytes.subarray(0, 508))
}

function headerOf(bytes: Buffer): Header {
  check(isWhole(bytes) && /^VARVE(LOG|SEA)$/.test(bytes.toString('latin1', 0, 8)), 'no header')
  check(bytes.readUInt32LE(8) === 1, 'another version')
  const epoch = bytes.readUInt32LE(28)
  const digits = (n: number, count: number): string => String(n).padStart(count, '0')
  const previous = epoch === 0 ? '' : `${digits(count64(bytes, 32), 15)}-${digits(epoch, 8)}`
  return {
    salt: bytes.readUInt32LE(12),
    firstT: count64(bytes, 16),
    previousHash: bytes.subarray(48, 80),
    previous,
    end: count64(bytes, 40),
  }
}

function count64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at))
}

function* openFrames(bytes: Buffer, salt: number): Iterable<Frame> {
  for (let at = 512; at + 68 <= bytes.length && bytes.toString('latin1', at, at + 4) === 'VFR1';) {
    const payload = bytes.subarray(at + 68, at + 68 + bytes.readUInt32LE(at + 4))
    check(bytes.readUInt32LE(at + 64) === crc32(bytes.subarray(at, at + 64), salt), 'header of a frame')
    check(bytes.readUInt32LE(at + 28) === crc32(payload, salt), 'payload of a frame')
    yield { firstT: count64(bytes, at + 8), lastT: count64(bytes, at + 16), payload }
    at += 68 + payload.length
  }
}

function* sealedFrames(bytes: Buffer): Iterable<Frame> {
  for (let at = 512; bytes.readUInt32LE(at) > 0;) {
    const stored = bytes.subarray(at + 32, at + 32 + bytes.readUInt32LE(at))
    check(bytes.readUInt32LE(at + 28) === crc32(bytes.subarray(at, at + 28)), 'header of a block')
    check(bytes.readUInt32LE(at + 24) === crc32(stored), 'a block')
    const reader = new Reader(zstdDecompressSync(stored))
    const sizes = Array.from({ length: reader.varint() }, () => [reader.varint(), reader.varint()] as const)
    let firstT = count64(bytes, at + 8)
    for (const [span, length] of sizes) {
      yield { firstT, lastT: firstT + span, payload: reader.bytes(length) }
      firstT += span + 1
    }
    at += 32 + stored.length
  }
}

/** Rebuilds each frame to compute the chain of hashes; in an open file the sums have proved it is the same. */
function* chained(
  frames: Iterable<Frame>,
  salt: number,
  first: Buffer,
  epoch: number,
  t: number,
): Iterable<Frame & { hash: Buffer }> {
  let hash = first
  let nextT = t
  for (const frame of frames) {
    check(frame.firstT === nextT, 't has a gap')
    const head = Buffer.alloc(68)
    head.write('VFR1')
    head.writeUInt32LE(frame.payload.length, 4)
    head.writeBigUInt64LE(BigInt(frame.firstT), 8)
    head.writeBigUInt64LE(BigInt(frame.lastT), 16)
    head.writeUInt32LE(epoch, 24)
    head.writeUInt32LE(crc32(frame.payload, salt), 28)
    hash.copy(head, 32)
    head.writeUInt32LE(crc32(head.subarray(0, 64), salt), 64)
    hash = createHash('sha256').update(head).update(frame.payload).digest()
    nextT = frame.lastT + 1
    yield { ...frame, hash }
  }
}

function eventsOf(payload: Buffer, firstT: number, lastT: number): Event[] {
  const reader = new Reader(payload)
  const events: Event[] = []
  for (let t = firstT; t <= lastT; t++) {
    reader.varint()
    const instant = reader.signed()
    let e = 2 ** 32 + t
    for (let count = reader.varint(); count > 0; count--) {
      const head = reader.varint()
      e += reader.signed()
      events.push({ e, a: Math.floor(head / 2), v: reader.value(instant), t, added: head % 2 === 1 })
    }
  }
  return events
}

class Reader {
  #at = 0
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  bytes(length: number): Buffer {
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }

  varint(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(value)
    }
  }

  signed(): number {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++]!
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(value & 1n ? -(value + 1n) / 2n : value / 2n)
    }
  }

  value(instant: number): string {
    const text = (): string => this.bytes(this.varint()).toString()
    const tag = this.bytes(1)[0]!
    switch (tag) {
      case 0:
        return 'nil'
      case 1:
      case 2:
        return `boolean:${tag === 2}`
      case 3:
        return `long:${this.signed()}`
      case 4:
        return `long:${this.bytes(8).readBigInt64LE()}`
      case 5:
      case 6:
        return `double:${this.bytes(8).readDoubleLE()}`
      case 7:
        return `float:${this.bytes(4).readFloatLE()}`
      case 8:
        return `bigint:${base36(text())}`
      case 9:
        return `bigdec:${Number(text())}`
      case 10:
        return `string:${text()}`
      case 11:
        return `keyword:${text()}`
      case 12:
        return `symbol:${text()}`
      case 13:
        return `instant:${this.signed()}`
      case 14:
        return `uuid:${this.bytes(16)
          .toString('hex')
          .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
      case 15:
        return `uri:${text()}`
      case 16:
        return `bytes:${this.bytes(this.varint()).toString('hex')}`
      case 17:
        return `tuple:${Array.from({ length: this.varint() }, () => this.value(instant)).join(' ')}`
      case 19:
        return `instant:${instant + this.signed()}`
      default:
        throw new Error(`tag ${tag}`)
    }
  }
}

function base36(text: string): bigint {
  const digits = [...text.replace('-', '')].reduce(
    (sum, digit) => sum * 36n + BigInt(parseInt(digit, 36)),
    0n,
  )
  return text.startsWith('-') ? -digits : digits
}

// The index

type Run = { segment: string; firstRow: number; rowCount: number }
type Root = {
  indexedT: number
  attributes: { id: number; type: string; present: Run[]; history: Run[] }[]
  segments: { key: string; dead?: Run }[]
}

export async function readIndex(folder: string): Promise<{ indexedT: number; facts: FoundFact[] }> {
  const newest = readdirSync(folder)
    .filter((name) => name.startsWith('root~'))
    .sort()
    .at(-1)!
  const [first = '', json = ''] = readFileSync(join(folder, newest), 'utf8').split('\n')
  check(first === `varve-root 1 ${createHash('sha256').update(json).digest('hex')}`, 'the root')
  const root = JSON.parse(json) as Root
  const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
  const rowsOf = async (columns: string, run: Run) => {
    const bytes = readFileSync(join(folder, run.segment))
    check(run.segment.includes(createHash('sha256').update(bytes).digest('hex')), run.segment)
    const range = `file_row_number BETWEEN ${run.firstRow} AND ${run.firstRow + run.rowCount - 1}`
    const sql = `SELECT ${columns} FROM read_parquet('${join(folder, run.segment)}', file_row_number = true) WHERE ${range}`
    return (await duckdb.runAndReadAll(sql)).getRowsJS() as (readonly unknown[])[]
  }
  const facts: FoundFact[] = []
  for (const { id, type, present, history } of root.attributes) {
    for (const run of present) {
      const { dead } = root.segments.find(({ key }) => key === run.segment)!
      const deadRows = new Set(
        dead === undefined ? [] : (await rowsOf('row', dead)).map(([row]) => Number(row)),
      )
      for (const [e, v, added, row] of await rowsOf('entity, value, added, file_row_number', run)) {
        if (!deadRows.has(Number(row)))
          facts.push({
            e: Number(e),
            a: id,
            v: valueText(type, v),
            added: Number(added),
            retracted: undefined,
          })
      }
    }
    for (const run of history) {
      for (const [e, v, added, retracted] of await rowsOf('entity, value, added, retracted', run)) {
        facts.push({
          e: Number(e),
          a: id,
          v: valueText(type, v),
          added: Number(added),
          retracted: Number(retracted),
        })
      }
    }
  }
  return { indexedT: root.indexedT, facts }
}

function valueText(type: string, v: unknown): string {
  if (type === 'tuple') return `tuple:${(JSON.parse(String(v)) as unknown[]).map(memberText).join(' ')}`
  if (type === 'instant') return `instant:${(v as Date).getTime()}`
  if (type === 'bytes') return `bytes:${Buffer.from(v as Uint8Array).toString('hex')}`
  if (type === 'bigdec') return `bigdec:${Number(v)}`
  return `${type === 'ref' ? 'long' : type}:${String(v)}`
}

function memberText(member: unknown): string {
  if (member === null) return 'nil'
  if (typeof member === 'number') return `${Number.isInteger(member) ? 'long' : 'double'}:${member}`
  if (typeof member === 'boolean' || typeof member === 'string') return `${typeof member}:${member}`
  const [tag, text] = Object.entries(member as Record<string, string>)[0]!
  const type = { '#kw': 'keyword', '#sym': 'symbol', '#inst': 'instant' }[tag] ?? tag.slice(1)
  return `${type}:${type === 'instant' ? Date.parse(text) : type === 'bigdec' ? Number(text) : text}`
}
