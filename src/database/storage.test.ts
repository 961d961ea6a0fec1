// A data folder says what it is; what is something else, of another version, or only half made is refused untouched.

import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from './catalog.ts'
import { FolderCatalogStorage } from './storage.ts'

const env = nodeEnv()
let folder: string

beforeEach(() => {
  folder = env.files.makeTemporaryFolder('varve-storage')
})
afterEach(() => {
  env.files.remove(folder)
})

describe('a data folder', () => {
  it('of another format version is refused and stays as it is', async () => {
    await FolderCatalogStorage.open(env, folder, { canCreate: true })
    const marker = join(folder, 'varve.json')
    writeFileSync(marker, '{"format": "varve", "version": 2}\n')
    await expect(Catalog.openFolder(env, folder)).rejects.toMatchObject({
      code: 'varve.error/format-unknown',
      kind: 'unsupported',
    })
    expect(readdirSync(folder)).toEqual(['varve.json'])
    expect(readFileSync(marker, 'utf8')).toContain('"version": 2')
  })

  it('that holds something else is refused, and one that is missing is made only on demand', async () => {
    writeFileSync(join(folder, 'letter.txt'), 'x')
    await expect(Catalog.openFolder(env, folder)).rejects.toMatchObject({
      code: 'varve.error/foreign-folder',
    })
    expect(readdirSync(folder)).toEqual(['letter.txt'])
    const missing = join(folder, 'missing')
    await expect(Catalog.openFolder(env, missing, { isReadOnly: true })).rejects.toMatchObject({
      code: 'varve.error/folder-missing',
    })
    expect(readdirSync(folder)).toEqual(['letter.txt'])
  })

  it('with a database whose first transaction was never written tells a reader so, and a writer makes it', async () => {
    const storage = await FolderCatalogStorage.open(env, folder, { canCreate: true })
    await storage.create('unborn', 'unborn')
    await using reader = await Catalog.openFolder(env, folder, { isReadOnly: true })
    await expect(reader.connection('unborn')).rejects.toMatchObject({ code: 'varve.error/database-unborn' })
    await using writer = await Catalog.openFolder(env, folder)
    expect((await writer.connection('unborn')).value().basisT).toBe(0)
    expect((await reader.connection('unborn')).value().basisT).toBe(0)
  })

  it('holds a database until it is deleted, another of its name notwithstanding, and reads its file once', async () => {
    const storage = await FolderCatalogStorage.open(env, folder, { canCreate: true })
    const { info } = await storage.create('things', 'things')
    const path = join(folder, 'things', 'database.json')
    // A file as young as this is read each time.
    expect([storage.holds(info), storage.holds(info)]).toEqual([true, true])
    utimesSync(path, new Date(2020, 1), new Date(2020, 1))
    expect(storage.holds(info)).toBe(true)
    const { readCount } = env.files.counts
    expect([storage.holds(info), storage.holds({ ...info, id: 'other' })]).toEqual([true, false])
    expect(env.files.counts.readCount).toBe(readCount)
    await storage.delete('things')
    expect(storage.holds(info)).toBe(false)
    const other = await storage.create('things', 'things')
    expect([storage.holds(info), storage.holds(other.info)]).toEqual([false, true])
  })
})
