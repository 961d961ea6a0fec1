// Nobody waits because another asks much.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FairQueue, type Share } from './fair-queue.ts'

const ada: Share = { name: 'ada', workerCountMax: 2 }
const bob: Share = { name: 'bob', workerCountMax: 2 }
const eve: Share = { name: 'eve', workerCountMax: 1 }

function drain(queue: FairQueue<string>): readonly string[] {
  const taken: string[] = []
  for (let next = queue.next(); next !== undefined; next = queue.next()) {
    taken.push(next.item)
    queue.end(next.share)
  }
  return taken
}

describe('a fair queue', () => {
  it('serves those who wait in turn, each in the order in which they came', () => {
    const queue = new FairQueue<string>(10)
    for (const item of ['a1', 'a2', 'a3']) queue.add(ada, item)
    queue.add(bob, 'b1')
    queue.add(eve, 'e1')
    queue.add(bob, 'b2')
    expect(drain(queue)).toEqual(['a1', 'b1', 'e1', 'a2', 'b2', 'a3'])
    expect(queue.count).toBe(0)
  })

  it('passes over whoever has all the workers that it may have', () => {
    const queue = new FairQueue<string>(10)
    for (const item of ['e1', 'e2']) queue.add(eve, item)
    queue.add(ada, 'a1')
    queue.begin(eve)
    expect([queue.hasRoom(eve), queue.hasRoom(ada)]).toEqual([false, true])
    expect(drain(queue)).toEqual(['a1'])
    queue.end(eve)
    expect(drain(queue)).toEqual(['e1', 'e2'])
  })

  it('when it is full, takes the newest from whoever has most for one who has less', () => {
    const queue = new FairQueue<string>(3)
    for (const item of ['a1', 'a2', 'a3']) expect(queue.add(ada, item)).toBeUndefined()
    expect(queue.add(ada, 'a4')).toBe('a4')
    expect(queue.add(bob, 'b1')).toBe('a3')
    expect(queue.add(bob, 'b2')).toBe('b2')
    expect(queue.count).toBe(3)
    expect(drain(queue)).toEqual(['a1', 'b1', 'a2'])
  })

  it('forgets who leaves', () => {
    const queue = new FairQueue<string>(3)
    queue.add(ada, 'a1')
    queue.add(bob, 'b1')
    queue.delete('ada', 'a1')
    queue.delete('ada', 'a1')
    expect([queue.count, [...queue.items()]]).toEqual([1, ['b1']])
  })

  it('lets go first the newest of whoever has most, and counts who goes before one more', () => {
    const queue = new FairQueue<string>(10)
    for (const item of ['a1', 'a2', 'a3']) queue.add(ada, item)
    queue.add(bob, 'b1')
    expect([ada, bob, eve].map((share) => queue.aheadOf(share))).toEqual([4, 3, 2])
    expect([1, 2, 3, 4, 5].map(() => queue.shed())).toEqual(['a3', 'a2', 'a1', 'b1', undefined])
    expect(queue.count).toBe(0)
  })
})

const COUNT_MAX = 6
const NAMES = ['ada', 'bob', 'eve'] as const
type Name = (typeof NAMES)[number]
const WORKERS: Readonly<Record<Name, number>> = { ada: 1, bob: 2, eve: Infinity }
const shareOf = (name: Name): Share => ({ name, workerCountMax: WORKERS[name] })
type Waiting = { readonly name: Name; readonly item: number }

/** The same as lists that are looked through. */
class NaiveQueue {
  waiting: Waiting[] = []
  /** Those who wait: whoever was served longest ago first. */
  turns: Name[] = []
  running: Name[] = []

  countOf(name: Name): number {
    return this.waiting.filter((each) => each.name === name).length
  }

  hasRoom(name: Name): boolean {
    return this.running.filter((each) => each === name).length < WORKERS[name]
  }

  add(name: Name, item: number): number | undefined {
    let evicted: number | undefined
    if (this.waiting.length >= COUNT_MAX) {
      if (Math.max(...NAMES.map((each) => this.countOf(each))) <= this.countOf(name) + 1) return item
      evicted = this.shed()
    }
    this.waiting.push({ name, item })
    if (!this.turns.includes(name)) this.turns.push(name)
    return evicted
  }

  next(): Waiting | undefined {
    const name = this.turns.find((each) => this.hasRoom(each))
    const taken = this.waiting.find((each) => each.name === name)
    if (taken === undefined) return undefined
    this.delete(taken)
    if (this.turns.includes(taken.name))
      this.turns = [...this.turns.filter((each) => each !== taken.name), taken.name]
    this.running.push(taken.name)
    return taken
  }

  shed(): number | undefined {
    const mostCount = Math.max(...NAMES.map((name) => this.countOf(name)))
    const name = this.turns.find((each) => this.countOf(each) === mostCount)
    const newest = this.waiting.findLast((each) => each.name === name)
    if (newest !== undefined) this.delete(newest)
    return newest?.item
  }

  delete({ name, item }: Waiting): void {
    this.waiting = this.waiting.filter((each) => each.item !== item)
    if (this.countOf(name) === 0) this.turns = this.turns.filter((each) => each !== name)
  }
}

const operations = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('add'), name: fc.constantFrom(...NAMES) }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'next' }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'end' }) },
    fc.record({ kind: fc.constant('leave'), at: fc.nat(COUNT_MAX) }),
    fc.constant({ kind: 'shed' }),
  ) as fc.Arbitrary<Operation>,
  { maxLength: 60 },
)
type Operation =
  | { readonly kind: 'add'; readonly name: Name }
  | { readonly kind: 'next' | 'end' | 'shed' }
  | { readonly kind: 'leave'; readonly at: number }

describe('whatever comes, a fair queue', () => {
  it('does as the naive one: bounded, each item leaves once, nobody is served twice while another waits', () => {
    fc.assert(
      fc.property(operations, (all) => {
        const queue = new FairQueue<number>(COUNT_MAX)
        const naive = new NaiveQueue()
        const left: number[] = []
        /** Of each that waits and could be served: who was served meanwhile. */
        const passedBy = new Map<Name, Name[]>()
        let itemCount = 0
        const leaves = (item: number | undefined): void => void (item !== undefined && left.push(item))
        const step = (operation: Operation): void => {
          switch (operation.kind) {
            case 'add': {
              const item = itemCount++
              const gone = queue.add(shareOf(operation.name), item)
              expect(gone).toBe(naive.add(operation.name, item))
              return leaves(gone)
            }
            case 'next': {
              const taken = queue.next()
              const expected = naive.next()
              expect(taken?.item).toBe(expected?.item)
              if (expected === undefined) return
              for (const names of passedBy.values()) {
                expect(names).not.toContain(expected.name)
                names.push(expected.name)
              }
              passedBy.delete(expected.name)
              return leaves(expected.item)
            }
            case 'end': {
              const name = naive.running.pop()
              return name === undefined ? undefined : queue.end(shareOf(name))
            }
            case 'leave': {
              const leaving = naive.waiting[operation.at]
              if (leaving === undefined) return
              queue.delete(leaving.name, leaving.item)
              naive.delete(leaving)
              return leaves(leaving.item)
            }
            case 'shed': {
              const shed = queue.shed()
              expect(shed).toBe(naive.shed())
              return leaves(shed)
            }
          }
        }
        for (const operation of all) {
          step(operation)
          expect(queue.count).toBe(naive.waiting.length)
          expect(queue.count).toBeLessThanOrEqual(COUNT_MAX)
          for (const name of NAMES) {
            const waits = naive.countOf(name) > 0 && naive.hasRoom(name)
            if (!waits) passedBy.delete(name)
            else if (!passedBy.has(name)) passedBy.set(name, [])
          }
        }
        const rest = [...queue.items()]
        expect([...left, ...rest].sort((x, y) => x - y)).toEqual(
          Array.from({ length: itemCount }, (_, i) => i),
        )
      }),
    )
  })
})
