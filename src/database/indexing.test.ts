// Indexing beside the writer: the same index from a worker thread as from the writer's own, commits that go on
// meanwhile, and a worker that dies.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Env, WorkerThread } from '../base/env.ts'
import { nodeEnv } from '../base/env-node.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { Schema } from '../fact/schema.ts'
import { readRoot } from '../index/root.ts'
import { Catalog } from './catalog.ts'
import { fillRichly, richSchema } from '../testing/rich-database.ts'
import type { IndexedStore } from './indexed-store.ts'
import { Indexing, INDEXING_LIMITS } from './indexing.ts'
import { Writer } from './writer.ts'

let folder: string
const env = nodeEnv()

beforeEach(() => {
  folder = env.files.makeTemporaryFolder('varve-indexing')
})
afterEach(() => {
  env.files.remove(folder)
})

async function openWriter(
  name: string,
  isIndexedInWorker: boolean,
  world: Env = env,
): Promise<{ readonly catalog: Catalog; readonly writer: Writer }> {
  const catalog = await Catalog.openFolder(world, folder, { hasThreads: isIndexedInWorker })
  await catalog.create(name, { schema: richSchema() })
  return { catalog, writer: await catalog.writer(name) }
}

async function newestRoot(catalog: Catalog, name: string) {
  return (await readRoot(catalog.storage.open(name).blobs))!.root
}

/** Transactions get the same instants every time. */
function withSteadyClock(): Env {
  let ms = 1_700_000_000_000
  return { ...env, clock: { monotonicMs: () => env.clock.monotonicMs(), nowMs: () => ms++ } }
}

/** An environment whose first `count` workers die when they are first given work. */
function withDyingWorkers(count: number): Env {
  let left = count
  const startWorker: Env['processes']['startWorker'] = (module, options) => {
    const thread = env.processes.startWorker(module, options)
    if (left-- <= 0) return thread
    const dying: WorkerThread = { ...thread, post: () => void thread.stop() }
    return dying
  }
  return { ...env, processes: { ...env.processes, startWorker } }
}

describe('indexing in a worker', () => {
  it('makes the same segments as the writer would, byte by byte', async () => {
    const one = await openWriter('one', true, withSteadyClock())
    await using _one = one.catalog
    const two = await openWriter('two', false, withSteadyClock())
    await using _two = two.catalog
    for (const { writer } of [one, two]) await fillRichly(writer, 3, 70)
    for (const { writer } of [one, two]) await writer.index()
    const { database: _, epoch: __, ...made } = await newestRoot(one.catalog, 'one')
    const { database: ___, epoch: ____, ...expected } = await newestRoot(two.catalog, 'two')
    // Names of segments are hashes of their bytes.
    expect(made).toEqual(expected)
    expect(made.publication).toBeGreaterThan(3)
  })

  it('lets commits go on, and drops from memory what the index holds', async () => {
    const { catalog, writer } = await openWriter('one', true)
    await using _ = catalog
    await fillRichly(writer, 4, 30)
    const indexing = writer.index()
    const late = await writer.transact({ tx: readEdn('[{:thing/key "late" :one/long 1}]').value })
    await indexing
    expect((await newestRoot(catalog, 'one')).indexedT).toBe(late.t - 1)
    const { facts, schema } = writer.value()
    const key = schema.attributeNamed(readEdn(':thing/key').value as never)!
    expect([...facts.match(undefined, key.id, 'late')]).toHaveLength(1)
    // Retracts what the new index holds, beside what only the novelty holds.
    await writer.transact({ tx: readEdn('[[:db/retractEntity [:thing/key "late"]]]').value })
    await writer.index()
    expect([...writer.value().facts.match(undefined, key.id, 'late')]).toHaveLength(0)
  })

  it('says so when the worker dies, loses nothing, and works again with another', async () => {
    const { catalog, writer } = await openWriter('one', true, withDyingWorkers(1))
    await using _ = catalog
    await writer.transact({ tx: readEdn('[{:thing/key "a" :one/long 1}]').value })
    await expect(writer.index()).rejects.toMatchObject({ code: 'varve.error/index-worker-ended' })
    await writer.transact({ tx: readEdn('[{:thing/key "b" :one/long 2}]').value })
    await writer.index()
    expect((await newestRoot(catalog, 'one')).indexedT).toBe(2)
  })

  it('tries again later after a failure in the background, not with every transaction', async () => {
    let startedCount = 0
    // No time passes, so it cannot be later.
    const dying: Env = { ...withDyingWorkers(Infinity), clock: { nowMs: () => 1e12, monotonicMs: () => 0 } }
    const world: Env = {
      ...dying,
      processes: {
        ...dying.processes,
        startWorker: (module, options) => {
          startedCount++
          return dying.processes.startWorker(module, options)
        },
      },
    }
    const { catalog, writer } = await openWriter('one', true, world)
    await using _ = catalog
    await expect(writer.index()).rejects.toMatchObject({ code: 'varve.error/index-worker-ended' })
    const many = Array.from({ length: 26_000 }, (_, n) => `{:many/long [${n} ${-n - 1}]}`)
    await writer.transact({ tx: readEdn(`[${many.join(' ')}]`).value })
    await writer.transact({ tx: readEdn('[{:one/long 1}]').value })
    expect(startedCount).toBe(1)
  })

  it('indexes in steps what a log holds beyond the index when it is opened for writing', async () => {
    {
      const { catalog, writer } = await openWriter('one', false)
      await using _ = catalog
      const many = Array.from({ length: 400 }, (_, n) => `[:db/add "x" :many/long ${n}]`).join(' ')
      for (let count = 0; count < 5; count++) await writer.transact({ tx: readEdn(`[${many}]`).value })
    }
    const storage = (await Catalog.openFolder(env, folder)).storage.open('one')
    await using writer = await Writer.open(env, storage, {
      indexing: { ...INDEXING_LIMITS, noveltyCountBrake: 500 },
    })
    const { root } = (await readRoot(storage.blobs))!
    expect(root.publication).toBeGreaterThanOrEqual(3)
    expect(writer.value().basisT).toBe(5)
    expect([...writer.value().facts.match(undefined, undefined, 399)]).toHaveLength(5)
  })
})

describe('bulk work', () => {
  it('waits while novelty is beyond its bound and an index is being built, and no longer', async () => {
    const { catalog } = await openWriter('one', false)
    await using _ = catalog
    const storage = catalog.storage.open('one')
    // Of a store, waiting looks at the novelty alone; a build that fails leaves the rest untouched.
    const store = {
      noveltyCount: 1_000,
      indexedT: 0,
    } as unknown as IndexedStore
    const built = Promise.withResolvers<never>()
    const indexing = new Indexing({
      env,
      storage,
      builder: { build: () => built.promise, [Symbol.asyncDispose]: () => Promise.resolve() },
      store,
      epoch: 1,
      published: () => ({ basisT: 1, schema: Schema.bootstrap }),
      onAdopted: () => undefined,
      limits: { ...INDEXING_LIMITS, noveltyCountMax: 100, brakeMsMax: 1 },
    })
    await indexing.withinBound()
    const running = indexing.run()
    let isPast = false
    const waiting = indexing.withinBound().then(() => (isPast = true))
    await env.timers.sleep(20)
    expect(isPast).toBe(false)
    built.reject(new Error('the disk is gone'))
    await expect(running).rejects.toThrow('the disk is gone')
    await waiting
    expect(isPast).toBe(true)
  })
})

describe('an index', () => {
  it('of another database is refused', async () => {
    const { catalog, writer } = await openWriter('one', false)
    await writer.index()
    await catalog[Symbol.asyncDispose]()
    const { catalog: other } = await openWriter('two', false)
    await other[Symbol.asyncDispose]()
    env.files.remove(`${folder}/two/index`)
    env.files.rename(`${folder}/one/index`, `${folder}/two/index`)
    const reader = await Catalog.openFolder(env, folder, { isReadOnly: true })
    await expect(reader.connection('two')).rejects.toMatchObject({ code: 'varve.error/root-foreign' })
  })

  it('says so when it is asked for a past that an attribute without history did not keep', async () => {
    const { catalog, writer } = await openWriter('one', false)
    await using _ = catalog
    const first = await writer.transact({ tx: readEdn('[{:thing/key "a" :thing/scratch 1}]').value })
    await writer.transact({ tx: readEdn('[{:thing/key "a" :thing/scratch 2}]').value })
    await writer.index()
    const { facts, schema } = writer.value()
    const { id } = schema.attributeNamed(readEdn(':thing/scratch').value as never)!
    expect([...facts.match(undefined, id, 2)]).toHaveLength(1)
    expect(() => [...facts.asOf(first.t).match(undefined, id, undefined)]).toThrow(
      expect.objectContaining({ code: 'varve.error/history-gone' }),
    )
  })
})
