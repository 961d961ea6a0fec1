// Texts one after another as UTF-8: bytes in one array that doubles as it fills, and where each begins.

import { type ByteReader, writeUtf8 } from '../base/bytes.ts'
import type { TextColumn } from '../segment/column.ts'
import { hashOfText, HASH_FACTOR, HASH_FIRST } from '../fact/value-hash.ts'

const COUNT_FIRST = 16
const BYTES_FIRST = 256
/** Bytes that one UTF-16 unit takes at most. */
const UNIT_BYTES_MAX = 3
/** More bytes than this are not kept in one array. */
const BYTES_MAX = 2 ** 30

export class TextList {
  #offsets = new Uint32Array(COUNT_FIRST + 1)
  #bytes: Buffer = Buffer.allocUnsafeSlow(BYTES_FIRST)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** False for a text so long that this is the wrong place for it. */
  hasRoom(byteCount: number): boolean {
    return this.#offsets[this.#length]! + byteCount <= BYTES_MAX
  }

  /** The text must be well-formed. */
  push(text: string): void {
    const at = this.#room(text.length * UNIT_BYTES_MAX)
    this.#end(writeUtf8(this.#bytes, text, at))
  }

  /** Takes the text that comes next, as `ByteWriter.text` wrote it. */
  read(bytes: ByteReader): void {
    const byteCount = bytes.varint()
    const at = this.#room(byteCount)
    bytes.copyTo(this.#bytes, at, byteCount)
    this.#end(at + byteCount)
  }

  at(row: number): string {
    return this.#bytes.toString('utf8', this.#offsets[row], this.#offsets[row + 1])
  }

  isAt(row: number, text: string): boolean {
    const from = this.#offsets[row]!
    const length = this.#offsets[row + 1]! - from
    if (length < text.length) return false
    // Where there is a byte for every unit, text and bytes are ASCII or differ.
    if (length > text.length) return this.at(row) === text
    for (let i = 0; i < length; i++) if (this.#bytes[from + i] !== text.charCodeAt(i)) return false
    return true
  }

  /** The order by code point, which is that of the bytes. */
  compare(x: number, y: number): number {
    const xFrom = this.#offsets[x]!
    const yFrom = this.#offsets[y]!
    const xLength = this.#offsets[x + 1]! - xFrom
    const yLength = this.#offsets[y + 1]! - yFrom
    const common = Math.min(xLength, yLength)
    for (let i = 0; i < common; i++) {
      const difference = this.#bytes[xFrom + i]! - this.#bytes[yFrom + i]!
      if (difference !== 0) return difference
    }
    return xLength - yLength
  }

  /** `hashOfText` of the text at a row. */
  hashAt(row: number): number {
    let hash = HASH_FIRST
    for (let at = this.#offsets[row]!; at < this.#offsets[row + 1]!; at++) {
      const byte = this.#bytes[at]!
      if (byte > 127) return hashOfText(this.at(row))
      hash = Math.imul(hash ^ byte, HASH_FACTOR)
    }
    return hash
  }

  from(first: number): TextList {
    const rest = new TextList()
    if (first >= this.#length) return rest
    const start = this.#offsets[first]!
    rest.#bytes = Buffer.from(this.#bytes.subarray(start, this.#offsets[this.#length]))
    rest.#offsets = this.#offsets.slice(first, this.#length + 1)
    for (let row = 0; row < rest.#offsets.length; row++) rest.#offsets[row]! -= start
    rest.#length = this.#length - first
    return rest
  }

  /** All of them, as a view of the same memory. */
  column(): TextColumn {
    return { kind: 'text', offsets: this.#offsets.subarray(0, this.#length + 1), bytes: this.#bytes }
  }

  /** Where the next text begins; so many bytes are free from there on. */
  #room(byteCount: number): number {
    const at = this.#offsets[this.#length]!
    if (at + byteCount > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, at + byteCount))
      larger.set(this.#bytes.subarray(0, at))
      this.#bytes = larger
    }
    return at
  }

  #end(at: number): void {
    this.#length++
    if (this.#length === this.#offsets.length) {
      const larger = new Uint32Array(this.#offsets.length * 2)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[this.#length] = at
  }
}
