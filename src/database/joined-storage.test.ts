// Databases of several folders as one catalog: those of the first are written, the others are followed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { keyword } from '../fact/value.ts'
import { Catalog } from './catalog.ts'

const env = nodeEnv()
const SCHEMA = readEdn(
  '[{:db/ident :thing/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
).value
let folder: string

beforeEach(async () => {
  folder = env.files.makeTemporaryFolder('varve-joined')
  for (const [place, name] of [
    ['first', 'shop'],
    ['second', 'notes'],
  ] as const) {
    await using catalog = await Catalog.openFolder(env, `${folder}/${place}`)
    await catalog.create(name, { schema: SCHEMA })
  }
})
afterEach(() => env.files.remove(folder))

function joined(options = {}): Promise<Catalog> {
  return Catalog.openFolder(env, `${folder}/first`, { followedFolders: [`${folder}/second`], ...options })
}

describe('databases of two folders', () => {
  it('are listed together, and each is found by its name', async () => {
    await using catalog = await joined({ isReadOnly: true })
    expect(catalog.list().map(({ name }) => name)).toEqual(['shop', 'notes'])
    for (const name of ['shop', 'notes'])
      expect(
        (await catalog.connection(name)).value().schema.attributeNamed(keyword('thing/name')),
      ).toBeDefined()
  })

  it('are written in the first folder alone, and followed in the others', async () => {
    await using catalog = await joined()
    await (await catalog.writer('shop')).transact({ tx: readEdn('[{:thing/name "tea"}]').value })
    await expect(catalog.writer('notes')).rejects.toMatchObject({ code: 'varve.error/read-only' })
    await expect(catalog.delete('notes')).rejects.toMatchObject({ code: 'varve.error/read-only' })
    await using owner = await Catalog.openFolder(env, `${folder}/second`)
    const { t } = await (await owner.writer('notes')).transact({ tx: readEdn('[{:thing/name "a"}]').value })
    expect((await (await catalog.connection('notes')).sync(t)).basisT).toBe(t)
  })

  it('share one namespace', async () => {
    await using catalog = await joined()
    await expect(catalog.create('other', { alias: 'notes' })).rejects.toMatchObject({
      code: 'varve.error/database-name-taken',
    })
    await using owner = await Catalog.openFolder(env, `${folder}/second`)
    await owner.create('shop')
    expect(() => catalog.list()).toThrow(expect.objectContaining({ code: 'varve.error/database-name-taken' }))
  })
})
