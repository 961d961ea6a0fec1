import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { nodeEnv } from '../base/env-node.ts'
import { describeBlobStore } from '../testing/blob-store-suite.ts'
import { SimulatedMachine } from '../testing/simulated-env.ts'
import { openFolderStore } from './folder-store.ts'
import { MemoryBlobStore } from './memory-store.ts'

describeBlobStore('memory', async () => ({
  store: new MemoryBlobStore(),
  dispose: () => Promise.resolve(),
}))

describeBlobStore('a folder of this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-blob-'))
  return {
    store: openFolderStore(nodeEnv(), join(folder, 'index'), { openFileCountMax: 2 }),
    dispose: async () => rmSync(folder, { recursive: true }),
  }
})

describeBlobStore('a folder of a simulated machine', async () => {
  const env = new SimulatedMachine({ seed: 1 }).startProcess()
  return { store: openFolderStore(env, '/data/index'), dispose: () => Promise.resolve() }
})

describe('a folder store', () => {
  it('keeps a bounded number of files open and opens them again', async () => {
    const env = new SimulatedMachine({ seed: 1 }).startProcess()
    const store = openFolderStore(env, '/index', { openFileCountMax: 2 })
    const keys = ['a', 'b', 'c', 'd']
    for (const [index, key] of keys.entries()) await store.put(key, Uint8Array.of(index))
    const blobs = await Promise.all(keys.map((key) => store.open(key)))
    expect(blobs.map((blob) => blob.read(0, 1)[0])).toEqual([0, 1, 2, 3])
    await store.delete('a')
    expect(() => blobs[0]?.read(0, 1)).toThrow(expect.objectContaining({ code: 'varve.error/blob-missing' }))
  })

  it('says that a blob was cut', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    const store = openFolderStore(env, '/index')
    await store.put('a', Uint8Array.of(1, 2, 3))
    using blob = await store.open('a')
    using file = env.files.open('/index/a', 'write')
    file.truncate(1)
    expect(() => blob.read(0, 3)).toThrow(expect.objectContaining({ code: 'varve.error/blob-too-short' }))
  })

  it('sweeps temporary files that a dead process left, but no young ones', async () => {
    const machine = new SimulatedMachine({ seed: 1 })
    const env = machine.startProcess()
    env.files.makeFolder('/index')
    env.files.open('/index/.tmp-old', 'create').write(0, new Uint8Array(3))
    machine.nowMs += 4_000_000
    env.files.open('/index/.tmp-young', 'create').write(0, new Uint8Array(3))
    await openFolderStore(env, '/index').put('a', Uint8Array.of(1))
    expect(env.files.list('/index')).toEqual(['.tmp-young', 'a'])
  })
})
