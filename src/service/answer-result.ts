// From a prepared question to its answer over HTTP: whoever must know is told, a pinned result comes from memory where
// it is there, and the receipt goes behind the rows, in each format where it has room for one.

import type { HttpResponse } from '../base/env.ts'
import type { Warning } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { tooManyRows } from '../engine/errors.ts'
import { askPrepared, type PreparedQuestion } from '../query/ask.ts'
import { classed } from '../query/asker.ts'
import { answerTooLarge } from '../query/pieces.ts'
import { asksAllFacts, isRepeatable } from '../query/pinned.ts'
import { type Receipt, receiptOf, writeReceipt } from '../query/receipt.ts'
import type { Format, Notation, WrittenAnswer } from '../query/written.ts'
import { answerToSend, headersOf, warningFields, writeFields, Written } from './answer.ts'
import { answerMeant, type Made, type Meant } from './answer-meant.ts'
import type { Meaning } from './answering.ts'
import { type KeptAnswer, Results } from './results.ts'
import type { RouteContext } from './route.ts'
import { byteCountOf, send, type ToSend } from './sending.ts'

export const RESULT_FORMATS: readonly Format[] = ['json', 'edn', 'ndjson', 'csv', 'arrow']

/** Clients take 16 KiB of header fields, and as much of trailers. */
const FIELD_LENGTH_MAX = 8 << 10

export type Asking = {
  readonly kind: Meaning['kind']
  readonly saved?: string
  /** The request says at which moment it asks: the same request has the same answer for ever. */
  readonly isPinned: boolean
  readonly asOf?: Date | T | undefined
  /** Of reading the request. */
  readonly warnings?: readonly Warning[]
}

export function answerPrepared(
  context: RouteContext,
  asked: PreparedQuestion,
  asking: Asking,
): Promise<HttpResponse> {
  return answerMeant(context, asking, asked, (meant) => answerResult(context, asked, asking, meant))
}

async function answerResult(
  context: RouteContext,
  asked: PreparedQuestion,
  asking: Asking,
  { receiptId, question }: Meant,
): Promise<Made> {
  const { service, request, format } = context
  const { answering, catalog } = service
  const isKept = asking.isPinned && isRepeatable(asked.job.query)
  const hash = isKept ? answering.results.remember(question) : undefined
  const answer = await resultOf(context, asked, hash)
  service.metrics.rows(answer.rowCount)
  const receipt = receiptOf(question, answer, {
    id: receiptId,
    version: answering.version,
    atMs: catalog.env.clock.nowMs(),
    asOf: asking.asOf,
  })
  const tag = `W/"${answer.resultHash}.${format}"`
  const headers = {
    'varve-receipt-id': receiptId,
    link: `</v1/receipts/${receiptId}>; rel="describedby"`,
    ...(hash !== undefined && {
      'content-location': `/v1/results/${hash}`,
      etag: tag,
      'cache-control': 'private, no-cache',
    }),
  }
  if (hash !== undefined && isTagNamed(request.headers.get('if-none-match'), tag))
    return {
      respond: () => Promise.resolve({ status: 304, headers: { ...headersOf(format), ...headers } }),
      receipt,
    }
  const warnings = [...(asking.warnings ?? []), ...asked.parsed.warnings, ...answer.warnings]
  const toSend = formed({ ...answer, warnings }, receipt, asking.kind, format)
  const whole = { ...toSend, headers: { ...toSend.headers, ...headers } }
  return { respond: () => send(whole, { request, waiting: service.waiting }), receipt }
}

/** A pinned result comes from memory where it is there. What only some may see is nowhere kept. */
async function resultOf(
  { service, format, inFlight }: RouteContext,
  asked: PreparedQuestion,
  hash: string | undefined,
): Promise<WrittenAnswer> {
  const { results } = service.answering
  const isShared = hash !== undefined && asksAllFacts(asked)
  const key = isShared ? Results.key(hash, format, asked.job.engine) : undefined
  const known = key === undefined ? undefined : results.answer(key)
  if (known !== undefined) return withinItsBounds(known, asked)
  const { answer } = await askPrepared(asked, service.runner, format)
  if (key !== undefined) results.keep(key, { answer, kind: inFlight.kind })
  return answer
}

/** From memory it is of the class that it was of, and no larger than this caller may have it. */
function withinItsBounds({ answer, kind }: KeptAnswer, { job }: PreparedQuestion): WrittenAnswer {
  const { rowCountMax, answerBytesMax } = kind === undefined ? job : classed(job, kind)
  if (answer.rowCount > rowCountMax) throw tooManyRows(rowCountMax, 'the answer')
  if (byteCountOf(answer.pieces) > answerBytesMax) throw answerTooLarge(answerBytesMax)
  return answer
}

/** The answer in its format, with the receipt where the format has a place for it. */
function formed(answer: WrittenAnswer, receipt: Receipt, kind: Meaning['kind'], format: Format): ToSend {
  switch (format) {
    case 'json':
    case 'edn':
      return answerToSend(200, fieldsOf(answer, receipt, kind, format), format)
    case 'ndjson':
      return { status: 200, headers: headersOf(format), pieces: linesOf(answer, receipt) }
    case 'csv':
    case 'arrow':
      return {
        status: 200,
        headers: { ...headersOf(format), ...warningHeader(answer.warnings) },
        pieces: answer.pieces,
        trailers: { 'varve-receipt': receiptTrailer(receipt) },
      }
  }
}

function fieldsOf(
  { pieces, columns, isTruncated, warnings }: WrittenAnswer,
  receipt: Receipt,
  kind: Meaning['kind'],
  notation: Notation,
): Parameters<typeof writeFields>[0] {
  return {
    result: new Written(pieces),
    // What is pulled is one value, and no table.
    columns: kind === 'pull' ? undefined : columns,
    basis: receipt.basis,
    truncated: isTruncated ? true : undefined,
    warnings: warningFields(warnings),
    receipt: receiptField(receipt, notation),
  }
}

export function receiptField(receipt: Receipt, notation: Notation): Written {
  return new Written(writeReceipt(receipt, notation))
}

/** What the rows are on the first line, the rows, what became of them on the last. */
function linesOf(
  { pieces, columns, rowCount, isTruncated, warnings }: WrittenAnswer,
  receipt: Receipt,
): readonly Uint8Array[] {
  const { basis } = receipt
  const first = writeFields({ columns, basis, warnings: warningFields(warnings) }, 'json')
  const last = writeFields(
    { truncated: isTruncated, rowCount, receipt: receiptField(receipt, 'json') },
    'json',
  )
  const lineEnd = Buffer.from('\n')
  return [...first, lineEnd, ...pieces, ...last, lineEnd]
}

/** As many as clients take. */
function warningHeader(warnings: readonly Warning[]): Readonly<Record<string, string>> {
  let text = ''
  for (const { code, message } of warnings) {
    const more = `${text === '' ? '' : `${text},`}${plainCharacters(JSON.stringify({ code, message }))}`
    if (more.length > FIELD_LENGTH_MAX) break
    text = more
  }
  return text === '' ? {} : { 'varve-warnings': `[${text}]` }
}

/** The receipt on one line of plain characters; without what would make it longer than clients take. */
function receiptTrailer(receipt: Receipt): string {
  const whole = plainCharacters(writeReceipt(receipt, 'json'))
  if (whole.length <= FIELD_LENGTH_MAX) return whole
  const { query: _query, args: _args, ...short } = receipt
  return plainCharacters(writeReceipt(short, 'json'))
}

/** JSON text says every character in plain ones, too. */
function plainCharacters(json: string): string {
  return json.replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Tags are compared as weak ones: of equal answers that came at two times, the receipts differ. */
function isTagNamed(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return (
    header.trim() === '*' || header.split(',').some((each) => `W/${each.trim().replace(/^W\//, '')}` === tag)
  )
}
