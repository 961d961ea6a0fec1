import { describe, expect, it } from 'vitest'
import type { Timers } from '../base/env.ts'
import { Admission, Place } from './admission.ts'

/** Time goes by when a test says so. */
class ManualTimers implements Timers {
  works: (() => void)[] = []
  sleep(): Promise<void> {
    return Promise.resolve()
  }
  repeat(_ms: number, work: () => void): Disposable {
    this.works.push(work)
    return { [Symbol.dispose]: () => (this.works = this.works.filter((each) => each !== work)) }
  }
  pass(count: number): void {
    for (let i = 0; i < count; i++) for (const work of this.works) work()
  }
}

const { signal } = new AbortController()

function ended(entering: Promise<void> | undefined, name: string, order: string[]): void {
  entering?.then(
    () => order.push(name),
    (error: { code?: string }) => order.push(`${name} ${error.code ?? 'gone'}`),
  )
}

describe('Admission', () => {
  it('lets so many in at once, and then whoever came last', async () => {
    const admission = new Admission(new ManualTimers(), { runningCountMax: 1 })
    const order: string[] = []
    expect(admission.enter(signal)).toBeUndefined()
    for (const name of ['first', 'second', 'third']) ended(admission.enter(signal), name, order)
    for (let i = 0; i < 4; i++) {
      admission.leave()
      await Promise.resolve()
    }
    expect(order).toEqual(['third', 'second', 'first'])
    expect(admission.enter(signal), 'everybody has left').toBeUndefined()
    expect(admission.enter(signal)).toBeInstanceOf(Promise)
  })

  it('refuses whoever waited too long, with varve.error/service-busy, and looks no more when nobody waits', async () => {
    const timers = new ManualTimers()
    const admission = new Admission(timers, { runningCountMax: 1 })
    const order: string[] = []
    void admission.enter(signal)
    ended(admission.enter(signal), 'old', order)
    timers.pass(5)
    ended(admission.enter(signal), 'young', order)
    timers.pass(6)
    await Promise.resolve()
    expect(order).toEqual(['old varve.error/service-busy'])
    timers.pass(5)
    await Promise.resolve()
    expect(order).toEqual(['old varve.error/service-busy', 'young varve.error/service-busy'])
    expect(timers.works).toEqual([])
  })

  it('refuses the oldest where too many wait, and passes over clients that are gone', async () => {
    const admission = new Admission(new ManualTimers(), { runningCountMax: 1, waitingCountMax: 2 })
    const order: string[] = []
    const gone = new AbortController()
    void admission.enter(signal)
    ended(admission.enter(signal), 'a', order)
    ended(admission.enter(signal), 'b', order)
    ended(admission.enter(gone.signal), 'c', order)
    await Promise.resolve()
    expect(order).toEqual(['a varve.error/service-busy'])
    expect(admission.waitingCount).toBe(2)
    gone.abort(new Error('The client went away'))
    admission.leave()
    await Promise.resolve()
    expect(order.slice(1).sort()).toEqual(['b', 'c gone'])
  })

  it('keeps no place for a client that is gone longer than until the next look', async () => {
    const timers = new ManualTimers()
    const admission = new Admission(timers, { runningCountMax: 1 })
    const order: string[] = []
    const gone = new AbortController()
    void admission.enter(signal)
    ended(admission.enter(signal), 'a', order)
    ended(admission.enter(gone.signal), 'b', order)
    gone.abort(new Error('The client went away'))
    timers.pass(1)
    await Promise.resolve()
    expect([order, admission.waitingCount]).toEqual([['b gone'], 1])
  })
})

describe('a place', () => {
  it('is free for others while its request waits aside, and is left once, whoever has it', async () => {
    const admission = new Admission(new ManualTimers(), { runningCountMax: 1, waitingCountMax: 1 })
    const [one, other] = [new Place(admission, signal), new Place(admission, signal)]
    const arrived = Promise.withResolvers<void>()
    expect(one.enter()).toBeUndefined()
    const aside = one.aside(() => arrived.promise)
    expect(other.enter()).toBeUndefined()
    arrived.resolve()
    await new Promise(setImmediate)
    expect(admission.waitingCount).toBe(1)
    other.leave()
    await aside
    one.leave()
    one.leave()
    expect(other.enter()).toBeUndefined()
    expect(admission.enter(signal)).toBeInstanceOf(Promise)
    // Refused on the way back: it has no place to leave.
    await expect(other.aside(() => Promise.reject(new Error('gone')))).rejects.toThrow('gone')
    other.leave()
    expect(admission.waitingCount).toBe(0)
    expect(one.enter()).toBeInstanceOf(Promise)
  })
})
