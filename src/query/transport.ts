// How a query job and its answer travel to a worker thread and back. What is asked goes as EDN text, which keeps
// every type; answers go by columns (sent-columns.ts) or as the text that the caller wants (written.ts). Databases
// travel as references; the worker follows the same folder.

import type { Check } from '../base/batches.ts'
import { type ErrorData, errorToData, type Warning } from '../base/errors.ts'
import type { SpanData } from '../base/span.ts'
import type { DatabaseRef, DatabaseValue, ViewStep } from '../database/database-value.ts'
import type { Restriction } from '../database/restriction.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import type { Edn, Value } from '../fact/value.ts'
import type { Answer, Column, EngineName } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { QueryJob } from './ask.ts'
import type { CalledProcedures } from './called-procedures.ts'
import { textOfForm } from './parsed.ts'
import { receiveRows, type SentColumns, sendRows } from './sent-columns.ts'
import type { Format, WrittenAnswer } from './written.ts'

type SentRef = {
  readonly database: string
  readonly basisT: number
  readonly steps: string
  /** As they are: their sets of entities lie in memory that threads share. The steps name them by their places. */
  readonly restrictions: readonly Restriction[]
}

export type SentInput =
  | { readonly kind: 'facts'; readonly ref: SentRef }
  | { readonly kind: 'rows' | 'rules' | 'value'; readonly text: string }

export type SentJob = {
  readonly query: string
  readonly inputs: readonly SentInput[]
  readonly catalog: readonly (readonly [string, SentRef])[]
  readonly timeoutMs: number
  readonly rowCountMax: number
  readonly memoryBytesMax: number
  readonly answerBytesMax: number
  readonly limit: number | undefined
  readonly engine: EngineName
  readonly procedures: CalledProcedures
}

export type WorkerRequest = {
  readonly id: number
  readonly job: SentJob
  /** What is done for it is to be told as well. */
  readonly isTraced: boolean
  /** An answer as values or as text, or what was done for it. */
  readonly wanted:
    | { readonly kind: 'answer' }
    | { readonly kind: 'written'; readonly format: Format }
    | { readonly kind: 'explained'; readonly mode: ExplainMode }
}

export type SentAnswer =
  | {
      readonly kind: 'answer'
      readonly columns: readonly Column[]
      readonly rows: SentColumns
      readonly isTruncated: boolean
      readonly warnings: readonly Warning[]
    }
  | ({ readonly kind: 'written' } & WrittenAnswer)
  | { readonly kind: 'explained'; readonly explanation: Explanation }
  | { readonly kind: 'error'; readonly error: ErrorData }

export type WorkerReply = {
  readonly id: number
  readonly sent: SentAnswer
  /** What was done, on the clock of the worker; undefined where nobody wants to know. */
  readonly recorded: SpanData | undefined
}

export function sendJob(job: QueryJob): SentJob {
  return {
    query: textOfForm(job.form),
    inputs: job.inputs.map((input): SentInput => {
      switch (input.kind) {
        case 'facts':
          return { kind: 'facts', ref: sendRef(input.value) }
        case 'rows':
          return { kind: 'rows', text: writeEdn(input.rows) }
        case 'rules':
          return { kind: 'rules', text: textOfForm(input.form) }
        case 'value':
          return { kind: 'value', text: writeEdn(input.value) }
      }
    }),
    catalog: [...job.catalog].map(([name, value]) => [name, sendRef(value)]),
    timeoutMs: job.timeoutMs,
    rowCountMax: job.rowCountMax,
    memoryBytesMax: job.memoryBytesMax,
    answerBytesMax: job.answerBytesMax,
    limit: job.limit,
    engine: job.engine,
    procedures: job.procedures,
  }
}

export function receiveEdn(text: string): Edn {
  return readEdn(text, WRITTEN_BY_VARVE).value
}

export function receiveRef({ database, basisT, steps, restrictions }: SentRef): DatabaseRef {
  const received = (receiveEdn(steps) as readonly (readonly Edn[])[]).map(([kind, content]): ViewStep => {
    switch (kind) {
      case 'as-of':
      case 'since':
        return { kind, t: content as number }
      case 'restricted':
        return { kind, restriction: restrictions[content as number]! }
      case 'with':
        return {
          kind,
          datoms: (content as readonly (readonly Edn[])[]).map(([e, a, v, t, added]) => ({
            e: e as number,
            a: a as number,
            v: v as Value,
            t: t as number,
            added: added === true,
          })),
        }
      default:
        return { kind: 'history' }
    }
  })
  return { database, basisT, steps: received }
}

function sendRef({ ref }: DatabaseValue): SentRef {
  const restrictions: Restriction[] = []
  const steps = ref.steps.map((step): readonly Edn[] => {
    switch (step.kind) {
      case 'history':
        return [step.kind]
      case 'with':
        return [step.kind, step.datoms.map(({ e, a, v, t, added }) => [e, a, v, t, added])]
      case 'restricted':
        return [step.kind, restrictions.push(step.restriction) - 1]
      default:
        return [step.kind, step.t]
    }
  })
  return { database: ref.database, basisT: ref.basisT, steps: writeEdn(steps), restrictions }
}

/** `check` throws where nobody waits for the answer any more. */
export function sendAnswer({ columns, rows, isTruncated, warnings }: Answer, check: Check): SentAnswer {
  return { kind: 'answer', columns, rows: sendRows(rows, check), isTruncated, warnings }
}

export function sendFailure(error: unknown): SentAnswer {
  return { kind: 'error', error: errorToData(error) }
}

export function receiveAnswer(sent: Extract<SentAnswer, { readonly kind: 'answer' }>): Answer {
  const { columns, rows, isTruncated, warnings } = sent
  return { columns, rows: receiveRows(rows), isTruncated, warnings }
}
