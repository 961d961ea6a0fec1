// Parquet's DELTA_BINARY_PACKED for whole numbers: blocks of 128 differences, in four parts of 32 with a width in
// bits each, over the least difference of the block. Only widths up to 32 bits are written here; where
// differences are wider, or numbers near 2^53, `packDeltas` declines and the page is written plain.

const BLOCK_COUNT = 128
const PART_COUNT = 4
const PART_SIZE = BLOCK_COUNT / PART_COUNT
/** Numbers beyond it would not survive the doubling of zigzag as exact numbers. */
const DELTA_MAX = 2 ** 51

export type NumberArray = Int32Array | Float64Array | Uint32Array

/** The numbers `base + data[from..to)`, or undefined if their differences are too wide. */
export function packDeltas(
  data: NumberArray,
  from: number,
  to: number,
  base: number,
): Uint8Array<ArrayBuffer> | undefined {
  const count = to - from
  if (count > 0 && Math.abs(data[from]! + base) > DELTA_MAX) return undefined
  const blockCount = Math.ceil(Math.max(count - 1, 0) / BLOCK_COUNT)
  const out = new PackedBytes(40 + blockCount * (10 + PART_COUNT + BLOCK_COUNT * 4))
  out.varint(BLOCK_COUNT)
  out.varint(PART_COUNT)
  out.varint(count)
  out.zigzag(count === 0 ? 0 : data[from]! + base)
  const deltas = new Float64Array(BLOCK_COUNT)
  for (let start = from + 1; start < to; start += BLOCK_COUNT) {
    const length = Math.min(BLOCK_COUNT, to - start)
    let least = Infinity
    let greatest = -Infinity
    for (let i = 0; i < length; i++) {
      const delta = data[start + i]! - data[start + i - 1]!
      deltas[i] = delta
      if (delta < least) least = delta
      if (delta > greatest) greatest = delta
    }
    if (greatest - least >= 2 ** 32 || least < -DELTA_MAX || greatest > DELTA_MAX) return undefined
    out.zigzag(least)
    packBlock(out, deltas, length, least)
  }
  return out.finish()
}

function packBlock(out: PackedBytes, deltas: Float64Array, length: number, least: number): void {
  const widths = out.skip(PART_COUNT)
  for (let part = 0; part < PART_COUNT; part++) {
    const first = part * PART_SIZE
    const limit = Math.min(first + PART_SIZE, length)
    let greatest = 0
    for (let i = first; i < limit; i++) greatest = Math.max(greatest, deltas[i]! - least)
    const width = greatest === 0 ? 0 : 32 - Math.clz32(greatest)
    out.set(widths + part, width)
    if (width === 0) continue
    for (let i = first; i < first + PART_SIZE; i++) out.bits(i < limit ? deltas[i]! - least : 0, width)
    out.flushBits()
  }
}

/** Room for a page of the usual size, used again by every one: it is filled and copied without a pause. */
const scratch = new Uint8Array(1 << 16)

class PackedBytes {
  readonly #bytes: Uint8Array<ArrayBuffer>
  #length = 0
  #held = 0
  #heldCount = 0

  constructor(byteCountMax: number) {
    this.#bytes = byteCountMax <= scratch.byteLength ? scratch : new Uint8Array(byteCountMax)
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }

  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  skip(count: number): number {
    this.#length += count
    return this.#length - count
  }

  set(index: number, byte: number): void {
    this.#bytes[index] = byte
  }

  /** `value` below 2^width, width up to 32, lowest bit first. */
  bits(value: number, width: number): void {
    if (width > 16) {
      // Two pieces, so that what is held stays within 32 bits.
      this.#push(value & 0xffff, 16)
      this.#push(value >>> 16, width - 16)
    } else this.#push(value, width)
  }

  flushBits(): void {
    if (this.#heldCount > 0) this.#bytes[this.#length++] = this.#held & 255
    this.#held = 0
    this.#heldCount = 0
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  #push(value: number, width: number): void {
    this.#held |= value << this.#heldCount
    this.#heldCount += width
    while (this.#heldCount >= 8) {
      this.#bytes[this.#length++] = this.#held & 255
      this.#held >>>= 8
      this.#heldCount -= 8
    }
  }
}

/** Thrown where bytes are not a delta-packed page; callers know which segment they read. */
export class DeltaError extends Error {}

/**
 * Unpacks into `target[at…]` the numbers less `base`, `count` of them; the offset behind the packed bytes.
 * An Int32Array takes differences modulo 2^32: right whenever the results fit.
 */
export function unpackDeltas(
  bytes: Uint8Array,
  target: Int32Array | Float64Array,
  at: number,
  count: number,
  base: number,
): number {
  const cursor: Cursor = { bytes, offset: 0 }
  const blockCount = varint(cursor)
  const partCount = varint(cursor)
  const packedCount = varint(cursor)
  const first = zigzag(cursor)
  const partSize = blockCount / partCount
  if (packedCount !== count || !Number.isInteger(partSize / 32) || blockCount > 65_536 || partCount === 0) {
    throw new DeltaError('not a delta-packed page of this length')
  }
  if (count === 0) return cursor.offset
  const limit = at + count
  if (target instanceof Int32Array) {
    target[at] = (first - base) | 0
    unpackNarrow(cursor, target, at + 1, limit, partCount, partSize)
  } else {
    target[at] = first - base
    unpackWide(cursor, target, at + 1, limit, partCount, partSize)
  }
  return cursor.offset
}

type Cursor = { readonly bytes: Uint8Array; offset: number }

function unpackNarrow(
  cursor: Cursor,
  target: Int32Array,
  from: number,
  limit: number,
  partCount: number,
  partSize: number,
): void {
  const { bytes } = cursor
  let value = target[from - 1]!
  let row = from
  while (row < limit) {
    const least = zigzag(cursor) | 0
    const widths = cursor.offset
    cursor.offset += partCount
    for (let part = 0; part < partCount && row < limit; part++) {
      const width = bytes[widths + part]!
      const end = Math.min(row + partSize, limit)
      const behind = partEnd(cursor, width, partSize)
      if (width === 0) {
        if (least === 0) {
          target.fill(value, row, end)
          row = end
        } else
          for (; row < end; row++) {
            value = (value + least) | 0
            target[row] = value
          }
      } else if (width <= 24) {
        const mask = (1 << width) - 1
        let offset = cursor.offset
        let held = 0
        let heldCount = 0
        for (; row < end; row++) {
          while (heldCount < width) {
            held |= bytes[offset++]! << heldCount
            heldCount += 8
          }
          value = (value + least + (held & mask)) | 0
          held >>>= width
          heldCount -= width
          target[row] = value
        }
      } else {
        for (let bit = 0; row < end; row++, bit += width) {
          value = (value + least + bitsAt(bytes, cursor.offset, bit, width)) | 0
          target[row] = value
        }
      }
      cursor.offset = behind
    }
  }
}

function unpackWide(
  cursor: Cursor,
  target: Float64Array,
  from: number,
  limit: number,
  partCount: number,
  partSize: number,
): void {
  let value = target[from - 1]!
  let row = from
  while (row < limit) {
    const least = zigzag(cursor)
    const widths = cursor.offset
    cursor.offset += partCount
    for (let part = 0; part < partCount && row < limit; part++) {
      const width = cursor.bytes[widths + part]!
      const end = Math.min(row + partSize, limit)
      const behind = partEnd(cursor, width, partSize)
      for (let bit = 0; row < end; row++, bit += width) {
        value += least + (width === 0 ? 0 : bitsAt(cursor.bytes, cursor.offset, bit, width))
        target[row] = value
      }
      cursor.offset = behind
    }
  }
}

function partEnd(cursor: Cursor, width: number, partSize: number): number {
  const end = cursor.offset + (partSize * width) / 8
  if (!(width <= 32) || end > cursor.bytes.length) throw new DeltaError('a block beyond the page')
  return end
}

/** `width` bits (25 to 32 wide or less) that begin at a bit, unsigned. */
function bitsAt(bytes: Uint8Array, start: number, bit: number, width: number): number {
  const offset = start + (bit >> 3)
  const shift = bit & 7
  const low =
    bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)
  let value = low >>> shift
  if (shift > 0 && shift + width > 32) value |= bytes[offset + 4]! << (32 - shift)
  return width === 32 ? value >>> 0 : value & (2 ** width - 1)
}

function zigzag(cursor: Cursor): number {
  const value = varint(cursor)
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

function varint(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (let count = 0; count < 10; count++) {
    const byte = cursor.bytes[cursor.offset++]
    if (byte === undefined) break
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
  throw new DeltaError('a varint that does not end')
}
