// Bodies out: fields as JSON with camelCase names or EDN with kebab-case keywords, whatever the caller reads.

import type { HttpResponse } from '../base/env.ts'
import type { Warning } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Plain, kebabCase, plainEdn } from '../fact/plain-edn.ts'
import { type Edn, keyword } from '../fact/value.ts'
import type { Format, Notation } from '../query/written.ts'
import { CONTENT_TYPES } from './formats.ts'
import type { ToSend } from './sending.ts'

/** A field of an answer: plain data, a value written by the rules for values, or text that is written already. */
export type Field = Plain | Valued | Written
export class Valued {
  readonly value: Edn
  constructor(value: Edn) {
    this.value = value
  }
}

/** Text in the notation of the answer, whole or as pieces of UTF-8. */
export class Written {
  readonly text: string | readonly Uint8Array[]
  constructor(text: string | readonly Uint8Array[]) {
    this.text = text
  }
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

/** An answer that may be long. */
export function answerToSend(
  status: number,
  fields: Readonly<Record<string, Field>>,
  notation: Notation,
): ToSend {
  return { status, headers: headersOf(notation), pieces: writeFields(fields, notation) }
}

export function headersOf(format: Format): Readonly<Record<string, string>> {
  return {
    'content-type': CONTENT_TYPES[format],
    'cache-control': 'no-store',
    vary: 'Accept, Accept-Encoding, Content-Type',
    'x-content-type-options': 'nosniff',
  }
}

/** Warnings and errors have a code, which is a keyword in EDN. */
export function warningFields(warnings: readonly Warning[]): Plain {
  return warnings.map(({ code, message, place, fix }) => ({ code, message, place: place as Plain, fix }))
}

export function writeFields(fields: Readonly<Record<string, Field>>, notation: Notation): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let text = '{'
  for (const [name, field] of Object.entries(fields)) {
    if (field === undefined) continue
    const key = notation === 'json' ? `${JSON.stringify(name)}:` : `${keyword(kebabCase(name)).toString()} `
    text += `${text === '{' && chunks.length === 0 ? '' : notation === 'json' ? ',' : ', '}${key}`
    if (field instanceof Written) {
      if (typeof field.text === 'string') text += field.text
      else {
        chunks.push(Buffer.from(text), ...field.text)
        text = ''
      }
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
