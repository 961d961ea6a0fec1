import { expect, it } from 'vitest'
import { withLimit } from './options.ts'

it('limits are added one by one, in either notation, the last of a name holding', () => {
  const limits = ['rowCount=5', 'scan.concurrency=2', 'scan.row-count=3', 'rowCount=7'].reduce(
    (before, words) => withLimit(words, before),
    {},
  )
  expect(limits).toEqual({ rowCount: 7, 'scan.concurrency': 2, 'scan.rowCount': 3 })
})

it.each([
  ['scan.speed=2', 'The limits are concurrency, timeoutMs'],
  ['point.workers=2', 'The limits are'],
  ['rowCount=0', 'It is not a positive whole number.'],
  ['rowCount', 'It is not a positive whole number.'],
  ['rowCount=1=2', 'Give it as NAME=COUNT.'],
])('%s is refused', (words, message) => {
  expect(() => withLimit(words, {})).toThrow(message)
})
