// The writer and its followers where the disk, the neighbours or the timing are against them. Long random runs
// stand in testing/simulate-database.ts; here is each promise by itself.

import { describe, expect, it } from 'vitest'
import type { Env } from '../base/env.ts'
import type { VarveError } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { keyword } from '../fact/value.ts'
import type { Frame, WritableLog } from '../log/transaction-log.ts'
import { attributes } from '../testing/naive-database.ts'
import { withPlantedBug } from '../testing/planted.ts'
import { SimulatedMachine } from '../testing/simulated-env.ts'
import {
  simulatedStorage,
  TINY_CACHE,
  TINY_COMMIT,
  TINY_FOLDER,
  TINY_FOLLOWER,
  TINY_INDEXING,
} from '../testing/simulated-storage.ts'
import { Follower } from './connection.ts'
import type { DatabaseValue } from './database-value.ts'
import type { DatabaseStorage } from './storage.ts'
import { Writer, type WriterOptions } from './writer.ts'

const SCHEMA = readEdn(attributes('p/name string identity', 'p/age long')).value
const NEVER_INDEXING = { ...TINY_INDEXING, noveltyCountBegin: Infinity, noveltyCountBrake: Infinity }
const OPTIONS: WriterOptions = { schema: SCHEMA, indexing: NEVER_INDEXING }

const add = (name: string, age: number, idempotencyKey?: string) => ({
  tx: readEdn(`[{:p/name "${name}" :p/age ${age}}]`).value,
  ...(idempotencyKey !== undefined && { idempotencyKey }),
})

/** Name and age of everybody, sorted. */
function people({ facts }: DatabaseValue): string[] {
  const [name, age] = ['p/name', 'p/age'].map((ident) => facts.schema.attributeNamed(keyword(ident))!.id)
  return Array.from(facts.match(undefined, name, undefined), ({ e, v }) => {
    const [aged] = facts.match(e, age, undefined)
    return `${String(v)} ${String(aged?.v)}`
  }).sort()
}

async function onMachine(work: (machine: SimulatedMachine, env: Env) => Promise<void>): Promise<void> {
  const machine = new SimulatedMachine({ seed: 1 })
  await machine.run(() => work(machine, machine.startProcess()))
}

/** Tells of every frame before it goes to the log. */
function watched(storage: DatabaseStorage, onFrame: (frame: Frame) => void): DatabaseStorage {
  const openForWriting = async (): Promise<WritableLog> => {
    const log = await storage.openForWriting()
    const append = log.append.bind(log)
    log.append = (frame) => {
      onFrame(frame)
      return append(frame)
    }
    return log
  }
  return { ...storage, openForWriting }
}

describe('a writer', () => {
  it('gives whoever syncs to a t a value of that t', () =>
    onMachine(async (_machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      const synced = writer.sync(1)
      await Promise.all([writer.transact(add('ann', 1)), synced])
      expect(people(await synced)).toEqual(['ann 1'])
      const [tooFar] = await Promise.allSettled([writer.sync(9), writer[Symbol.asyncDispose]()])
      expect(tooFar).toMatchObject({ reason: { code: 'varve.error/connection-closed' } })
    }))

  it('never has more transactions pending than its bound, however many call at once (I9)', () =>
    onMachine(async (_machine, env) => {
      let pending = 0
      let pendingMax = 0
      const storage = watched(simulatedStorage(env), ({ firstT, lastT }) => {
        pending = lastT - firstT + 1
        pendingMax = Math.max(pendingMax, pending)
      })
      const commit = { ...TINY_COMMIT, frameBytesMax: 1 << 20 }
      const writer = await Writer.open(env, storage, { ...OPTIONS, commit })
      const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
      const outcomes = await Promise.all(names.map((name, i) => writer.transact(add(name, i))))
      expect(outcomes.map(({ t }) => t)).toEqual(names.map((_, i) => i + 1))
      expect(pendingMax).toBe(TINY_COMMIT.pendingCountMax)
    }))

  it('tells everybody who waits when a sync fails, and goes on once the log was opened again (I7)', () =>
    onMachine(async (machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      await writer.transact(add('ann', 1))
      // The write of the frame, then its sync.
      machine.failAt(machine.operationCount + 1, 'EIO')
      const first = writer.transact(add('bob', 2, 'key'))
      const again = writer.transact(add('bob', 2, 'key'))
      const synced = writer.sync(2)
      for (const waiting of [first, again, synced])
        await expect(waiting).rejects.toMatchObject({ code: 'varve.error/disk-broken' })
      expect(people(writer.value())).toEqual(['ann 1'])
      // Nobody knows whether the frame reached the disk; the key decides that it happened once.
      const { t } = await writer.transact(add('bob', 2, 'key'))
      expect((await writer.transact(add('bob', 2, 'key'))).t).toBe(t)
      expect(people(writer.value())).toEqual(['ann 1', 'bob 2'])
    }))

  it('opens the log again as soon as that is possible, also after it was not', () =>
    onMachine(async (machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      machine.failAt(machine.operationCount, 'ENOSPC')
      await expect(writer.transact(add('ann', 1))).rejects.toMatchObject({ code: 'varve.error/disk-full' })
      let refusedCount = 0
      for (let attempt = 0; attempt < 40; attempt++) {
        // Each time one step further, until opening succeeds.
        machine.clearFaults()
        machine.failAt(machine.operationCount + attempt, 'ENOSPC')
        const outcome = await writer.transact(add('bob', attempt)).catch((error: unknown) => error)
        if (outcome instanceof Error) {
          expect(outcome).toMatchObject({ code: 'varve.error/disk-full' })
          refusedCount++
        } else break
      }
      machine.clearFaults()
      expect(refusedCount).toBeGreaterThan(5)
      await writer.transact(add('cy', 3))
      expect(people(writer.value()).at(-1)).toBe('cy 3')
    }))

  it('goes on indexing after a swap of the root that was done and not confirmed', () =>
    onMachine(async (machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      let failedCount = 0
      for (let step = 0; step < 60; step++) {
        await writer.transact(add('ann', step))
        machine.failAt(machine.operationCount + step, 'EIO')
        if ((await writer.index().catch((error: unknown) => error)) instanceof Error) failedCount++
        machine.clearFaults()
        await writer.index()
        expect(people(writer.value())).toEqual([`ann ${step}`])
      }
      expect(failedCount).toBeGreaterThan(10)
      await writer[Symbol.asyncDispose]()
      const follower = await Follower.open(env, simulatedStorage(env))
      expect(people(follower.value())).toEqual(['ann 59'])
      await follower[Symbol.asyncDispose]()
    }))

  it('does not build an index in a loop while that fails', () =>
    onMachine(async (machine, env) => {
      const indexing = { ...TINY_INDEXING, noveltyCountBegin: 1, retryMs: 60_000 }
      const writer = await Writer.open(env, simulatedStorage(env), { ...OPTIONS, indexing })
      await writer.index()
      const { putCount } = countPuts(writer.storage, () => {
        throw new Error('no room')
      })
      for (let age = 0; age < 50; age++) await writer.transact(add('ann', age))
      expect(putCount()).toBe(1)
      machine.nowMs += 60_000
      await writer.transact(add('ann', 50))
      await env.timers.sleep(1)
      expect(putCount()).toBe(2)
    }))

  it('collects nothing that its successor needs, stopped between publishing and collecting (I3)', () =>
    goOnLate('after'))

  it('publishes no index over that of its successor, stopped before publishing (I3)', () =>
    goOnLate('before'))

  it('would publish over that of its successor with the planted bug index-swap-blindly', async () => {
    await expect(withPlantedBug('index-swap-blindly', () => goOnLate('before'))).rejects.toThrow()
  })

  it('would collect what its successor needs with the planted bug index-collect-of-later-epochs', async () => {
    await expect(
      withPlantedBug('index-collect-of-later-epochs', () => goOnLate('after')),
    ).rejects.toMatchObject({
      code: 'varve.error/blob-missing',
    })
  })

  it('refuses a log that ends before what was indexed', () =>
    onMachine(async (_machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      await writer.transact(add('ann', 1))
      await writer.index()
      await writer[Symbol.asyncDispose]()
      env.files.remove(`${TINY_FOLDER}/log`)
      await expect(Writer.open(env, simulatedStorage(env), OPTIONS)).rejects.toMatchObject({
        code: 'varve.error/log-corrupt',
      })
    }))
})

/** A writer stops before or after it publishes an index; its successor publishes another; then the first goes on. */
function goOnLate(stop: 'before' | 'after'): Promise<void> {
  return onMachine(async (machine, env) => {
    const storage = simulatedStorage(env)
    const writer = await Writer.open(env, storage, OPTIONS)
    await writer.transact(add('ann', 1))
    const swap = storage.blobs.swap.bind(storage.blobs)
    storage.blobs.swap = async (...args) => {
      const isSwapped = stop === 'after' && (await swap(...args))
      machine.stop(env)
      await env.timers.sleep(1)
      return stop === 'after' ? isSwapped : swap(...args)
    }
    const indexing = writer.index()
    const other = machine.startProcess()
    await other.timers.sleep(10)
    const successor = await Writer.open(other, simulatedStorage(other, { takeOver: true }), OPTIONS)
    await successor.transact(add('bob', 2))
    await successor.index()
    machine.resume(env)
    if (stop === 'after') await indexing
    else await expect(indexing).rejects.toMatchObject({ code: 'varve.error/root-conflict' })
    const { refusals } = await refusalsOf(writer)
    expect(refusals).toEqual(['varve.error/writer-fenced', 'varve.error/writer-fenced'])
    await successor[Symbol.asyncDispose]()
    const follower = await Follower.open(other, simulatedStorage(other))
    expect(people(follower.value())).toEqual(['ann 1', 'bob 2'])
    await follower[Symbol.asyncDispose]()
  })
}

/** What a writer says to two further transactions. */
async function refusalsOf(writer: Writer): Promise<{ readonly refusals: readonly unknown[] }> {
  const refusals: unknown[] = []
  for (let age = 0; age < 2; age++) {
    await writer.transact(add('cy', age)).catch((error: VarveError) => refusals.push(error.code))
  }
  return { refusals }
}

function countPuts(storage: DatabaseStorage, put: () => never): { readonly putCount: () => number } {
  let count = 0
  storage.blobs.put = () => {
    count++
    return put()
  }
  return { putCount: () => count }
}

describe('a database value', () => {
  it('keeps its answers, its names among them, when it is renewed over a later index (I2)', () =>
    onMachine(async (_machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      await writer.transact(add('ann', 1))
      const value = writer.value()
      await writer.transact({ tx: readEdn('[{:db/id :p/age :db/ident :p/years} {:p/name "bob"}]').value })
      await writer.transact({
        tx: readEdn(`[[:db/add "x" :db/ident :p/age] [:db/add "x" :db/valueType :db.type/string]
          [:db/add "x" :db/cardinality :db.cardinality/one]]`).value,
      })
      for (let age = 2; age < 6; age++) {
        await writer.transact({ tx: readEdn(`[{:p/name "ann" :p/years ${age}}]`).value })
        await writer.index()
      }
      for (const again of [await value.renewed(), await writer.resolve(value.ref)]) {
        expect(again.basisT).toBe(value.basisT)
        expect(people(again)).toEqual(['ann 1'])
        expect(again.schema.attributeNamed(keyword('p/years'))).toBeUndefined()
        expect(again.facts.entityCount(12)).toBe(value.facts.entityCount(12))
      }
    }))
})

describe('a follower', () => {
  it('answers as before after two index generations and a garbage collection (I3)', () =>
    onMachine(async (machine, env) => {
      // Without generations, which would keep what the follower reads.
      const index = { ...TINY_INDEXING.index, generationShareMin: Infinity, generationShareMax: Infinity }
      const options = { ...OPTIONS, indexing: { ...NEVER_INDEXING, index } }
      const writer = await Writer.open(env, simulatedStorage(env), options)
      for (let age = 0; age < 30; age++) await writer.transact(add(`n${age % 7}`, age))
      await writer.index()
      const other = machine.startProcess()
      // It keeps one file open, so nearly everything must be opened again.
      const storage = simulatedStorage(other, { openFileCountMax: 1 })
      const follower = await Follower.open(other, storage, { ...TINY_FOLLOWER, cache: TINY_CACHE })
      const value = follower.value()
      machine.stop(other)
      for (let generation = 0; generation < 4; generation++) {
        for (let age = 0; age < 9; age++) await writer.transact(add(`n${age}`, 100 + age + generation))
        await writer.index()
      }
      machine.resume(other)
      expect(() => people(value)).toThrow(expect.objectContaining({ code: 'varve.error/blob-missing' }))
      const expected = ['n0 28', 'n1 29', 'n2 23', 'n3 24', 'n4 25', 'n5 26', 'n6 27']
      expect(people(await value.renewed())).toEqual(expected)
      expect(people(await value.asOf(1).renewed())).toEqual(['n0 0'])
      expect(await value.read(people)).toEqual(expected)
      let laterCount = 0
      for await (const { t } of value.readEach((facts) => facts.range('eavt', { prefix: [] }))) {
        if (t > 0) laterCount++
      }
      // The instants of thirty transactions, and seven people with two facts each.
      expect(laterCount).toBe(30 + 7 * 2)
      expect(people(await follower.sync()).at(-1)).toBe('n8 111')
      await follower[Symbol.asyncDispose]()
      await writer[Symbol.asyncDispose]()
    }))

  it('passes a broken log on to whoever asks, and goes on when it is mended', () =>
    onMachine(async (machine, env) => {
      const writer = await Writer.open(env, simulatedStorage(env), OPTIONS)
      await writer.transact(add('ann', 1))
      const other = machine.startProcess()
      const follower = await Follower.open(other, simulatedStorage(other), {
        ...TINY_FOLLOWER,
        cache: TINY_CACHE,
      })
      const { name, flip } = lastFrame(machine, env)
      await writer.transact(add('bob', 2))
      flip()
      await other.timers.sleep(50)
      const broken = {
        code: 'varve.error/log-corrupt',
        data: expect.objectContaining({ path: expect.stringContaining(name) }),
      }
      expect(() => follower.value()).toThrow(expect.objectContaining(broken))
      await expect(follower.sync()).rejects.toMatchObject(broken)
      flip()
      await other.timers.sleep(50)
      expect(people(follower.value())).toEqual(['ann 1', 'bob 2'])
      expect((await follower.sync()).basisT).toBe(2)
      await follower[Symbol.asyncDispose]()
      await writer[Symbol.asyncDispose]()
    }))
})

/** The file that the next frame goes to, and a way to flip a bit of that frame. */
function lastFrame(
  machine: SimulatedMachine,
  env: Env,
): { readonly name: string; readonly flip: () => void } {
  const folder = '/data/things/log'
  const name = env.files.list(folder).findLast((file) => file.endsWith('.log'))!
  const path = `${folder}/${name}`
  const lastByte = (bytes: Uint8Array): number => bytes.findLastIndex((byte) => byte !== 0)
  let at: number | undefined
  const flip = (): void =>
    machine.disk.damage(path, (bytes) => {
      at ??= lastByte(bytes)
      bytes[at]! ^= 1
    })
  return { name, flip }
}
