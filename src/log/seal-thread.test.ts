import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

import type { Env } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { SeededRandom } from '../base/seeded-random.ts'
import { openLog, verifyLog } from './folder-log.ts'

const LIMITS = { fileBytesMax: 8_000, fillBytesMax: 4_096, fillBytesMin: 4_096 }
const FRAME_COUNT = 300

/** Files without chance: the same frames give the same bytes. */
function steady(changes: Partial<Env['processes']> = {}): Env {
  const env = nodeEnv()
  return { ...env, random: new SeededRandom(3), processes: { ...env.processes, ...changes } }
}

async function filledLog(env: Env, isSealedInThread: boolean): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'varve-seal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await using log = await openLog(env, folder, { mode: 'write', limits: LIMITS, isSealedInThread })
  for (let t = 0; t < FRAME_COUNT; t++) {
    await log.append({ firstT: t, lastT: t, epoch: log.epoch, payload: Buffer.from(`payload ${t % 7}`) })
  }
  return folder
}

function sealedFiles(folder: string): readonly (readonly [string, string])[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sealed'))
  return names.sort().map((name) => [name, readFileSync(join(folder, name), 'base64')])
}

describe('sealing in a thread', () => {
  it('makes the same files as sealing beside the writing', async () => {
    const inThread = sealedFiles(await filledLog(steady(), true))
    expect(inThread.length).toBeGreaterThan(2)
    expect(inThread).toEqual(sealedFiles(await filledLog(steady(), false)))
  })

  it('leaves files as they are whose threads end too early; the next opening tries again', async () => {
    const env = steady()
    let endedCount = 0
    const ending = steady({
      startWorker: (module, options) => {
        const thread = env.processes.startWorker(module, options)
        endedCount++
        void thread.stop()
        return thread
      },
    })
    const folder = await filledLog(ending, true)
    expect(endedCount).toBeGreaterThan(0)
    const sealedCount = sealedFiles(folder).length
    expect(sealedCount).toBeLessThan(endedCount)
    expect((await verifyLog(env, folder)).lastT).toBe(FRAME_COUNT - 1)
    await (
      await openLog(env, folder, { mode: 'write', limits: LIMITS, isSealedInThread: true })
    )[Symbol.asyncDispose]()
    expect(sealedFiles(folder).length).toBeGreaterThan(sealedCount)
    expect((await verifyLog(env, folder)).lastT).toBe(FRAME_COUNT - 1)
  })
})
