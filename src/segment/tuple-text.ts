// A tuple as JSON text, in the notation that Varve uses for values in JSON everywhere: a member that JSON cannot
// say is an object with one key (`{"#kw": "a/b"}`). Exact for every value, and readable where the file is opened.

import { decimalText } from '../fact/edn-writer.ts'
import {
  BigInteger,
  Decimal,
  Double,
  EdnSymbol,
  Float,
  Keyword,
  type Scalar,
  type Tuple,
  Uri,
  Uuid,
  double,
} from '../fact/value.ts'

export function tupleToText(tuple: Tuple): string {
  return JSON.stringify(tuple.map(memberToJson))
}

/** Throws where the text is none that `tupleToText` made. */
export function textToTuple(text: string): Tuple {
  const members: unknown = JSON.parse(text)
  if (!Array.isArray(members)) throw new TypeError('a tuple is an array')
  return members.map(jsonToMember)
}

function memberToJson(member: Scalar | null): unknown {
  switch (typeof member) {
    case 'bigint':
      return { '#long': String(member) }
    case 'number':
      return Number.isFinite(member) ? member : { '#double': String(member) }
    case 'object':
      if (member === null) return null
      if (member instanceof Double) return { '#double': String(member.value) }
      if (member instanceof Float) return { '#float': String(member.value) }
      if (member instanceof BigInteger) return { '#bigint': String(member.value) }
      if (member instanceof Decimal) return { '#bigdec': decimalText(member) }
      if (member instanceof Keyword) return { '#kw': member.text }
      if (member instanceof EdnSymbol) return { '#sym': member.text }
      if (member instanceof Date) return { '#inst': member.toISOString() }
      if (member instanceof Uuid) return { '#uuid': member.text }
      if (member instanceof Uri) return { '#uri': member.text }
      return { '#bytes': Buffer.from(member).toString('base64') }
    default:
      return member
  }
}

const READERS: Readonly<Record<string, (text: string) => Scalar>> = {
  '#long': (text) => BigInt(text),
  '#double': (text) => double(Number(text)),
  '#float': (text) => new Float(Number(text)),
  '#bigint': (text) => new BigInteger(BigInt(text)),
  '#bigdec': (text) => new Decimal(text),
  '#kw': (text) => Keyword.of(text),
  '#sym': (text) => EdnSymbol.of(text),
  '#inst': (text) => new Date(text),
  '#uuid': (text) => new Uuid(text),
  '#uri': (text) => new Uri(text),
  '#bytes': (text) => new Uint8Array(Buffer.from(text, 'base64')),
}

function jsonToMember(json: unknown): Scalar | null {
  if (json === null || typeof json === 'boolean' || typeof json === 'number' || typeof json === 'string')
    return json
  const [[tag, text] = ['', undefined]] = Object.entries(json as object)
  const read = READERS[tag]
  if (read === undefined || typeof text !== 'string') throw new TypeError(`no value is tagged ${tag}`)
  return read(text)
}
