// A reader finds any t of a large file without reading what stands before it.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { SeededRandom } from '../testing/seeded-random.ts'
import { openLog } from './folder-log.ts'

const env = nodeEnv()
const random = new SeededRandom(8)
let folder: string

beforeEach(() => {
  folder = env.files.makeTemporaryFolder('varve-frames')
})
afterEach(() => {
  env.files.remove(folder)
})

/** Frames of very different sizes, some of which hold what a frame begins with. */
async function writeFrames(byteCount: number): Promise<number> {
  await using log = await openLog(env, folder, { mode: 'write' })
  let t = 0
  for (let written = 0; written < byteCount;) {
    const payload = new Uint8Array(random.pick([10, 500, 5_000, 60_000, 300_000]))
    for (let at = 0; at + 4 < payload.byteLength; at += 97) payload.set([0x56, 0x46, 0x52, 0x31], at)
    const lastT = t + random.below(3)
    await log.append({ firstT: t, lastT, epoch: log.epoch, payload })
    written += payload.byteLength
    t = lastT + 1
  }
  return t - 1
}

describe('reading frames', () => {
  it('gives the frame of any t, whatever was read before', async () => {
    const lastT = await writeFrames(6 << 20)
    for (let round = 0; round < 60; round++) {
      await using log = await openLog(env, folder, { mode: 'read' })
      for (const t of [random.below(lastT + 1), random.below(lastT + 1)]) {
        const [frame, ...more] = log.read(t, t + 1)
        expect(more).toEqual([])
        expect(frame!.firstT <= t && t <= frame!.lastT).toBe(true)
      }
    }
    await using log = await openLog(env, folder, { mode: 'read' })
    let nextT = 0
    for (const { firstT, lastT: last } of log.read(0, lastT + 1)) {
      expect(firstT).toBe(nextT)
      nextT = last + 1
    }
    expect(nextT).toBe(lastT + 1)
  })

  it('goes from header to header among large frames', async () => {
    const payload = new Uint8Array(80_000)
    {
      await using log = await openLog(env, folder, { mode: 'write' })
      for (let t = 0; t < 60; t++) await log.append({ firstT: t, lastT: t, epoch: log.epoch, payload })
    }
    await using log = await openLog(env, folder, { mode: 'read' })
    const before = env.files.counts.readBytes
    expect([...log.read(59, 60)]).toHaveLength(1)
    // The frame, half a frame to find the middle of the file, and headers.
    expect(env.files.counts.readBytes - before).toBeLessThan(200_000)
  })

  it('reads little of a large file for its last t', async () => {
    const lastT = await writeFrames(12 << 20)
    await using log = await openLog(env, folder, { mode: 'read' })
    const before = env.files.counts.readBytes
    expect([...log.read(lastT, lastT + 1)]).toHaveLength(1)
    expect(env.files.counts.readBytes - before).toBeLessThan(3 << 20)
  })
})
