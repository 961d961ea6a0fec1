// Trees of spans: what is part of what, that a tree is bounded, and what of another thread fits into it.

import { describe, expect, it } from 'vitest'
import { VarveError } from './errors.ts'
import { Span, SPAN_COUNT_MAX, traced } from './span.ts'

function clock(): { nowMs: number; readonly read: () => number } {
  const own = { nowMs: 0, read: () => own.nowMs }
  return own
}

const REFUSED = new VarveError({
  code: 'varve.error/tree',
  kind: 'incorrect',
  message: 'No',
  fix: 'Stop',
  data: {},
})

describe('a span', () => {
  it('has parts with times of their own, attributes, and the code of an error', () => {
    const time = clock()
    const root = Span.root('root', time.read)
    time.nowMs = 2
    const part = root.begin('part')
    part.set('rows', 3)
    time.nowMs = 5
    part.end(REFUSED)
    root.begin('other').end(new TypeError('secret'))
    expect(root.toData()).toMatchObject({
      untilMs: undefined,
      children: [
        { name: 'part', fromMs: 2, untilMs: 5, errorType: 'varve.error/tree', attributes: { rows: 3 } },
        { name: 'other', errorType: 'varve.error/fault', attributes: {} },
      ],
    })
    expect(JSON.stringify(root.toData())).not.toContain('secret')
  })

  it('keeps so many parts and counts the rest, and none that begin after the end', () => {
    const root = Span.root('root', () => 0)
    for (let count = 0; count < 2 * SPAN_COUNT_MAX; count++) root.begin('part').begin('of it').end()
    expect([root.spanCount, root.droppedCount]).toEqual([SPAN_COUNT_MAX, 3 * SPAN_COUNT_MAX + 1])
    root.end()
    const late = root.begin('late')
    late.set('still', 'works')
    late.end()
    expect(root.children.some(({ name }) => name === 'late')).toBe(false)
    expect([root.spanCount, root.droppedCount]).toEqual([SPAN_COUNT_MAX, 3 * SPAN_COUNT_MAX + 1])
  })

  it('takes over what another thread recorded, in the middle of the time that it waited', () => {
    const there = clock()
    there.nowMs = 7_000
    const recorded = Span.root('worker', there.read)
    const answer = recorded.begin('answer')
    there.nowMs += 4
    answer.begin('plan').end()
    answer.end()
    recorded.end()
    const here = clock()
    const root = Span.root('root', here.read)
    here.nowMs = 10
    const worker = root.begin('worker')
    here.nowMs = 20
    worker.take(structuredClone(recorded.toData()))
    expect(root.toData().children[0]!.children).toMatchObject([
      { name: 'answer', fromMs: 13, untilMs: 17, children: [{ name: 'plan', fromMs: 17, untilMs: 17 }] },
    ])
    expect(root.spanCount).toBe(4)
  })
})

describe('traced work', () => {
  it('is a part that ends as the work does', async () => {
    const time = clock()
    const root = Span.root('root', time.read)
    await traced(root, 'good', async (span) => span?.set('is', true))
    await expect(traced(root, 'bad', () => Promise.reject(REFUSED))).rejects.toBe(REFUSED)
    expect(root.toData().children).toMatchObject([
      { name: 'good', untilMs: 0, errorType: undefined, attributes: { is: true } },
      { name: 'bad', untilMs: 0, errorType: 'varve.error/tree' },
    ])
  })

  it('is the work itself where nobody collects spans', () => {
    const working = Promise.resolve(1)
    expect(traced(undefined, 'work', () => working)).toBe(working)
  })
})
