// What a memory log keeps is its own: writers use the bytes they hand over again.

import { expect, it } from 'vitest'
import { MemoryLog } from './memory-log.ts'

it('keeps a frame as it was appended, whatever becomes of the bytes', async () => {
  const log = new MemoryLog()
  const bytes = Buffer.from([1, 2, 3])
  await log.append({ firstT: 0, lastT: 0, epoch: 1, payload: bytes })
  bytes.fill(9)
  expect([...log.read(0, 1)].map(({ payload }) => [...payload])).toEqual([[1, 2, 3]])
})
