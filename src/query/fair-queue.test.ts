// Nobody waits because another asks much.

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
})
