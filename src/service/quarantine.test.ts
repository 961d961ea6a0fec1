// What is held, how long, and what is forgotten; that real workers end so is tested beside (questions-in-workers.test.ts).

import { expect, it } from 'vitest'
import { Quarantine } from './quarantine.ts'

const HOUR_MS = 3_600_000

function quarantineAt(): { readonly quarantine: Quarantine; pass(ms: number): void } {
  let nowMs = 0
  return { quarantine: new Quarantine({ nowMs: () => nowMs }), pass: (ms) => void (nowMs += ms) }
}

it('a query that ended two workers is held for an hour, then it begins from nothing', () => {
  const { quarantine, pass } = quarantineAt()
  quarantine.killed('one')
  expect(() => quarantine.check('one')).not.toThrow()
  pass(HOUR_MS - 1)
  quarantine.killed('one')
  quarantine.killed('other')
  const until = new Date(2 * HOUR_MS - 1)
  expect(quarantine.list()).toEqual([{ queryHash: 'one', until }])
  expect(() => quarantine.check('one')).toThrow(`The query one has ended two workers`)
  expect(() => quarantine.check('other')).not.toThrow()
  pass(HOUR_MS)
  expect(() => quarantine.check('one')).not.toThrow()
  quarantine.killed('one')
  expect(quarantine.list()).toEqual([])
})

it('ends that lie an hour apart do not add up', () => {
  const { quarantine, pass } = quarantineAt()
  for (let i = 0; i < 5; i++) {
    quarantine.killed('one')
    pass(HOUR_MS)
  }
  expect(quarantine.list()).toEqual([])
})

it('is lifted by the hash, of what is held alone, with varve.error/quarantine-unknown', () => {
  const { quarantine } = quarantineAt()
  for (let i = 0; i < 2; i++) quarantine.killed('one')
  quarantine.lift('one')
  expect(() => quarantine.check('one')).not.toThrow()
  expect(() => quarantine.lift('one')).toThrow(
    expect.objectContaining({ code: 'varve.error/quarantine-unknown', kind: 'not-found' }),
  )
})
