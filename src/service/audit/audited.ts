// From a question that is about to be answered to its intent, and from how it ended to its outcome.

import type { HttpResponse } from '../../base/env.ts'
import { traced } from '../../base/span.ts'
import { VarveError } from '../../base/errors.ts'
import type { PullPattern, Query, RuleSet, Variable } from '../../plan/syntax.ts'
import { databasesOf, type PreparedQuestion, type QueryJob } from '../../query/ask.ts'
import { NO_RULES } from '../../query/check-rules.ts'
import { parsedPattern } from '../../query/parsed.ts'
import { writeReceipt } from '../../query/receipt.ts'
import { type Touched, touchedAttributes } from '../../query/touched.ts'
import type { AnswerEnd, Answering, Meaning } from '../answering.ts'
import type { RouteContext } from '../route.ts'
import type { AuditLog, Intent, Outcome } from './audit-log.ts'

/** To be told of all answers: an intent is durable before an answer leaves. */
export function auditedBy(audit: AuditLog): Answering['onAnswer'] {
  return async ({ kind, saved, caller, receiptId, question, prepared }: Meaning) => {
    const { query: text, speculations = [], basis } = question
    const args = [...question.args, ...speculations]
    const action = saved === undefined ? kind : `${kind} ${saved}`
    const asked = { action, text, attributes: touchedBy(prepared) }
    const audited = await audit.begin({ id: receiptId, caller, question: asked, args, basis })
    return (end) => audited.end(outcomeOf(end))
  }
}

/** What else reads facts than a question. */
export type AuditedRead = Pick<Intent, 'question' | 'args' | 'basis'>

/** The same of what is no question: its intent is durable before the answer that `make` makes leaves. */
export async function answerAudited(
  { service, caller, span }: RouteContext,
  read: AuditedRead,
  make: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const intent = { id: service.answering.newReceiptId(), caller, ...read }
  const beginning = traced(span, 'write intent', () => service.audit.begin(intent))
  const making = make()
  making.catch(() => undefined)
  const audited = await beginning
  try {
    const response = await making
    return { ...response, onEnd: (isWhole) => audited.end({ end: isWhole ? 'answered' : 'left' }) }
  } catch (error) {
    audited.end(failureOf(error))
    throw error
  }
}

type KnownTouch = { readonly rules: RuleSet; readonly schemas: readonly unknown[]; readonly touched: Touched }
/** The same query is asked again and again, mostly of the same schemas. */
const known = new WeakMap<Query, KnownTouch>()

function touchedBy({ job }: PreparedQuestion): Touched {
  const databases = new Map(databasesOf(job))
  const rules = job.inputs.find((input) => input.kind === 'rules')?.rules ?? NO_RULES
  const schemas = [...databases].flatMap(([source, { database, schema }]) => [source, database, schema])
  const isPatternGiven = job.query.find.elements.some(
    (element) => element.kind === 'pull' && element.pattern.kind === 'input',
  )
  if (isPatternGiven) return touchedAttributes(job.query, rules, databases, (name) => patternOf(job, name))
  const last = known.get(job.query)
  const isSame =
    last?.rules === rules &&
    last.schemas.length === schemas.length &&
    schemas.every((schema, index) => schema === last.schemas[index])
  if (isSame) return last.touched
  const touched = touchedAttributes(job.query, rules, databases)
  known.set(job.query, { rules, schemas, touched })
  return touched
}

/** A pull pattern among the inputs. */
function patternOf({ query, inputs }: QueryJob, name: Variable): PullPattern | undefined {
  const index = query.inputs.findIndex(
    (input) => input.kind === 'binding' && input.binding.kind === 'variable' && input.binding.name === name,
  )
  const given = inputs[index]
  return given?.kind === 'value' ? parsedPattern(given.value) : undefined
}

function outcomeOf(end: AnswerEnd): Outcome {
  if (end.kind === 'failed') return failureOf(end.error)
  const { isWhole, receipt } = end
  if (receipt === undefined) return { end: isWhole ? 'answered' : 'left' }
  // The query and its arguments stand in the intent.
  const { query: _query, args: _args, ...short } = receipt
  return {
    end: isWhole ? 'answered' : 'left',
    rows: receipt.rowCount,
    receipt: writeReceipt(short, 'json'),
  }
}

/** A client that goes away cancels its question. */
function failureOf(error: unknown): Outcome {
  const code = error instanceof VarveError ? error.code : 'varve.error/fault'
  const kind = error instanceof VarveError ? error.kind : 'fault'
  const isRefused = kind === 'forbidden' || kind === 'unauthorized'
  return {
    end: code === 'varve.error/query-cancelled' ? 'left' : isRefused ? 'refused' : 'failed',
    error: code,
  }
}
