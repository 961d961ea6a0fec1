// The thread of an `IndexBuilderInWorker`: it follows one database as any reader does, keeps the novelty beyond
// the newest root, and on demand writes the segments of the next index. It publishes nothing.

import { assert } from '../base/assert.ts'
import { nodeEnv, workerPort } from '../base/env-node.ts'
import { errorToData } from '../base/errors.ts'
import { buildIndex } from '../index/build.ts'
import type { Root } from '../index/root.ts'
import { ColumnCache, COLUMN_CACHE_LIMITS } from '../segment/column-cache.ts'
import { catchUp } from './connection.ts'
import type { IndexJob, IndexJobAnswer, IndexWorkerData } from './index-builder.ts'
import { openFactStore } from './indexed-store.ts'
import { FolderCatalogStorage } from './storage.ts'

/** Merging reads every column once, in order: there is little to keep. */
const CACHED_BYTES_MAX = 64 << 20

const port = workerPort()
const { folder, name } = port.data as IndexWorkerData
const env = nodeEnv()
const opening = open()

port.onMessage((message) => {
  void answer(message as IndexJob).then((sent) => port.post(sent))
})

async function open() {
  const storage = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open(name)
  const log = await storage.openForReading()
  const cache = new ColumnCache({ ...COLUMN_CACHE_LIMITS, cachedBytesMax: CACHED_BYTES_MAX })
  return { log, store: await openFactStore(storage, { cache }) }
}

async function answer(job: IndexJob): Promise<IndexJobAnswer> {
  try {
    return { kind: 'root', root: await build(job) }
  } catch (error) {
    return { kind: 'error', error: errorToData(error) }
  }
}

async function build({ toT, epoch, publication, limits }: IndexJob): Promise<Root> {
  const { log, store } = await opening
  await store.adoptNewestIndex()
  // The writer publishes alone; anything else means that it was replaced, and its swap of the root would fail.
  assert(store.index.root.publication === publication, 'the worker builds on the root that its writer knows')
  await log.waitFor(toT)
  catchUp(store, log, toT + 1)
  const { index: before, novelty, schema } = store
  return buildIndex(store.blobs, { before, novelty, toT, schema, epoch }, limits)
}
