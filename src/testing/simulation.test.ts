// A short run of each simulation, and every planted bug of the disk. `npm run torture` runs them for longer.

import { describe, expect, it } from 'vitest'

import { withPlantedBug } from './planted.ts'
import { simulateBlobStore } from './simulate-blob-store.ts'
import { simulateDamage } from './simulate-damage.ts'
import { BrokenPromise } from './broken-promise.ts'
import { simulateDatabase } from './simulate-database.ts'
import { simulateFlips } from './simulate-flips.ts'
import { simulateLog } from './simulate-log.ts'
import { simulateEveryPoint } from './simulate-points.ts'
import { SimulatedMachine } from './simulated-env.ts'

describe('the log on a machine that fails', () => {
  it('keeps what it acknowledged and invents nothing (I7)', async () => {
    const counters = await simulateLog({ firstSeed: 1, seedCount: 50 })
    expect(counters.acknowledged).toBeGreaterThan(1_000)
    expect(counters.powerCuts).toBeGreaterThan(50)
    expect(counters.takeovers).toBeGreaterThan(20)
    expect(counters.fenced).toBeGreaterThan(10)
    expect(counters.keptUnacknowledged).toBeGreaterThan(5)
    expect(counters.framesRead).toBeGreaterThan(1_000)
  })

  // Each begins near a seed that finds it, to be quick; any hundred seeds or so do.
  it.each([
    ['log-skip-sync', 1],
    ['log-acknowledge-before-sync', 1],
    ['log-publish-before-sync', 29],
    ['log-publish-never', 1],
    ['log-retry-sync', 16],
    ['log-skip-fence', 3],
    ['log-skip-folder-sync', 5],
    ['log-trust-cache', 50],
    ['log-take-torn-frames', 1],
  ] as const)('would break a promise with the planted bug %s', async (bug, firstSeed) => {
    const run = withPlantedBug(bug, () => simulateLog({ firstSeed, seedCount: 300 }))
    await expect(run).rejects.toBeInstanceOf(BrokenPromise)
  })

  it('finds damaged and missing bytes, or they do no harm', async () => {
    const counters = await simulateDamage({ firstSeed: 1, damageCount: 200 })
    expect(counters.found).toBeGreaterThan(70)
    expect(counters.harmless).toBeGreaterThan(20)
    expect(counters.found + counters.harmless).toBe(200)
  })

  it('would lose frames with the planted bug log-forgive-loss', async () => {
    const run = withPlantedBug('log-forgive-loss', () => simulateDamage({ firstSeed: 1, damageCount: 400 }))
    await expect(run).rejects.toBeInstanceOf(BrokenPromise)
  })
})

describe('the folder store on a machine that fails', () => {
  it('keeps what it put and the root that was swapped in last', async () => {
    const counters = await simulateBlobStore({ firstSeed: 1, seedCount: 60 })
    expect(counters.swaps).toBeGreaterThan(120)
    expect(counters.lostRaces).toBeGreaterThan(10)
    expect(counters.powerCuts).toBeGreaterThan(50)
  })

  it.each(['blob-skip-sync', 'blob-skip-folder-sync'] as const)(
    'would break a promise with %s',
    async (bug) => {
      const run = withPlantedBug(bug, () => simulateBlobStore({ firstSeed: 1, seedCount: 100 }))
      await expect(run).rejects.toBeInstanceOf(BrokenPromise)
    },
  )
})

describe('a database on a machine that fails', () => {
  it('keeps every promise, whatever breaks (I1, I2, I3, I4, I5, I7)', async () => {
    const counters = await simulateDatabase({ firstSeed: 1, seedCount: 8 })
    expect(counters.acknowledged).toBeGreaterThan(150)
    expect(counters.powerCuts).toBeGreaterThan(15)
    expect(counters.verifications).toBeGreaterThan(80)
    expect(counters.valuesReread).toBeGreaterThan(100)
  })

  // Each begins near a seed that finds it.
  it.each([
    ['index-forget-dead-rows', 1],
    ['index-drop-history', 1],
    ['index-collect-before-swap', 1],
    ['as-of-one-too-late', 1],
    ['generation-one-too-early', 1],
    ['writer-show-before-sync', 6],
    ['writer-forget-keys', 1],
    ['log-skip-fence', 1],
    ['blob-skip-sync', 1],
  ] as const)('would break a promise with the planted bug %s', async (bug, firstSeed) => {
    const run = withPlantedBug(bug, () => simulateDatabase({ firstSeed, seedCount: 60 }))
    await expect(run).rejects.toBeInstanceOf(BrokenPromise)
  })

  it('survives a power cut and a fault at points of its life and of its recovery', async () => {
    const counters = await simulateEveryPoint({ seed: 1, stride: 40, first: 7 })
    expect(counters.operations).toBeGreaterThan(300)
    expect(counters.recoveryPowerCuts).toBeGreaterThan(5)
    expect(counters.faults).toBeGreaterThan(20)
  })

  it('tells of a flipped bit, or is not harmed by it (I8)', async () => {
    const { flips, found, harmless, segmentFlips } = await simulateFlips({ seed: 1, flipCount: 150 })
    expect(found + harmless).toBe(flips)
    expect(found).toBeGreaterThan(40)
    expect(segmentFlips).toBeGreaterThan(40)
  })
})

describe('a simulated machine', () => {
  it('does the same again for the same seed', async () => {
    const once = await simulateLog({ firstSeed: 7, seedCount: 3 })
    expect(await simulateLog({ firstSeed: 7, seedCount: 3 })).toEqual(once)
  })

  it('moves time on when nothing else can happen, and notices what never comes', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    const before = env.clock.nowMs()
    let ticks = 0
    using _repeat = env.timers.repeat(10, () => ticks++)
    await machine.run(async () => Promise.all([env.timers.sleep(55), env.timers.sleep(20)]))
    expect(env.clock.nowMs() - before).toBe(55)
    expect(ticks).toBe(5)
    const other = new SimulatedMachine({ seed: 1 })
    await expect(other.run(() => new Promise(() => undefined))).rejects.toThrow('never comes')
  })

  it('loses what was not synced, and keeps what was', async () => {
    let lostCount = 0
    for (let seed = 0; seed < 40; seed++) {
      const machine = new SimulatedMachine({ seed })
      const env = machine.startProcess()
      using file = env.files.open('/a', 'create')
      file.write(0, new Uint8Array(2_000).fill(1))
      await file.sync()
      await env.files.syncFolder('/')
      file.write(0, new Uint8Array(2_000).fill(2))
      env.files.open('/b', 'create')
      machine.restart()
      expect(() => file.read(0, new Uint8Array(1))).toThrow('no more')
      using again = machine.startProcess().files.open('/a', 'read')
      const bytes = new Uint8Array(2_000)
      expect(again.read(0, bytes)).toBe(2_000)
      // Sectors are old or new, never mixed.
      for (let sector = 0; sector < 2_000; sector += 512) {
        expect(new Set(bytes.subarray(sector, sector + 512)).size).toBe(1)
      }
      if (bytes.includes(1)) lostCount++
    }
    expect(lostCount).toBeGreaterThan(10)
    expect(lostCount).toBeLessThan(40)
  })

  it('calls pages clean after a sync that failed', async () => {
    const machine = new SimulatedMachine({ seed: 2 })
    const env = machine.startProcess()
    using file = env.files.open('/a', 'create')
    await env.files.syncFolder('/')
    file.write(0, new Uint8Array(50_000).fill(1))
    machine.failAt(machine.operationCount, 'EIO')
    await expect(file.sync()).rejects.toMatchObject({ code: 'varve.error/disk-broken' })
    await file.sync()
    const cached = new Uint8Array(50_000)
    file.read(0, cached)
    expect(cached.every((byte) => byte === 1)).toBe(true)
    machine.restart()
    using again = machine.startProcess().files.open('/a', 'read')
    const bytes = new Uint8Array(50_000)
    again.read(0, bytes)
    expect(bytes.every((byte) => byte === 1)).toBe(false)
  })
})
