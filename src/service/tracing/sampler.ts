// Which requests are traced: by OpenTelemetry's names for that. What whoever sent the request decided counts before a chance of
// our own, so that a trace is whole or not there.

import type { TraceContext } from './trace-context.ts'

export const SAMPLER_NAMES = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const
export type SamplerName = (typeof SAMPLER_NAMES)[number]

/** True where the spans of a trace are to be kept. */
export type Sampler = (traceId: string, sender: TraceContext | undefined) => boolean

/** `ratio` is the share of traces that are kept, of those samplers that ask for one. */
export function samplerOf(name: SamplerName, ratio: number): Sampler {
  switch (name) {
    case 'always_on':
      return () => true
    case 'always_off':
      return () => false
    case 'traceidratio':
      return (traceId) => isWithin(traceId, ratio)
    case 'parentbased_always_on':
      return (_, sender) => sender?.isSampled ?? true
    case 'parentbased_always_off':
      return (_, sender) => sender?.isSampled ?? false
    case 'parentbased_traceidratio':
      return (traceId, sender) => sender?.isSampled ?? isWithin(traceId, ratio)
  }
}

/** By the digits that W3C Trace Context wants random: whoever decides by them decides alike. */
function isWithin(traceId: string, ratio: number): boolean {
  // Of the last 56 bits the first 52: as many as a number tells apart.
  const digits = traceId.slice(-14, -1)
  return Number.parseInt(digits, 16) >= (1 - ratio) * 16 ** digits.length
}
