// Bodies out: fields as JSON with camelCase names or EDN with kebab-case keywords, whatever the caller reads.

import type { HttpRequest, HttpResponse } from '../base/env.ts'
import type { Warning } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Plain, kebabCase, plainEdn } from '../fact/plain-edn.ts'
import { type Edn, keyword } from '../fact/value.ts'
import type { Notation } from '../query/written.ts'
import { notationOf } from './body.ts'
import type { WaitingAnswers } from './waiting-answers.ts'

/** A shorter answer is sent at once. */
const ONE_PIECE_BYTES_MAX = 256 << 10

/** A field of an answer: plain data, a value written by the rules for values, or text that is written already. */
export type Field = Plain | Valued | Written
export class Valued {
  readonly value: Edn
  constructor(value: Edn) {
    this.value = value
  }
}

/** Text in the notation of the answer, in UTF-8, in pieces. */
export class Written {
  readonly pieces: readonly Uint8Array[]
  constructor(pieces: readonly Uint8Array[]) {
    this.pieces = pieces
  }
}

/**
 * What the answer is written in: the first of JSON and EDN that `Accept` prefers; the request's own type where it
 * leaves the choice, undefined where it takes neither.
 */
export function answerNotation(request: HttpRequest): Notation | undefined {
  const own = notationOf(request.headers.get('content-type') ?? '') ?? 'json'
  const accept = request.headers.get('accept')?.trim()
  if (accept === undefined || accept === '') return own
  const wanted = accept
    .split(',')
    .map(acceptedRange)
    .filter(({ weight }) => weight > 0)
    .sort((x, y) => y.weight - x.weight)
  for (const { type } of wanted) {
    if (type === '*/*' || type === 'application/*') return own
    const notation = notationOf(type)
    if (notation !== undefined) return notation
  }
  return undefined
}

function acceptedRange(part: string): { readonly type: string; readonly weight: number } {
  const [type, ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  return { type: type!, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 }
}

/** An answer in one piece. */
export function answerBody(
  status: number,
  fields: Readonly<Record<string, Field>>,
  notation: Notation,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    status,
    headers: { ...headersOf(notation), ...headers },
    body: Buffer.concat(writeFields(fields, notation)),
  }
}

/**
 * An answer that goes out piece by piece, as fast as its client reads; a short one at once. All of it is known before
 * its first byte leaves: nothing can go wrong any more but the connection.
 */
export function answerInPieces(
  status: number,
  fields: Readonly<Record<string, Field>>,
  notation: Notation,
  { waiting, signal }: { readonly waiting: WaitingAnswers; readonly signal: AbortSignal },
): HttpResponse {
  const pieces = writeFields(fields, notation)
  const byteCount = pieces.reduce((count, piece) => count + piece.byteLength, 0)
  const headers = headersOf(notation)
  if (byteCount <= ONE_PIECE_BYTES_MAX) return { status, headers, body: Buffer.concat(pieces) }
  return {
    status,
    headers: { ...headers, 'content-length': String(byteCount) },
    body: waiting.send(pieces, byteCount, signal),
  }
}

function headersOf(notation: Notation): Readonly<Record<string, string>> {
  return {
    'content-type': `application/${notation}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
}

/** Warnings and errors have a code, which is a keyword in EDN. */
export function warningFields(warnings: readonly Warning[]): Plain {
  return warnings.map(({ code, message, place, fix }) => ({ code, message, place: place as Plain, fix }))
}

function writeFields(fields: Readonly<Record<string, Field>>, notation: Notation): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let text = '{'
  for (const [name, field] of Object.entries(fields)) {
    if (field === undefined) continue
    const key = notation === 'json' ? `${JSON.stringify(name)}:` : `${keyword(kebabCase(name)).toString()} `
    text += `${text === '{' && chunks.length === 0 ? '' : notation === 'json' ? ',' : ', '}${key}`
    if (field instanceof Written) {
      chunks.push(Buffer.from(text), ...field.pieces)
      text = ''
    } else text += notation === 'json' ? jsonText(field) : ednText(field)
  }
  chunks.push(Buffer.from(`${text}}`))
  return chunks
}

function jsonText(field: Plain | Valued): string {
  return field instanceof Valued ? writeJson(field.value) : JSON.stringify(field)
}

function ednText(field: Plain | Valued): string {
  return writeEdn(field instanceof Valued ? field.value : plainEdn(field))
}
