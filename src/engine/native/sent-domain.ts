// Domains on their way to other threads: what they hold as plain data, texts in memory that threads share. The same
// numbers stand for the same values on both sides.

import { readEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import type { ValueType } from '../../fact/attribute.ts'
import type { Edn } from '../../fact/value.ts'
import type { TextColumn } from '../../segment/column.ts'
import {
  CollectedDomain,
  type Domain,
  HashedTextDomain,
  LateDomain,
  NumberDomain,
  type NumberTypes,
  SortedTextDomain,
} from './domain.ts'
import { asShared } from './shared-memory.ts'

/** Collected values that are sent at most: they go as text, each time anew. */
const COLLECTED_COUNT_MAX = 4_096

export type SentDomain =
  | { readonly kind: 'numbers'; readonly type: NumberTypes }
  | { readonly kind: 'sorted'; readonly type: ValueType; readonly texts: TextColumn }
  | {
      readonly kind: 'hashed'
      readonly type: ValueType
      readonly texts: TextColumn
      readonly rows: Int32Array
      readonly slots: Int32Array
    }
  /** Values in the order of their numbers, as EDN. */
  | { readonly kind: 'collected'; readonly text: string }
  | {
      readonly kind: 'late'
      readonly before: SentDomain
      readonly countBefore: number
      readonly late: SentDomain
    }

/** Undefined where it holds too many values that do not lie in columns. */
export function sendDomain(domain: Domain): SentDomain | undefined {
  if (domain instanceof NumberDomain) return { kind: 'numbers', type: domain.type }
  if (domain instanceof SortedTextDomain)
    return { kind: 'sorted', type: domain.type, texts: sharedTexts(domain.texts) }
  if (domain instanceof HashedTextDomain) {
    const { type, texts, rows, slots } = domain
    return {
      kind: 'hashed',
      type,
      texts: sharedTexts(texts),
      rows: asShared(rows),
      slots: asShared(slots),
    }
  }
  if (domain instanceof CollectedDomain) {
    return domain.valueCount > COLLECTED_COUNT_MAX
      ? undefined
      : { kind: 'collected', text: writeEdn(domain.values) }
  }
  if (!(domain instanceof LateDomain)) return undefined
  const before = sendDomain(domain.before)
  const late = sendDomain(domain.late)
  return before && late && { kind: 'late', before, countBefore: domain.countBefore, late }
}

export function receiveDomain(sent: SentDomain): Domain {
  switch (sent.kind) {
    case 'numbers':
      return new NumberDomain(sent.type)
    case 'sorted':
      return new SortedTextDomain(sent.type, sent.texts)
    case 'hashed':
      return new HashedTextDomain(sent)
    case 'collected':
      return collectedOf(sent)
    case 'late': {
      const late = collectedOf(sent.late as SentDomain & { readonly kind: 'collected' })
      return new LateDomain(receiveDomain(sent.before), sent.countBefore, late)
    }
  }
}

function collectedOf({ text }: SentDomain & { readonly kind: 'collected' }): CollectedDomain {
  const domain = new CollectedDomain()
  // What `sendDomain` wrote is a vector.
  for (const value of readEdn(text, WRITTEN_BY_VARVE).value as readonly Edn[]) domain.collect(value)
  return domain
}

function sharedTexts({ offsets, bytes }: TextColumn): TextColumn {
  return { kind: 'text', offsets: asShared(offsets), bytes: asShared(bytes) }
}
