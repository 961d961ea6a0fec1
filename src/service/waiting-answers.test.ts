import { describe, expect, it } from 'vitest'
import { WaitingAnswers } from './waiting-answers.ts'

const pieces = (): Uint8Array[] => [new Uint8Array(30), new Uint8Array(20), new Uint8Array(10)]

describe('answers that wait for their clients', () => {
  it('are counted until they are sent', async () => {
    const waiting = new WaitingAnswers(100)
    const { signal } = new AbortController()
    const counts: number[] = []
    for await (const piece of waiting.send(pieces(), 60, signal))
      counts.push(piece.byteLength, waiting.byteCount)
    expect([...counts, waiting.byteCount]).toEqual([30, 60, 20, 30, 10, 10, 0])
  })

  it('are counted no longer when the client is gone, begun or not', async () => {
    const waiting = new WaitingAnswers(100)
    const gone = new AbortController()
    const begun = waiting.send(pieces(), 60, gone.signal)[Symbol.asyncIterator]()
    await begun.next()
    await begun.next()
    waiting.send([new Uint8Array(40)], 40, gone.signal)
    expect(waiting.byteCount).toBe(70)
    gone.abort()
    expect(waiting.byteCount).toBe(0)
    await begun.next()
    expect(waiting.byteCount).toBe(0)
  })

  it('are counted no longer where an error is answered instead, nor made any more', () => {
    const waiting = new WaitingAnswers(100)
    const { signal } = new AbortController()
    waiting.send(pieces(), 60, signal)
    waiting.abandon(signal)
    expect(waiting.byteCount).toBe(0)
    expect(() => waiting.send(pieces(), 60, signal)).toThrow('no other answer')
    expect(waiting.byteCount).toBe(0)
  })

  it('are refused beyond the bound of all together', () => {
    const waiting = new WaitingAnswers(100)
    const { signal } = new AbortController()
    waiting.send(pieces(), 60, signal)
    expect(() => waiting.send(pieces(), 60, signal)).toThrow(
      expect.objectContaining({ code: 'varve.error/answers-waiting', kind: 'busy' }),
    )
    expect(waiting.byteCount).toBe(60)
  })
})
