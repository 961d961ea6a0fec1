// What every TransactionLog does. A log is handed in as a way to make an empty one for writing and to read it.

import { describe, expect, it } from 'vitest'

import type { Frame, TransactionLog, WritableLog } from '../log/transaction-log.ts'

/** One empty log, and a reader of it that may be the same object. */
export type LogUnderTest = {
  readonly writer: WritableLog
  openReader(): Promise<TransactionLog>
  /** Runs work that waits for the log's own timers. */
  run<Result>(work: () => Promise<Result>): Promise<Result>
  dispose(): Promise<void>
}

export function frameAt(log: WritableLog, text: string, count = 1): Frame {
  const firstT = log.lastT() + 1
  const payload = new TextEncoder().encode(text)
  return { firstT, lastT: firstT + count - 1, epoch: log.epoch, payload }
}

export function textsOf(frames: Iterable<Frame>): string[] {
  return [...frames].map((frame) => new TextDecoder().decode(frame.payload))
}

export function describeTransactionLog(name: string, make: () => Promise<LogUnderTest>): void {
  const test = (behaviour: string, work: (log: LogUnderTest) => Promise<void>): void => {
    it(behaviour, async () => {
      const log = await make()
      try {
        await work(log)
      } finally {
        await log.dispose()
      }
    })
  }

  describe(`${name} as a transaction log`, () => {
    test('is empty at first', async ({ writer, openReader }) => {
      const reader = await openReader()
      expect(writer.lastT()).toBe(-1)
      expect(reader.lastT()).toBe(-1)
      expect([...reader.read(0, Infinity)]).toEqual([])
      expect(await reader.waitFor(-1)).toBe(-1)
    })

    test('gives back what was appended, from and to any t', async ({ writer, openReader }) => {
      const reader = await openReader()
      await writer.append(frameAt(writer, 'a'))
      await writer.append(frameAt(writer, 'bcd', 3))
      await writer.append(frameAt(writer, ''))
      await writer.append(frameAt(writer, 'f'))
      for (const log of [writer, reader]) {
        expect(log.lastT()).toBe(5)
        expect([...log.read(0, Infinity)].map(({ firstT, lastT }) => [firstT, lastT])).toEqual([
          [0, 0],
          [1, 3],
          [4, 4],
          [5, 5],
        ])
        expect(textsOf(log.read(0, Infinity))).toEqual(['a', 'bcd', '', 'f'])
        expect(textsOf(log.read(2, 4))).toEqual(['bcd'])
        expect(textsOf(log.read(3, 5))).toEqual(['bcd', ''])
        expect(textsOf(log.read(5, 5))).toEqual([])
        expect(textsOf(log.read(6, 9))).toEqual([])
        expect([...log.read(0, 1)][0]?.epoch).toBe(writer.epoch)
      }
    })

    test('keeps its own copy of the payload', async ({ writer }) => {
      const payload = Uint8Array.of(1, 2, 3)
      const appended = writer.append({ firstT: 0, lastT: 0, epoch: writer.epoch, payload })
      payload.fill(9)
      await appended
      expect([...writer.read(0, 1)][0]?.payload).toEqual(Uint8Array.of(1, 2, 3))
    })

    test('shows a frame to readers when it is appended, not before', async ({ writer, openReader }) => {
      const reader = await openReader()
      const appended = writer.append(frameAt(writer, 'a'))
      await appended
      expect(reader.lastT()).toBe(0)
      expect(textsOf(reader.read(0, 1))).toEqual(['a'])
    })

    test('wakes those who wait for a t', async ({ writer, openReader, run }) => {
      const reader = await openReader()
      const reached = await run(async () => {
        const waiting = [writer.waitFor(1), reader.waitFor(1)]
        await writer.append(frameAt(writer, 'a'))
        await writer.append(frameAt(writer, 'bc', 2))
        return Promise.all(waiting)
      })
      expect(reached.every((t) => t >= 1)).toBe(true)
      expect(await reader.waitFor(0)).toBe(2)
    })

    test('stops waiting when the signal aborts', async ({ writer, openReader, run }) => {
      const reader = await openReader()
      const reason = new Error('enough')
      for (const log of [writer, reader]) {
        await expect(log.waitFor(0, AbortSignal.abort(reason))).rejects.toBe(reason)
        const stop = new AbortController()
        const waiting = log.waitFor(7, stop.signal)
        stop.abort(reason)
        await expect(run(() => waiting)).rejects.toBe(reason)
      }
    })

    test('refuses a frame that does not follow the last t or has another epoch', async ({ writer }) => {
      const attempt = async (frame: Frame): Promise<void> => writer.append(frame)
      const frame = frameAt(writer, 'a')
      await expect(attempt({ ...frame, firstT: 1, lastT: 1 })).rejects.toThrow('follows the last t')
      await expect(attempt({ ...frame, lastT: -1 })).rejects.toThrow('follows the last t')
      await expect(attempt({ ...frame, epoch: writer.epoch + 1 })).rejects.toThrow('epoch')
      await attempt(frame)
      expect(textsOf(writer.read(0, 9))).toEqual(['a'])
    })

    test('holds many frames, small and large', async ({ writer, openReader, run }) => {
      const texts = Array.from({ length: 120 }, (_, index) => String(index).repeat(1 + ((index * 37) % 400)))
      await run(async () => {
        for (const text of texts) await writer.append(frameAt(writer, text))
      })
      const reader = await openReader()
      expect(textsOf(reader.read(0, Infinity))).toEqual(texts)
      expect(textsOf(writer.read(0, Infinity))).toEqual(texts)
      for (const from of [119, 3, 60, 61, 118]) {
        expect(textsOf(reader.read(from, from + 1))).toEqual([texts[from]])
        expect(textsOf(writer.read(from, from + 1))).toEqual([texts[from]])
      }
    })
  })
}
