// Every kind of long step looks up from its work, ends where it is told to, and leaves everything as it was.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import type { IndexedFacts } from '../index/indexed-facts.ts'
import { manyFacts } from './many-facts.ts'
import { asked, LONG_QUESTIONS, type LongQuestion, LOOK_COUNT_MIN } from './question-ends.ts'

const THING_COUNT = 20_000
const GIVEN_UP_COUNT = 3
/** Collections of garbage after which nothing more comes free. */
const TURN_COUNT = 8
const NAMES = Object.keys(LONG_QUESTIONS) as LongQuestion[]

let open: () => Promise<IndexedFacts>
beforeAll(async () => {
  open = await manyFacts(THING_COUNT)
}, 60_000)

describe('a question that nobody waits for any more', () => {
  it.each(NAMES)('ends in the midst of %s, and is answered when it is asked again', async (name) => {
    const whole = asked(name, await open())
    expect(whole.rows?.length).toBeGreaterThan(0)
    expect(whole.lookCount).toBeGreaterThan(LOOK_COUNT_MIN)
    for (let i = 1; i <= GIVEN_UP_COUNT; i++) {
      const facts = await open()
      const lastLook = Math.ceil((whole.lookCount * i) / (GIVEN_UP_COUNT + 1))
      // Nobody looks again: the first that sees it ends the question.
      expect(asked(name, facts, lastLook)).toEqual({ rows: undefined, lookCount: lastLook })
      expect(asked(name, facts).rows).toEqual(whole.rows)
    }
  })

  it('leaves no memory behind', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const facts = await open()
    const giveUp = (): void => {
      for (const name of ['sorting numbers', 'distinct rows', 'groups'] as const)
        asked(name, facts, Math.floor(asked(name, facts).lookCount / 2))
    }
    const heldBytes = async (): Promise<number> => {
      let leastBytes = Infinity
      for (let turn = 0; turn < TURN_COUNT; turn++) {
        // What a WeakRef was asked for stays until the turn is over, and buffers are freed beside this thread.
        await new Promise(setImmediate)
        collect()
        const { arrayBuffers, heapUsed } = process.memoryUsage()
        leastBytes = Math.min(leastBytes, arrayBuffers + heapUsed)
      }
      return leastBytes
    }
    giveUp()
    const before = await heldBytes()
    for (let i = 0; i < 5; i++) giveUp()
    expect((await heldBytes()) - before).toBeLessThan(4 << 20)
  })
})
