// Receipts again, by the id of their question: made of its intent and its outcome.

import { readEdn } from '../../fact/edn-reader.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import { formFromJson, readJson } from '../../fact/json-form.ts'
import { type Edn, EdnMap } from '../../fact/value.ts'
import type { DatabaseValue } from '../../database/database-value.ts'
import { type Receipt, readReceipt } from '../../query/receipt.ts'
import { fieldsOf, fieldsOfEntity } from '../system/entities.ts'
import type { EntityId } from '../../fact/attribute.ts'

export type AuditedReceipt = {
  readonly caller: string
  readonly callerKind: string
  /** Undefined while the answer has not left, and where it had none. */
  readonly receipt: Receipt | undefined
  readonly hasEnded: boolean
}

/** Undefined where the audit knows no such question. */
export function auditedReceipt({ facts }: DatabaseValue, id: string): AuditedReceipt | undefined {
  const fields = fieldsOf(facts, 'intent/id', id)
  if (fields === undefined) return undefined
  const text = (name: string): string => String(fields.get(name))
  const told = {
    caller: text('intent/caller'),
    callerKind: text('intent/caller-kind'),
    hasEnded: fields.has('outcome/end'),
  }
  if (!fields.has('outcome/receipt')) return { ...told, receipt: undefined }
  const question = fieldsOfEntity(facts, fields.get('intent/question') as EntityId)
  const short = formFromJson(readJson(text('outcome/receipt'), { source: 'receipt' }), 'value') as EdnMap
  const whole: (readonly [Edn, Edn])[] = [
    ...short.entries,
    ['query', String(question.get('question/text'))],
    ['args', readEdn(text('intent/args'), WRITTEN_BY_VARVE).value],
  ]
  return { ...told, receipt: readReceipt(new EdnMap(whole)) }
}
