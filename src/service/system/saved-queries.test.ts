// Saved queries: versions, what is said of them, and what they must answer.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { EdnMap } from '../../fact/value.ts'
import { type QueryToSave, SavedQueries } from './saved-queries.ts'
import { SystemFolder } from './system-folder.ts'

const env = nodeEnv()
let system: SystemFolder
let queries: SavedQueries

beforeEach(async () => {
  system = await SystemFolder.inMemory(env)
  queries = new SavedQueries(env, system)
})
afterEach(() => system[Symbol.asyncDispose]())

const PRICE: QueryToSave = {
  text: '[:find ?price . :in $ ?id :where [?e :item/id ?id] [?e :item/price ?price]]',
  database: 'shop',
  parameters: [{ name: 'id', type: 'string', doc: 'of the item', default: 'tea' }],
  doc: 'What an item costs',
  tags: ['prices', 'demo'],
}

describe('a saved query', () => {
  it('is found by its name, with what was said of it', async () => {
    const saved = await queries.save('price', PRICE, 'ada')
    expect(saved).toMatchObject({
      name: 'price',
      doc: 'What an item costs',
      owner: 'ada',
      tags: ['demo', 'prices'],
      versions: [
        { number: 1, text: PRICE.text, database: 'shop', parameters: PRICE.parameters, savedBy: 'ada' },
      ],
      expectations: [],
    })
    expect(await queries.list()).toEqual([saved])
    await expect(queries.get('prise')).rejects.toMatchObject({
      code: 'varve.error/saved-query-unknown',
      fix: 'Did you mean price?',
    })
  })

  it('has a version for each change of what it asks, and none for words about it', async () => {
    await queries.save('price', PRICE, 'ada')
    const { database, parameters } = PRICE
    const reworded = await queries.save('price', { ...PRICE, doc: 'Its price', tags: ['demo'] }, 'bob')
    expect(reworded).toMatchObject({
      doc: 'Its price',
      tags: ['demo'],
      owner: 'ada',
      versions: [{ number: 1 }],
    })
    const text = PRICE.text.replace('?price .', '?price ?id')
    const changed = await queries.save(
      'price',
      { text, parameters, database: database!, note: 'with id' },
      'bob',
    )
    expect(changed).toMatchObject({
      doc: 'Its price',
      tags: ['demo'],
      versions: [{ number: 1 }, { number: 2, savedBy: 'bob', note: 'with id' }],
    })
    expect((await queries.version('price')).version.number).toBe(2)
    expect((await queries.version('price', 1)).version.text).toBe(PRICE.text)
    await expect(queries.version('price', 3)).rejects.toMatchObject({ code: 'varve.error/version-unknown' })
  })

  it('is refused where it is wrong, and nothing of it is kept', async () => {
    const wrong: QueryToSave[] = [
      { ...PRICE, text: '[:find ?x :where' },
      { ...PRICE, text: '[:find ?x :where [?e :a/b]]' },
      { ...PRICE, rules: '[[(a' },
      { ...PRICE, parameters: [{ name: 'ident', type: 'string' }] },
      {
        ...PRICE,
        text: `[:find ?e :in $ ?id :where [?e :item/id ?id] [?e :item/x "${'x'.repeat(100_000)}"]]`,
      },
      { text: '[:find ?a :in ?a ?a :where [(< ?a 1)]]', parameters: [] },
    ]
    for (const each of wrong)
      await expect(queries.save('bad', each, 'ada')).rejects.toMatchObject({ kind: 'incorrect' })
    expect(await queries.list()).toEqual([])
    await expect(queries.save('bad', wrong[4]!, 'ada')).rejects.toMatchObject({
      code: 'varve.error/saved-query-too-long',
    })
  })

  it('is not run once it is retired, until it is saved again', async () => {
    await queries.save('price', PRICE, 'ada')
    await queries.retire('price')
    await expect(queries.version('price')).rejects.toMatchObject({ code: 'varve.error/saved-query-retired' })
    await queries.save('price', PRICE, 'ada')
    expect((await queries.version('price')).version.number).toBe(1)
  })

  it('keeps what it must answer', async () => {
    await queries.save('price', PRICE, 'ada')
    const expectation = {
      name: 'tea',
      arguments: new EdnMap([['id', 'tea']]),
      cursors: { shop: 4 },
      resultHash: 'sha256:00',
      rowCount: 1,
    }
    expect((await queries.expect('price', expectation)).expectations).toEqual([expectation])
    const changed = { ...expectation, rowCount: 2 }
    expect((await queries.expect('price', changed)).expectations).toEqual([changed])
    expect((await queries.forgetExpectation('price', 'tea')).expectations).toEqual([])
  })
})
