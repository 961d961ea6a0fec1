// Traces as the protocol of OpenTelemetry has them (OTLP 1), in its JSON form: ids are hexadecimal digits, counts beyond 32 bits
// are text. Ids of the parts of a trace are given here, since nobody asks for them before.

import type { Span, SpanAttributes } from '../../base/span.ts'

/** A trace whose root has ended. */
export type FinishedTrace = {
  readonly name: string
  readonly traceId: string
  /** Of the root. */
  readonly spanId: string
  /** Of whoever sent the request, and what came with it. */
  readonly parentId: string | undefined
  readonly state: string | undefined
  readonly root: Span
  /** Since 1970, when the root began. */
  readonly atMs: number
  /** Through a fault of this service: a mistake of the caller is no failure of the span. */
  readonly isFailed: boolean
}

export type Resource = Readonly<Record<string, string | number>>

const KIND_INTERNAL = 1
const KIND_SERVER = 2
const STATUS_ERROR = 2
/** Sampled, and it is known whether the parent is elsewhere. */
const FLAGS = 0x101
/** It is. */
const ELSEWHERE = 0x200

type Json = string | number | boolean | undefined | readonly Json[] | { readonly [name: string]: Json }

/** The body of an export request. */
export function exportRequest(
  traces: readonly FinishedTrace[],
  resource: Resource,
  scope: { readonly name: string; readonly version: string },
  newSpanId: () => string,
): string {
  const spans = traces.flatMap((trace) => spansOf(trace, newSpanId))
  const scopeSpans = [{ scope, spans }]
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: pairs(resource) }, scopeSpans }] })
}

function spansOf(trace: FinishedTrace, newSpanId: () => string): readonly Json[] {
  const { name, traceId, spanId, parentId, state, root, atMs, isFailed } = trace
  const originMs = atMs - root.fromMs
  const spans: Json[] = []
  const add = (span: Span, own: { readonly [name: string]: Json }, fromMs: number, untilMs: number): void => {
    spans.push({
      traceId,
      traceState: state,
      startTimeUnixNano: nanoseconds(originMs + fromMs),
      endTimeUnixNano: nanoseconds(originMs + untilMs),
      attributes: pairs(attributesOf(span)),
      ...own,
    })
  }
  /** Whatever a thread said of its clock, or left open: a part lies within the whole. */
  const addChildren = (parent: Span, parentSpanId: string, parentFromMs: number, endMs: number): void => {
    for (const child of parent.children) {
      const untilMs = Math.min(Math.max(child.untilMs ?? endMs, parentFromMs), endMs)
      const fromMs = Math.min(Math.max(child.fromMs, parentFromMs), untilMs)
      const id = newSpanId()
      const status = child.errorType === undefined ? undefined : { code: STATUS_ERROR }
      add(
        child,
        { name: child.name, spanId: id, parentSpanId, kind: KIND_INTERNAL, flags: FLAGS, status },
        fromMs,
        untilMs,
      )
      addChildren(child, id, fromMs, untilMs)
    }
  }
  const endMs = root.untilMs ?? root.fromMs
  const flags = parentId === undefined ? FLAGS : FLAGS | ELSEWHERE
  const status = isFailed ? { code: STATUS_ERROR } : undefined
  add(root, { name, spanId, parentSpanId: parentId, kind: KIND_SERVER, flags, status }, root.fromMs, endMs)
  addChildren(root, spanId, root.fromMs, endMs)
  return spans
}

function attributesOf({ attributes, errorType }: Span): Readonly<SpanAttributes> {
  return errorType === undefined ? attributes : { ...attributes, 'error.type': errorType }
}

function pairs(attributes: Readonly<SpanAttributes>): readonly Json[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))
}

function anyValue(value: string | number | boolean): Json {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** To the microsecond, which is what a number tells apart. */
function nanoseconds(ms: number): string {
  return `${Math.round(ms * 1_000)}000`
}
