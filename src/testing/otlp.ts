// The receiving end of OTLP over HTTP, for tests: reads what an exporter sent by the JSON mapping of the protocol, and refuses
// whatever that does not allow (opentelemetry-proto 1: trace.proto, common.proto, and the exceptions for JSON in the
// specification: ids in hexadecimal digits, enums as numbers, 64-bit numbers as decimal text).

import { assert } from '../base/assert.ts'

export type ReceivedSpan = {
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly state: string | undefined
  readonly name: string
  readonly kind: 'internal' | 'server'
  readonly fromNs: bigint
  readonly untilNs: bigint
  readonly attributes: Attributes
  readonly isFailed: boolean
  /** The parent is a span of another program. */
  readonly hasRemoteParent: boolean
  readonly resource: Attributes
}

type Attributes = Readonly<Record<string, string | number | boolean>>
type Fields = Readonly<Record<string, unknown>>

const NANOSECONDS_OF_2020 = 1_577_836_800_000_000_000n
const NANOSECONDS_OF_2100 = 4_102_444_800_000_000_000n

/** The spans of one export request. Throws where anything in it is not as the protocol says. */
export function receivedSpans(body: string): readonly ReceivedSpan[] {
  const { resourceSpans } = fieldsOf(JSON.parse(body), ['resourceSpans'])
  return listOf(resourceSpans).flatMap((each) => {
    const { resource, scopeSpans } = fieldsOf(each, ['resource', 'scopeSpans'])
    const attributes = attributesOf(fieldsOf(resource, ['attributes'])['attributes'])
    assert(typeof attributes['service.name'] === 'string', 'a resource names its service')
    return listOf(scopeSpans).flatMap((scoped) => {
      const { scope, spans } = fieldsOf(scoped, ['scope', 'spans'])
      const { name } = fieldsOf(scope, ['name', 'version'])
      assert(typeof name === 'string' && name !== '', 'a scope has a name')
      return listOf(spans).map((span) => spanOf(span, attributes))
    })
  })
}

/** That the spans of whole traces fit together: ids are unique, parents are there, parts lie within what they are parts of. */
export function checkTraces(spans: readonly ReceivedSpan[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]))
  assert(byId.size === spans.length, 'no two spans have one id')
  for (const span of spans) {
    const { parentId, kind, hasRemoteParent, fromNs, untilNs } = span
    assert(fromNs <= untilNs, `${span.name} ends after it begins`)
    const parent = parentId === undefined ? undefined : byId.get(parentId)
    if (kind === 'server') {
      assert(parent === undefined && hasRemoteParent === (parentId !== undefined), 'a request begins here')
      continue
    }
    assert(parent !== undefined && !hasRemoteParent, `${span.name} is a part of a span that came with it`)
    assert(parent.traceId === span.traceId, `${span.name} is of the trace of ${parent.name}`)
    const isWithin = parent.fromNs <= fromNs && untilNs <= parent.untilNs
    assert(isWithin, `${span.name} lies within ${parent.name}`)
  }
}

const SPAN_FIELDS = [
  'traceId',
  'spanId',
  'parentSpanId',
  'traceState',
  'flags',
  'name',
  'kind',
  'startTimeUnixNano',
  'endTimeUnixNano',
  'attributes',
  'status',
]

function spanOf(given: unknown, resource: Attributes): ReceivedSpan {
  const fields = fieldsOf(given, SPAN_FIELDS)
  const { name, kind, flags, traceState, parentSpanId, status } = fields
  assert(typeof name === 'string' && name !== '', 'a span has a name')
  assert(kind === 1 || kind === 2, 'a span is internal or of a server')
  assert(Number.isInteger(flags) && (flags as number) >>> 10 === 0, 'flags are those that are known')
  const bits = flags as number
  assert(
    (bits & 0x001) !== 0 && (bits & 0x100) !== 0,
    'what is exported was sampled, and says where its parent is',
  )
  assert(traceState === undefined || typeof traceState === 'string', 'a trace state is text')
  const { code = 0 } = status === undefined ? {} : fieldsOf(status, ['code', 'message'])
  assert(code === 0 || code === 2, 'a status is unset or an error')
  return {
    traceId: idOf(fields['traceId'], 32),
    spanId: idOf(fields['spanId'], 16),
    parentId: parentSpanId === undefined ? undefined : idOf(parentSpanId, 16),
    state: traceState,
    name,
    kind: kind === 2 ? 'server' : 'internal',
    fromNs: nanosecondsOf(fields['startTimeUnixNano']),
    untilNs: nanosecondsOf(fields['endTimeUnixNano']),
    attributes: attributesOf(fields['attributes']),
    isFailed: code === 2,
    hasRemoteParent: (bits & 0x200) !== 0,
    resource,
  }
}

function fieldsOf(value: unknown, known: readonly string[]): Fields {
  assert(typeof value === 'object' && value !== null && !Array.isArray(value), 'a message is an object')
  const fields = value as Fields
  for (const name of Object.keys(fields)) assert(known.includes(name), `${name} is no field of its message`)
  return fields
}

function listOf(value: unknown): readonly unknown[] {
  assert(Array.isArray(value), 'a repeated field is an array')
  return value as readonly unknown[]
}

function idOf(value: unknown, digitCount: number): string {
  assert(typeof value === 'string' && /^[0-9a-f]+$/.test(value), 'an id is hexadecimal digits')
  assert(value.length === digitCount && /[^0]/.test(value), 'an id has its length, and is not zero')
  return value
}

function nanosecondsOf(value: unknown): bigint {
  assert(typeof value === 'string' && /^[1-9]\d*$/.test(value), 'a fixed64 is decimal text')
  const nanoseconds = BigInt(value)
  assert(nanoseconds > NANOSECONDS_OF_2020 && nanoseconds < NANOSECONDS_OF_2100, 'a time is of this century')
  return nanoseconds
}

function attributesOf(value: unknown): Attributes {
  const attributes: Record<string, string | number | boolean> = {}
  for (const pair of listOf(value)) {
    const { key, value: given } = fieldsOf(pair, ['key', 'value'])
    assert(typeof key === 'string' && key !== '' && !Object.hasOwn(attributes, key), 'a key is there once')
    attributes[key] = anyValueOf(given)
  }
  return attributes
}

function anyValueOf(given: unknown): string | number | boolean {
  const [[kind, value] = [], ...others] = Object.entries(
    fieldsOf(given, ['stringValue', 'boolValue', 'intValue', 'doubleValue']),
  )
  assert(others.length === 0, 'a value is of one kind')
  switch (kind) {
    case 'stringValue':
      assert(typeof value === 'string', 'a string is text')
      return value
    case 'boolValue':
      assert(typeof value === 'boolean', 'a bool is true or false')
      return value
    case 'intValue':
      assert(typeof value === 'string' && /^-?\d+$/.test(value), 'an int64 is decimal text')
      return Number(value)
    default:
      assert(kind === 'doubleValue' && typeof value === 'number', 'a double is a number')
      return value
  }
}
