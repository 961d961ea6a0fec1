// The stream format of Arrow (arrow.apache.org/docs/format/Columnar.html, version 1.5): a schema, dictionaries, record
// batches, an end. Each message is a header that FlatBuffers encode and a body of buffers, all aligned to eight
// bytes.

import { alignedTo, flatBuffer, type FlatField, type FlatFields, type FlatNode } from './flatbuffer.ts'

export type ArrowType =
  | { readonly kind: 'int64' | 'float32' | 'float64' | 'bool' | 'utf8' | 'binary' | 'instant' }
  /** Texts that many rows share, by the id of their list. */
  | { readonly kind: 'dictionary'; readonly id: number }

export type ArrowField = {
  readonly name: string
  readonly type: ArrowType
  /** Told about the field to whoever reads it. */
  readonly metadata: Readonly<Record<string, string>>
}

/** Some rows of one column. */
export type ArrowVector = {
  readonly rowCount: number
  readonly nullCount: number
  /** As the format has them for the type: validity first, empty where nothing is nil. */
  readonly buffers: readonly Uint8Array[]
}

const ALIGNMENT = 8
/** Begins every message. */
const CONTINUATION = 0xffffffff
const VERSION_5 = 4
const HEADER = { schema: 1, dictionary: 2, batch: 3 } as const

export function schemaMessage(fields: readonly ArrowField[]): Uint8Array<ArrayBuffer> {
  const schema: FlatFields = [i16(0), { kind: 'nodes', nodes: fields.map(fieldNode) }]
  return message(HEADER.schema, schema, [])
}

export function batchMessage(rowCount: number, vectors: readonly ArrowVector[]): Uint8Array<ArrayBuffer> {
  return message(
    HEADER.batch,
    batchFields(rowCount, vectors),
    vectors.flatMap(({ buffers }) => buffers),
  )
}

/** The texts behind the codes of a field. */
export function dictionaryMessage(id: number, values: ArrowVector): Uint8Array<ArrayBuffer> {
  const data: FlatNode = { kind: 'table', fields: batchFields(values.rowCount, [values]) }
  return message(HEADER.dictionary, [i64(id), data], values.buffers)
}

export function endOfStream(): Uint8Array<ArrayBuffer> {
  const end = new Uint8Array(8)
  new DataView(end.buffer).setUint32(0, CONTINUATION, true)
  return end
}

function message(kind: number, header: FlatFields, buffers: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bodyBytes = buffers.reduce((sum, buffer) => sum + paddedBytes(buffer), 0)
  const metadata = flatBuffer([i16(VERSION_5), u8(kind), { kind: 'table', fields: header }, i64(bodyBytes)])
  const metadataBytes = alignedTo(ALIGNMENT, metadata.byteLength)
  const bytes = new Uint8Array(8 + metadataBytes + bodyBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, CONTINUATION, true)
  view.setInt32(4, metadataBytes, true)
  bytes.set(metadata, 8)
  let position = 8 + metadataBytes
  for (const buffer of buffers) {
    bytes.set(buffer, position)
    position += paddedBytes(buffer)
  }
  return bytes
}

function paddedBytes({ byteLength }: Uint8Array): number {
  return alignedTo(ALIGNMENT, byteLength)
}

function batchFields(rowCount: number, vectors: readonly ArrowVector[]): FlatFields {
  const nodes = vectors.flatMap((vector) => [vector.rowCount, vector.nullCount])
  const places: number[] = []
  let position = 0
  for (const buffer of vectors.flatMap(({ buffers }) => buffers)) {
    places.push(position, buffer.byteLength)
    position += paddedBytes(buffer)
  }
  return [i64(rowCount), structs(nodes), structs(places)]
}

function fieldNode({ name, type, metadata }: ArrowField): FlatNode {
  const [typeKind, typeFields] = typeOf(type)
  const pairs = Object.entries(metadata).map(([key, value]): FlatNode => ({
    kind: 'table',
    fields: [text(key), text(value)],
  }))
  return {
    kind: 'table',
    fields: [
      text(name),
      u8(1),
      u8(typeKind),
      { kind: 'table', fields: typeFields },
      type.kind === 'dictionary' ? { kind: 'table', fields: [i64(type.id), INT32] } : undefined,
      // Readers want the list of children, empty as it is.
      { kind: 'nodes', nodes: [] },
      { kind: 'nodes', nodes: pairs },
    ],
  }
}

const INT32: FlatNode = { kind: 'table', fields: [i32(32), u8(1)] }

/** The number of the type in the schema of Arrow, and its own table. */
function typeOf({ kind }: ArrowType): readonly [number, FlatFields] {
  switch (kind) {
    case 'int64':
      return [2, [i32(64), u8(1)]]
    case 'float32':
      return [3, [i16(1)]]
    case 'float64':
      return [3, [i16(2)]]
    case 'binary':
      return [4, []]
    case 'utf8':
    case 'dictionary':
      return [5, []]
    case 'bool':
      return [6, []]
    case 'instant':
      return [10, [i16(1), text('UTC')]]
  }
}

function u8(value: number): FlatField {
  return { kind: 'u8', value }
}

function i16(value: number): FlatField {
  return { kind: 'i16', value }
}

function i32(value: number): FlatField {
  return { kind: 'i32', value }
}

function i64(value: number): FlatField {
  return { kind: 'i64', value }
}

function text(value: string): FlatNode {
  return { kind: 'text', text: value }
}

function structs(values: readonly number[]): FlatNode {
  return { kind: 'structs', width: 2, values }
}
