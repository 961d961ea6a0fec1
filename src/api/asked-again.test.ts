// Questions that are asked again: with other inputs, over other values of a database, with inputs of other kinds.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Place, placesIn } from '../testing/places.ts'
import { connect, type Database, defineSchema, type SchemaOf, type Varve } from './index.ts'

const schema = defineSchema('people', {
  ':person/name': { type: 'string', unique: 'identity' },
  ':person/age': { type: 'long' },
  ':person/knows': { type: 'ref', many: true },
})

const AGE = '[:find ?age . :in $ ?name :where [?p :person/name ?name] [?p :person/age ?age]]'
const NAMES = `[:find [?name ...] :in $ [?age ...] :where [?p :person/age ?age] [?p :person/name ?name]]`

let place: Place
let varve: Varve
let people: Database<SchemaOf<typeof schema>>

const root = mkdtempSync(join(tmpdir(), 'varve-api-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Queries of texts that types know nothing about. */
function ask(db: ReturnType<typeof people.db>, query: string, ...args: readonly unknown[]): Promise<unknown> {
  return varve.query({ database: 'people', query, args: [...args], cursors: { people: db.basisT } })
}

describe.each(placesIn(root))('in %s', (_, openPlace) => {
  beforeEach(async () => {
    place = await openPlace()
    varve = await connect(place.url)
    people = await varve.open(schema)
    await people.transact([
      { ':person/name': 'ann', ':person/age': 30 },
      { ':person/name': 'bob', ':person/age': 40 },
    ])
  })
  afterEach(async () => {
    await varve.close()
    await place[Symbol.asyncDispose]()
  })

  describe('a question that is asked again', () => {
    it('answers for its own inputs, each answer for ever', async () => {
      const answers: unknown[] = []
      for (const name of ['ann', 'bob', 'ann', 'nobody', 'bob']) answers.push(await people.db().q(AGE, name))
      expect(answers).toEqual([30, 40, 30, null, 40])
      const first = await people.db().q(NAMES, [30, 40, 50])
      const second = await people.db().q(NAMES, [40])
      expect([first, second, await people.db().q(NAMES, [30, 40])]).toEqual([
        ['ann', 'bob'],
        ['bob'],
        ['ann', 'bob'],
      ])
    })

    it('sees the facts of the value that it is asked of', async () => {
      const before = people.db()
      expect(await before.q(AGE, 'ann')).toBe(30)
      await people.transact([{ ':person/name': 'ann', ':person/age': 31 }])
      expect([await people.db().q(AGE, 'ann'), await before.q(AGE, 'ann')]).toEqual([31, 30])
      expect(await people.db().history().q(AGE.replace('. :in', ':in'), 'ann')).toHaveLength(2)
    })

    it('means by a name or a lookup ref whom it names now', async () => {
      const named = '[:find ?name . :in $ ?p :where [?p :person/name ?name]]'
      expect(await ask(people.db(), named, [':person/name', 'ann'])).toBe('ann')
      expect(await ask(people.db(), named, [':person/name', 'bob'])).toBe('bob')
      expect(await ask(people.db(), named, [':person/name', 'nobody'])).toBeNull()
      const constant = '[:find ?age . :where [[:person/name "ann"] :person/age ?age]]'
      expect(await ask(people.db(), constant)).toBe(30)
      await people.transact([
        [':db/retract', [':person/name', 'ann'], ':person/name', 'ann'],
        { ':db/id': 'new', ':person/name': 'cid', ':person/age': 50 },
      ])
      await people.transact([{ ':db/id': [':person/name', 'cid'], ':person/name': 'ann' }])
      expect(await ask(people.db(), constant)).toBe(50)
    })

    it('finds wrong what is wrong with other inputs', async () => {
      const age = '[:find ?p :in $ ?least :where [?p :person/age ?age] [(< ?least ?age)]]'
      expect(await ask(people.db(), age, 35)).toHaveLength(1)
      await expect(ask(people.db(), age, 'many')).rejects.toMatchObject({ kind: 'incorrect' })
      expect(await ask(people.db(), age, 20)).toHaveLength(2)
    })

    it('follows a schema that changes', async () => {
      expect(await people.db().q(AGE, 'ann')).toBe(30)
      await people.transact([{ ':db/ident': ':person/age', ':db/cardinality': ':db.cardinality/many' }])
      await people.transact([{ ':person/name': 'ann', ':person/age': 29 }])
      expect(await people.db().q(AGE, 'ann')).toBe(29)
      expect(await people.db().q(AGE.replace('. :in', ':in'), 'ann')).toHaveLength(2)
    })

    it('goes on after it failed', async () => {
      const signal = AbortSignal.abort()
      const request = { database: 'people', query: AGE, args: ['ann'] } as const
      expect(await varve.query(request as never)).toBe(30)
      await expect(varve.query({ ...request, signal })).rejects.toThrow()
      expect(await varve.query(request as never)).toBe(30)
    })
  })
})
