import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import type { Env } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { SimulatedMachine } from '../testing/simulated-env.ts'
import {
  describeTransactionLog,
  frameAt,
  textsOf,
  type LogUnderTest,
} from '../testing/transaction-log-suite.ts'
import { openLog, verifyLog, type LogLimits } from './folder-log.ts'
import { MemoryLog } from './memory-log.ts'
import type { WritableLog } from './transaction-log.ts'

const SMALL: LogLimits = { fileBytesMax: 6_000, fillBytesMax: 2_048, fillBytesMin: 1_024 }
const FOLDER = '/data/log'

describeTransactionLog('memory', async () => {
  const writer = new MemoryLog()
  return {
    writer,
    openReader: () => Promise.resolve(writer),
    run: (work) => work(),
    dispose: async () => writer[Symbol.asyncDispose](),
  }
})

async function underTest(env: Env, folder: string, rest: Pick<LogUnderTest, 'run'>): Promise<LogUnderTest> {
  const writer = await openLog(env, folder, { mode: 'write', limits: SMALL })
  return {
    ...rest,
    writer,
    openReader: () => openLog(env, folder, { mode: 'read' }),
    dispose: () => rest.run(async () => writer[Symbol.asyncDispose]()),
  }
}

describeTransactionLog('a folder of a simulated machine', async () => {
  const machine = new SimulatedMachine({ seed: 5 })
  return underTest(machine.startProcess(), FOLDER, { run: (work) => machine.run(work) })
})

describeTransactionLog('a folder of this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-log-'))
  const made = await underTest(nodeEnv(), join(folder, 'log'), { run: (work) => work() })
  return {
    ...made,
    dispose: async () => {
      await made.dispose()
      rmSync(folder, { recursive: true })
    },
  }
})

async function openWriter(env: Env, takeOver = false): Promise<WritableLog> {
  return openLog(env, FOLDER, { mode: 'write', takeOver, limits: SMALL })
}

describe('a log in a folder', () => {
  it('goes on where it ended, with a higher epoch', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    await machine.run(async () => {
      for (const text of ['a', 'b', 'c']) {
        await using log = await openWriter(env)
        await log.append(frameAt(log, text))
      }
      await using log = await openWriter(env)
      expect(log.epoch).toBe(4)
      expect(textsOf(log.read(0, 9))).toEqual(['a', 'b', 'c'])
      expect([...log.read(0, 9)].map(({ epoch }) => epoch)).toEqual([1, 2, 3])
      expect(await verifyLog(env, FOLDER)).toMatchObject({ lastT: 2 })
    })
  })

  it('compresses files that are complete, and reads them as before', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    const texts = Array.from({ length: 60 }, (_, index) => `${index} `.repeat(150))
    await machine.run(async () => {
      const log = await openWriter(env)
      for (const text of texts) await log.append(frameAt(log, text))
      await log[Symbol.asyncDispose]()
      const sealed = env.files.list(FOLDER).filter((name) => name.endsWith('.sealed'))
      expect(sealed.length).toBeGreaterThan(4)
      for (const name of sealed) expect(env.files.stat(`${FOLDER}/${name}`)?.byteCount).toBeLessThan(1_200)
      const reader = await openLog(env, FOLDER, { mode: 'read' })
      expect(textsOf(reader.read(0, Infinity))).toEqual(texts)
      expect(textsOf(reader.read(33, 35))).toEqual(texts.slice(33, 35))
      expect(await verifyLog(env, FOLDER)).toMatchObject({ lastT: 59 })
    })
  })

  it('names the writer to a second one', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const first = machine.startProcess()
    await using _log = await openWriter(first)
    await expect(openWriter(machine.startProcess())).rejects.toMatchObject({
      code: 'varve.error/folder-locked',
      data: { holder: { pid: first.processes.pid } },
    })
  })

  it('fences a writer that was stopped, replaced, and continued, wherever it was stopped', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const [first, second] = [machine.startProcess(), machine.startProcess()]
    await machine.run(async () => {
      const old = await openWriter(first)
      await old.append(frameAt(old, 'a'))
      const late = old.append(frameAt(old, 'late'))
      machine.stop(first)
      const next = await openWriter(second, true)
      await next.append(frameAt(next, 'b'))
      machine.resume(first)
      await expect(late).rejects.toMatchObject({ code: 'varve.error/writer-fenced' })
      await expect(old.append(frameAt(old, 'later'))).rejects.toMatchObject({
        code: 'varve.error/log-poisoned',
      })
      await next.append(frameAt(next, 'c'))
      const reader = await openLog(second, FOLDER, { mode: 'read' })
      expect(textsOf(reader.read(0, 99))).toEqual(['a', 'late', 'b', 'c'])
      await old[Symbol.asyncDispose]()
      await next[Symbol.asyncDispose]()
      expect(await verifyLog(second, FOLDER)).toMatchObject({ lastT: 3 })
    })
  })

  it('gives nothing to readers that a fenced writer adds to its file later', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const [first, second] = [machine.startProcess(), machine.startProcess()]
    await machine.run(async () => {
      const old = await openWriter(first)
      await old.append(frameAt(old, 'a'))
      const next = await openWriter(second, true)
      await next.append(frameAt(next, 'b'))
      await expect(old.append(frameAt(old, 'x'))).rejects.toMatchObject({ code: 'varve.error/writer-fenced' })
      const reader = await openLog(second, FOLDER, { mode: 'read' })
      expect(textsOf(reader.read(0, 99))).toEqual(['a', 'b'])
      await next[Symbol.asyncDispose]()
      expect(await verifyLog(second, FOLDER)).toMatchObject({ lastT: 1 })
    })
  })

  it.each(['EIO', 'ENOSPC', 'short'] as const)(
    'is poisoned by a write or sync that fails: %s',
    async (fault) => {
      const machine = new SimulatedMachine({ seed: 3 })
      const env = machine.startProcess()
      await machine.run(async () => {
        for (const distance of [0, 1]) {
          const log = await openWriter(env)
          await log.append(frameAt(log, 'a'))
          machine.failAt(machine.operationCount + distance, fault)
          const code = expect.stringMatching(/disk-broken|disk-full|short-write/)
          await expect(log.append(frameAt(log, 'b'))).rejects.toMatchObject({ code })
          machine.clearFaults()
          await expect(log.append(frameAt(log, 'c'))).rejects.toMatchObject({
            code: 'varve.error/log-poisoned',
            cause: { code },
          })
          await log[Symbol.asyncDispose]()
          await using again = await openWriter(env)
          await again.append(frameAt(again, 'd'))
        }
        expect(await verifyLog(env, FOLDER)).toMatchObject({ lastT: expect.any(Number) })
      })
    },
  )

  it('cuts a torn tail, whatever of the last frame arrived', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const machine = new SimulatedMachine({ seed })
      await machine.run(async () => {
        const log = await openWriter(machine.startProcess())
        await log.append(frameAt(log, 'kept'.repeat(100)))
        machine.cutPowerAt(machine.operationCount + 1)
        await expect(log.append(frameAt(log, 'torn'.repeat(600)))).rejects.toThrow('no more')
      })
      machine.restart()
      await machine.run(async () => {
        await using log = await openWriter(machine.startProcess())
        expect(textsOf(log.read(0, 1))).toEqual(['kept'.repeat(100)])
        expect(log.lastT()).toBeLessThanOrEqual(1)
        await log.append(frameAt(log, 'next'))
      })
    }
  })

  it('follows a writer through takeover, new files and sealing', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    await machine.run(async () => {
      const reader = await openLog(env, FOLDER, { mode: 'read' })
      expect(reader.lastT()).toBe(-1)
      let expected = 0
      for (let round = 0; round < 4; round++) {
        const log = await openWriter(env)
        for (let n = 0; n < 15; n++) {
          await log.append(frameAt(log, `${expected}:${'x'.repeat(500)}`))
          expect(await reader.waitFor(expected)).toBe(expected)
          expect(textsOf(reader.read(expected, expected + 1))[0]).toMatch(new RegExp(`^${expected}:`))
          expected++
        }
        await log[Symbol.asyncDispose]()
        expect(textsOf(reader.read(0, Infinity))).toHaveLength(expected)
      }
    })
  })

  it('ends waiting when it is closed', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    const log = await openWriter(env)
    const reader = await openLog(env, FOLDER, { mode: 'read' })
    const waiting = [log.waitFor(5), reader.waitFor(5)]
    const refused = waiting.map((wait) =>
      expect(wait).rejects.toMatchObject({ code: 'varve.error/log-closed' }),
    )
    await reader[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
    await log[Symbol.asyncDispose]()
    await Promise.all(refused)
    await expect(log.append(frameAt(log, 'a'))).rejects.toMatchObject({ code: 'varve.error/log-closed' })
    await expect(log.waitFor(9)).rejects.toMatchObject({ code: 'varve.error/log-closed' })
  })

  it('says where a frame is damaged that is followed by good ones, and changes nothing', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    await machine.run(async () => {
      const log = await openWriter(env)
      for (const text of ['a', 'b', 'c']) await log.append(frameAt(log, text))
      await log[Symbol.asyncDispose]()
      const path = `${FOLDER}/${env.files.list(FOLDER).find((name) => name.endsWith('.log'))}`
      const frameBytes = 69
      machine.disk.damage(path, (bytes) => bytes.fill(0xff, 512 + frameBytes, 512 + frameBytes + 4))
      const before = env.files.list(FOLDER).filter((name) => name.endsWith('log'))
      const damaged = { code: 'varve.error/log-corrupt', data: { path, offset: 512 + frameBytes, t: 1 } }
      await expect(openWriter(env)).rejects.toMatchObject(damaged)
      await expect(verifyLog(env, FOLDER)).rejects.toMatchObject(damaged)
      expect(env.files.list(FOLDER).filter((name) => name.endsWith('log'))).toEqual(before)
      const reader = await openLog(env, FOLDER, { mode: 'read' })
      expect(textsOf(reader.read(0, 1))).toEqual(['a'])
      expect(() => [...reader.read(0, 9)]).toThrow(expect.objectContaining({ code: damaged.code }))
    })
  })

  it('ignores files that are not its own', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    env.files.makeFolder(FOLDER)
    env.files.open(`${FOLDER}/notes.txt`, 'create').write(0, Uint8Array.of(1, 2, 3))
    await using log = await openWriter(env)
    await log.append(frameAt(log, 'a'))
    expect(await machine.run(() => verifyLog(env, FOLDER))).toMatchObject({ lastT: 0, fileCount: 1 })
  })

  it('refuses a file of another format version and a frame beyond the bound', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    const log = await openWriter(env)
    const payload = { byteLength: 2 ** 30 } as Uint8Array
    await expect(log.append({ ...frameAt(log, ''), payload })).rejects.toMatchObject({
      code: 'varve.error/frame-too-large',
    })
    await log.append(frameAt(log, 'a'))
    await log[Symbol.asyncDispose]()
    const { crc32 } = await import('../base/checksum.ts')
    const name = env.files.list(FOLDER).find((file) => file.endsWith('.log'))
    machine.disk.damage(`${FOLDER}/${name}`, (bytes) => {
      bytes[8] = 77
      new DataView(bytes.buffer).setUint32(508, crc32(bytes.subarray(0, 508)), true)
    })
    await expect(openWriter(env)).rejects.toMatchObject({
      code: 'varve.error/log-format-unknown',
      data: { version: 77 },
    })
  })
})
