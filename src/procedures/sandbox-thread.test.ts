import { expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { nodeEnv } from '../base/env-node.ts'
import { defineProcedure } from './define-procedure.ts'
import { Mailbox } from './mailbox.ts'
import { SandboxThread } from './sandbox-thread.ts'

const PROCEDURE = defineProcedure({ name: 't/x', source: '() => 1' })

it('a thread that cannot begin is an error, and not a wait', () => {
  const nowhere = new URL('./no-such-module.ts', import.meta.url)
  const thread = new SandboxThread(nodeEnv(), nowhere, { beginMsMax: 50 })
  expect(() => thread.run(PROCEDURE, '[[]]', { check: NEVER_ENDS, timeoutMs: 50 })).toThrow(
    expect.objectContaining({ code: 'varve.error/procedure-runtime-failed', kind: 'fault' }),
  )
})

it('whoever asks may give up at any time', () => {
  const nowhere = new URL('./no-such-module.ts', import.meta.url)
  const thread = new SandboxThread(nodeEnv(), nowhere, { graceMs: 1 })
  let lookCount = 0
  const check = (): void => {
    if (++lookCount === 3) throw new RangeError('nobody waits')
  }
  expect(() => thread.run(PROCEDURE, '[[]]', { check, timeoutMs: Infinity })).toThrow('nobody waits')
  expect(lookCount).toBe(3)
})

it('a mailbox carries texts of any length within its bound', () => {
  const mine = new Mailbox()
  const theirs = new Mailbox(mine.sent)
  for (const text of ['', 'ä\u{1f600}', 'x'.repeat(1_000_000), 'short']) {
    mine.begin()
    expect(theirs.tell('answered', text)).toBe(true)
    expect(mine.wait('working', 1)).toBe('answered')
    expect(mine.text).toBe(text)
  }
  expect(theirs.tell('answered', 'x'.repeat((32 << 20) + 1))).toBe(false)
})
