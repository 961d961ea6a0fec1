// What is read of W3C Trace Context, what is no trace, and which traces are kept.

import { describe, expect, it } from 'vitest'
import { type SamplerName, samplerOf } from './sampler.ts'
import { traceContextOf } from './trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'

function read(traceparent: string, tracestate?: string): ReturnType<typeof traceContextOf> {
  const headers = new Map([['traceparent', traceparent]])
  if (tracestate !== undefined) headers.set('tracestate', tracestate)
  return traceContextOf({ headers })
}

describe('traceparent', () => {
  it('names the trace, the span that asks, and whether it is kept', () => {
    const context = { traceId: TRACE, parentId: PARENT, isSampled: true, state: undefined }
    expect(read(`00-${TRACE}-${PARENT}-01`)).toEqual(context)
    expect(read(`00-${TRACE}-${PARENT}-00`)).toEqual({ ...context, isSampled: false })
    expect(read(`00-${TRACE}-${PARENT}-03`)).toEqual(context)
    expect(read(`00-${TRACE}-${PARENT}-01`, 'a=b,c=d')).toEqual({ ...context, state: 'a=b,c=d' })
    expect(read(`00-${TRACE}-${PARENT}-01`, `a=${'b'.repeat(600)}`)).toEqual(context)
  })

  it('of a version to come is read as far as this one goes', () => {
    expect(read(`cc-${TRACE}-${PARENT}-01-what-will-be`)).toMatchObject({ traceId: TRACE, isSampled: true })
  })

  it('that is written otherwise is as if it were not there', () => {
    const parent = `00-${TRACE}-${PARENT}-01`
    for (const wrong of [
      '',
      'secret',
      parent.toUpperCase(),
      `${parent}-more`,
      `${parent}, ${parent}`,
      ` ${parent}`,
      `ff-${TRACE}-${PARENT}-01`,
      `cc-${TRACE}-${PARENT}-01.more`,
      `00-${'0'.repeat(32)}-${PARENT}-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE}-${PARENT}`,
    ])
      expect(read(wrong), wrong).toBeUndefined()
  })
})

describe('samplers', () => {
  const sampled = read(`00-${TRACE}-${PARENT}-01`)
  const unsampled = read(`00-${TRACE}-${PARENT}-00`)
  const decide = (name: SamplerName): readonly boolean[] =>
    [undefined, sampled, unsampled].map((sender) => samplerOf(name, 0)(TRACE, sender))

  it('heed whoever sent the request where their name says so', () => {
    expect(decide('always_on')).toEqual([true, true, true])
    expect(decide('always_off')).toEqual([false, false, false])
    expect(decide('parentbased_always_on')).toEqual([true, true, false])
    expect(decide('parentbased_always_off')).toEqual([false, true, false])
    expect(decide('traceidratio')).toEqual([false, false, false])
    expect(decide('parentbased_traceidratio')).toEqual([false, true, false])
  })

  it('keep the share that is asked for, the same traces everywhere', () => {
    const quarter = samplerOf('traceidratio', 0.25)
    const ids = Array.from(
      { length: 256 },
      (_, at) => `${'a'.repeat(18)}${at.toString(16).padStart(2, '0')}${'0'.repeat(12)}`,
    )
    const kept = ids.filter((id) => quarter(id, undefined))
    expect(kept).toEqual(ids.slice(192))
    expect(ids.every((id) => samplerOf('traceidratio', 1)(id, undefined))).toBe(true)
  })
})
