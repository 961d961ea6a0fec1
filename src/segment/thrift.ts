// Thrift's compact protocol, as far as Parquet's metadata needs it: structs of integers, booleans, byte strings
// and lists. The reader turns a struct into a map from field id to value and trusts nothing: every step is
// bounded by the bytes at hand, and what does not fit throws a `ThriftError`, which callers turn into their own.

const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const STRUCT = 12

export const THRIFT_TYPE = { i32: I32, i64: I64, binary: BINARY, struct: STRUCT, boolean: TRUE } as const

const DEPTH_MAX = 16
const encoder = new TextEncoder()

/** Writes one struct; fields of nested structs stand between `begin` and `end`. */
export class ThriftWriter {
  #bytes = new Uint8Array(256)
  #length = 0
  #field = 0
  readonly #outerFields: number[] = []

  i32(field: number, value: number): void {
    this.#header(field, I32)
    this.zigzag(value)
  }

  i64(field: number, value: number): void {
    this.#header(field, I64)
    this.zigzag(value)
  }

  boolean(field: number, value: boolean): void {
    this.#header(field, value ? TRUE : FALSE)
  }

  binary(field: number, value: Uint8Array | string): void {
    this.#header(field, BINARY)
    this.binaryItem(value)
  }

  /** Begins a struct in a field, or as an item of a list where no field is given. */
  begin(field?: number): void {
    if (field !== undefined) this.#header(field, STRUCT)
    this.#outerFields.push(this.#field)
    this.#field = 0
  }

  end(): void {
    this.#byte(0)
    this.#field = this.#outerFields.pop() ?? 0
  }

  /** Begins a list; its items follow by `zigzag`, `binaryItem`, `booleanItem` or `begin` and `end`. */
  list(field: number, itemType: number, count: number): void {
    this.#header(field, LIST)
    if (count < 15) this.#byte((count << 4) | itemType)
    else {
      this.#byte(0xf0 | itemType)
      this.#varint(count)
    }
  }

  zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1)
  }

  booleanItem(value: boolean): void {
    this.#byte(value ? TRUE : FALSE)
  }

  binaryItem(value: Uint8Array | string): void {
    const bytes = typeof value === 'string' ? encoder.encode(value) : value
    this.#varint(bytes.byteLength)
    this.#reserve(bytes.byteLength)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.byteLength
  }

  /** What was written, closed by the stop of the outermost struct. */
  finish(): Uint8Array {
    this.#byte(0)
    return this.#bytes.subarray(0, this.#length)
  }

  #header(field: number, type: number): void {
    const step = field - this.#field
    if (step > 0 && step < 16) this.#byte((step << 4) | type)
    else {
      this.#byte(type)
      this.zigzag(field)
    }
    this.#field = field
  }

  #varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.#byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.#byte(rest)
  }

  #byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

export class ThriftError extends Error {
  readonly offset: number
  constructor(offset: number, what: string) {
    super(what)
    this.offset = offset
  }
}

export type ThriftValue = boolean | number | Uint8Array | readonly ThriftValue[] | ThriftStruct

/** A struct that was read. Each getter throws a `ThriftError` where the field is missing or of another type. */
export class ThriftStruct {
  readonly #fields = new Map<number, ThriftValue>()
  readonly #offset: number

  constructor(offset: number) {
    this.#offset = offset
  }

  set(field: number, value: ThriftValue): void {
    this.#fields.set(field, value)
  }

  has(field: number): boolean {
    return this.#fields.has(field)
  }

  number(field: number): number {
    const value = this.#fields.get(field)
    return typeof value === 'number' ? value : this.#wrong(field, 'a number')
  }

  bytes(field: number): Uint8Array {
    const value = this.#fields.get(field)
    return value instanceof Uint8Array ? value : this.#wrong(field, 'bytes')
  }

  text(field: number): string {
    return Buffer.from(this.bytes(field)).toString('utf8')
  }

  struct(field: number): ThriftStruct {
    const value = this.#fields.get(field)
    return value instanceof ThriftStruct ? value : this.#wrong(field, 'a struct')
  }

  structs(field: number): readonly ThriftStruct[] {
    const items: ThriftStruct[] = []
    for (const item of this.#list(field)) {
      if (!(item instanceof ThriftStruct)) return this.#wrong(field, 'a list of structs')
      items.push(item)
    }
    return items
  }

  byteStrings(field: number): readonly Uint8Array[] {
    const items: Uint8Array[] = []
    for (const item of this.#list(field)) {
      if (!(item instanceof Uint8Array)) return this.#wrong(field, 'a list of byte strings')
      items.push(item)
    }
    return items
  }

  #list(field: number): readonly ThriftValue[] {
    const value = this.#fields.get(field)
    return Array.isArray(value) ? value : this.#wrong(field, 'a list')
  }

  #wrong(field: number, wanted: string): never {
    throw new ThriftError(this.#offset, `field ${field} is not ${wanted}`)
  }
}

/** Reads one struct at `offset`; `offset` then stands behind it. */
export class ThriftReader {
  readonly #bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.offset = offset
  }

  struct(depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw new ThriftError(this.offset, 'nested too deep')
    const struct = new ThriftStruct(this.offset)
    let field = 0
    for (;;) {
      const header = this.#byte()
      if (header === 0) return struct
      const step = header >> 4
      field = step === 0 ? this.#zigzag() : field + step
      struct.set(field, this.#value(header & 15, depth))
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
        return true
      case FALSE:
        return false
      case BYTE:
        return this.#byte()
      case I16:
      case I32:
      case I64:
        return this.#zigzag()
      case DOUBLE: {
        this.#skip(8)
        return NaN
      }
      case BINARY: {
        const count = this.#varint()
        const start = this.offset
        this.#skip(count)
        return this.#bytes.subarray(start, start + count)
      }
      case LIST:
      case SET:
        return this.#list(depth)
      case STRUCT:
        return this.struct(depth + 1)
      default:
        throw new ThriftError(this.offset, `unknown type ${type}`)
    }
  }

  #list(depth: number): readonly ThriftValue[] {
    const header = this.#byte()
    const count = header >> 4 === 15 ? this.#varint() : header >> 4
    const type = header & 15
    // Every item takes a byte at least, so a wild count ends here and not in memory.
    if (count > this.#bytes.length - this.offset) throw new ThriftError(this.offset, 'a list too long')
    const items: ThriftValue[] = []
    for (let i = 0; i < count; i++) {
      items.push(type === TRUE || type === FALSE ? this.#byte() === TRUE : this.#value(type, depth + 1))
    }
    return items
  }

  #zigzag(): number {
    const value = this.#varint()
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2
  }

  #varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new ThriftError(this.offset, 'a varint too long')
  }

  #byte(): number {
    const byte = this.#bytes[this.offset]
    if (byte === undefined) throw new ThriftError(this.offset, 'the bytes end too early')
    this.offset++
    return byte
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.offset)
      throw new ThriftError(this.offset, 'the bytes end too early')
    this.offset += count
  }
}
