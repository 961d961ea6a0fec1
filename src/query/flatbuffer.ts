// Tables of FlatBuffers, the encoding of Arrow's metadata: what is wanted is described as data, and written front to
// back in one go. Parents come before children, since offsets point forward; a table's list of places stands
// right before it. Format: flatbuffers.dev/internals.

/** One place of a table; those left out have their default. */
export type FlatField = { readonly kind: 'u8' | 'i16' | 'i32' | 'i64'; readonly value: number } | FlatNode

/** What a place points to. */
export type FlatNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'table'; readonly fields: FlatFields }
  | { readonly kind: 'nodes'; readonly nodes: readonly FlatNode[] }
  /** Structs of 64-bit whole numbers, all of one width, one behind the other. */
  | { readonly kind: 'structs'; readonly width: number; readonly values: readonly number[] }

/** By their slot, as the schema numbers them. */
export type FlatFields = readonly (FlatField | undefined)[]

const OFFSET_BYTES = 4
const VALUE_BYTES = { u8: 1, i16: 2, i32: 4, i64: 8 } as const

/** The buffer whose root is this table. */
export function flatBuffer(fields: FlatFields): Uint8Array<ArrayBuffer> {
  const writer = new FlatWriter()
  writer.pointTo({ kind: 'table', fields }, writer.take(OFFSET_BYTES))
  return writer.bytes()
}

class FlatWriter {
  #view = new DataView(new ArrayBuffer(1_024))
  #byteCount = 0

  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#view.buffer.slice(0, this.#byteCount))
  }

  /** Room for so many bytes, all zero; its position. */
  take(byteCount: number): number {
    const position = this.#byteCount
    this.#byteCount += byteCount
    if (this.#byteCount > this.#view.byteLength) {
      const grown = new Uint8Array(Math.max(this.#byteCount, this.#view.byteLength * 2))
      grown.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(grown.buffer)
    }
    return position
  }

  /** Writes the node and, at `place`, the way to it. */
  pointTo(node: FlatNode, place: number): void {
    const position = this.#write(node)
    // Only now: writing may have moved everything to a larger buffer.
    this.#view.setUint32(place, position - place, true)
  }

  #write(node: FlatNode): number {
    switch (node.kind) {
      case 'text':
        return this.#writeText(node.text)
      case 'table':
        return this.#writeTable(node.fields)
      case 'nodes':
        return this.#writeNodes(node.nodes)
      case 'structs':
        return this.#writeStructs(node.values, node.width)
    }
  }

  /** Its length, its bytes, and a zero. */
  #writeText(text: string): number {
    const bytes = new TextEncoder().encode(text)
    const position = this.#takeAligned(4, 4 + bytes.byteLength + 1)
    this.#view.setUint32(position, bytes.byteLength, true)
    new Uint8Array(this.#view.buffer).set(bytes, position + 4)
    return position
  }

  #writeNodes(nodes: readonly FlatNode[]): number {
    const position = this.#takeAligned(4, 4 + nodes.length * OFFSET_BYTES)
    this.#view.setUint32(position, nodes.length, true)
    nodes.forEach((node, index) => this.pointTo(node, position + 4 + index * OFFSET_BYTES))
    return position
  }

  #writeStructs(values: readonly number[], width: number): number {
    // The structs are aligned, behind a count of four bytes.
    const position = this.#takeAligned(8, 8 + values.length * 8) + 4
    this.#view.setUint32(position, values.length / width, true)
    values.forEach((value, index) => this.#setInt64(position + 4 + index * 8, value))
    return position
  }

  #writeTable(fields: FlatFields): number {
    const places = placesOf(fields)
    const listBytes = 4 + fields.length * 2
    const byteCount = Math.max(OFFSET_BYTES, ...fields.map((field, slot) => places[slot]! + bytesOf(field)))
    const position = alignedTo(8, this.#byteCount + listBytes)
    this.take(position + byteCount - this.#byteCount)
    const list = position - listBytes
    this.#view.setInt32(position, listBytes, true)
    this.#view.setUint16(list, listBytes, true)
    this.#view.setUint16(list + 2, byteCount, true)
    fields.forEach((field, slot) => {
      if (field === undefined) return
      this.#view.setUint16(list + 4 + slot * 2, places[slot]!, true)
      this.#setField(field, position + places[slot]!)
    })
    return position
  }

  #setField(field: FlatField, position: number): void {
    switch (field.kind) {
      case 'u8':
        return this.#view.setUint8(position, field.value)
      case 'i16':
        return this.#view.setInt16(position, field.value, true)
      case 'i32':
        return this.#view.setInt32(position, field.value, true)
      case 'i64':
        return this.#setInt64(position, field.value)
      default:
        return this.pointTo(field, position)
    }
  }

  #setInt64(position: number, value: number): void {
    this.#view.setBigInt64(position, BigInt(value), true)
  }

  #takeAligned(alignment: number, byteCount: number): number {
    this.take(alignedTo(alignment, this.#byteCount) - this.#byteCount)
    return this.take(byteCount)
  }
}

/** Where each field lies in its table, aligned by its size, behind the way to the list of places. */
function placesOf(fields: FlatFields): readonly number[] {
  let end = OFFSET_BYTES
  return fields.map((field) => {
    if (field === undefined) return 0
    const place = alignedTo(bytesOf(field), end)
    end = place + bytesOf(field)
    return place
  })
}

function bytesOf(field: FlatField | undefined): number {
  if (field === undefined) return 0
  return 'value' in field ? VALUE_BYTES[field.kind] : OFFSET_BYTES
}

export function alignedTo(alignment: number, position: number): number {
  return Math.ceil(position / alignment) * alignment
}
