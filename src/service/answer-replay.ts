// A receipt asked again: whether the answer is the same, and where it is not, what differs, down to rows. The rows of then are
// those that whoever asks holds and sends, else those that are still kept of a pinned result.

import type { HttpResponse } from '../base/env.ts'
import { formFromJson, readJson } from '../fact/json-form.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import type { Edn } from '../fact/value.ts'
import { rowsOfShape } from '../engine/shape.ts'
import { askPrepared, type PreparedQuestion } from '../query/ask.ts'
import { asksAllFacts, pinnedHash } from '../query/pinned.ts'
import { type Receipt, readReceipt, receiptOf } from '../query/receipt.ts'
import { hasShape, resultDifference } from '../query/result-difference.ts'
import { resultHash } from '../query/result-hash.ts'
import type { Notation, WrittenAnswer } from '../query/written.ts'
import { type Field, Valued, writeFields, Written } from './answer.ts'
import { answerMeant } from './answer-meant.ts'
import { receiptField } from './answer-result.ts'
import { ANY, COUNT, FLAG, list, object, oneOf, shape, TEXT } from './answer-schema.ts'
import { preparedAgain } from './asked-again.ts'
import type { Fields } from './body.ts'
import { fieldInvalid } from './errors.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, textOf } from './route.ts'

/** Rows that are told of each side. */
const ROWS_TOLD_MAX = 100
/** Of a result whose rows are compared: reading it keeps everybody else waiting. */
const COMPARED_BYTES_MAX = 1 << 20
/** Rows that are sent to be compared. */
const SENT_COUNT_MAX = 100_000

const REPLAY_FIELDS = {
  receipt: { type: 'object', about: 'a receipt, whole, as it came with its answer' },
  result: { type: [], about: 'the result that the receipt came with, to learn which of its rows differ' },
  engine: { type: 'string', about: 'who answers now: auto, native or duckdb; else who did then' },
  timeoutMs: { type: 'integer', about: 'milliseconds after which it is given up' },
} as const

const ROW_FIELDS = {
  from: oneOf('sent', 'kept'),
  missing: list(ANY),
  missingCount: COUNT,
  new: list(ANY),
  newCount: COUNT,
  untold: oneOf('not-kept', 'too-long'),
}

export const REPLAY_ROUTE: Route = {
  method: 'POST',
  path: '/v1/receipts/replay',
  about: 'Asks the question of a receipt again at its basis, and tells what differs, down to rows',
  scope: 'query',
  answers: object({
    equal: FLAG,
    differences: list(object({ field: TEXT }, { receipt: ANY, replay: ANY, sent: TEXT, ...ROW_FIELDS })),
    receipt: shape('Receipt'),
  }),
  fields: REPLAY_FIELDS,
  requiredFields: ['receipt'],
  answer: answerReplay,
}

/** A result of then, in the notation that it was written in: the other side is written in the same. */
type Original =
  | { readonly from: 'sent'; readonly notation: Notation; readonly result: Edn }
  | { readonly from: 'kept'; readonly notation: Notation; readonly answer: WrittenAnswer }

async function answerReplay(context: RouteContext): Promise<HttpResponse> {
  const { service } = context
  const fields = await fieldsOf(context, REPLAY_FIELDS, { recover: false })
  const form = fields.form('receipt', 'value')
  if (form === undefined) throw fieldInvalid('receipt', 'a receipt')
  const receipt = readReceipt(form)
  const timeoutMs = countOf(fields, 'timeoutMs')
  const asked = await preparedAgain(context, receipt, {
    engine: textOf(fields, 'engine') ?? receipt.engine,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const original = sentResult(fields, asked) ?? keptResult(context, receipt, asked)
  return answerMeant(context, { kind: 'replay' }, asked, async ({ receiptId, question }) => {
    const { answer } = await askPrepared(asked, service.runner, original?.notation ?? 'json')
    const replay = receiptOf(question, answer, {
      id: receiptId,
      version: service.answering.version,
      atMs: service.catalog.env.clock.nowMs(),
      asOf: receipt.asOf,
    })
    const differences = [
      ...fieldDifferences(receipt, replay),
      ...sentDifference(receipt, asked, original),
      ...rowDifferences(asked, { receipt, replay, original, answer }),
    ]
    const told = {
      equal: receipt.resultHash === replay.resultHash,
      differences: differencesField(differences, context.notation),
      receipt: receiptField(replay, context.notation),
    }
    return { respond: () => ok(context, told), receipt: replay }
  })
}

function sentResult(fields: Fields, { job }: PreparedQuestion): Original | undefined {
  if (!fields.names.includes('result')) return undefined
  const result = fields.form('result', 'value') ?? null
  if (!hasShape(job.query, result)) throw fieldInvalid('result', 'what the query of the receipt answers')
  return { from: 'sent', notation: fields.notation, result }
}

/** What is kept was asked over all facts, and is for those alone who see all of them. */
function keptResult(
  { service }: RouteContext,
  receipt: Receipt,
  asked: PreparedQuestion,
): Original | undefined {
  if (!asksAllFacts(asked)) return undefined
  const kept = service.answering.results.answerOf(pinnedHash(receipt).hash, receipt.resultHash)
  return kept && { from: 'kept', ...kept }
}

/** What a hash can tell of rows is in `equal`; the rest says where to look for the reason. */
const COMPARED = [
  'resultHash',
  'rowCount',
  'truncated',
  'schemaT',
  'procedures',
  'engine',
  'version',
] as const

type Difference = { readonly field: string } & Readonly<Record<string, Field>>

function fieldDifferences(receipt: Receipt, replay: Receipt): readonly Difference[] {
  return COMPARED.filter((field) => JSON.stringify(receipt[field]) !== JSON.stringify(replay[field])).map(
    (field) => ({ field, receipt: receipt[field], replay: replay[field] }),
  )
}

/** Where what was sent is not what the receipt is of. */
function sentDifference(
  { resultHash: wanted, truncated: isTruncated }: Receipt,
  { job: { query } }: PreparedQuestion,
  original: Original | undefined,
): readonly Difference[] {
  if (original?.from !== 'sent') return []
  const sent = resultHash(query, { rows: rowsOfShape(query, original.result), isTruncated })
  return sent === wanted ? [] : [{ field: 'result', receipt: wanted, sent }]
}

type Sides = {
  readonly receipt: Receipt
  readonly replay: Receipt
  readonly original: Original | undefined
  readonly answer: WrittenAnswer
}

function rowDifferences(
  { job: { query } }: PreparedQuestion,
  { receipt, replay, original, answer }: Sides,
): readonly Difference[] {
  const isEqual = receipt.resultHash === replay.resultHash
  if (isEqual && original?.from !== 'sent') return []
  if (original === undefined) return [{ field: 'rows', untold: 'not-kept' }]
  const { from, notation } = original
  const then = from === 'sent' ? shortResult(original.result) : readResult(original.answer, notation)
  const now = readResult(answer, notation)
  if (then === undefined || now === undefined) return [{ field: 'rows', untold: 'too-long' }]
  const { missing, missingCount, ...young } = resultDifference(query, then, now, ROWS_TOLD_MAX)
  if (missingCount + young.newCount === 0) return []
  return [
    {
      field: 'rows',
      from,
      missing: new Valued(missing),
      missingCount,
      new: new Valued(young.new),
      newCount: young.newCount,
    },
  ]
}

function shortResult(result: Edn): Edn | undefined {
  return Array.isArray(result) && result.length > SENT_COUNT_MAX ? undefined : result
}

/** Undefined where it is too long to be read while others wait. */
function readResult({ pieces }: WrittenAnswer, notation: Notation): Edn | undefined {
  if (pieces.reduce((sum, { byteLength }) => sum + byteLength, 0) > COMPARED_BYTES_MAX) return undefined
  const text = Buffer.concat(pieces).toString()
  if (notation === 'edn') return readEdn(text, WRITTEN_BY_VARVE).value
  return formFromJson(readJson(text, WRITTEN_BY_VARVE), 'value')
}

function differencesField(differences: readonly Difference[], notation: Notation): Written {
  const texts = differences.map((each) => Buffer.concat(writeFields(each, notation)).toString())
  return new Written(`[${texts.join(notation === 'json' ? ',' : ' ')}]`)
}
