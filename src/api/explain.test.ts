// Questions explained: what a plan shows before it runs, what it shows of a run, and what it is warned about.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Place, placesIn } from '../testing/places.ts'
import type { ExplainedPart } from '../plan/explain.ts'
import { connect, type Database, defineSchema, type SchemaOf, type Varve } from './index.ts'

const schema = defineSchema('people', {
  ':person/name': { type: 'string', unique: 'identity' },
  ':person/age': { type: 'long' },
  ':person/knows': { type: 'ref', many: true },
})

const PERSON_COUNT = 1_100

let place: Place
let varve: Varve
let people: Database<SchemaOf<typeof schema>>

const root = mkdtempSync(join(tmpdir(), 'varve-api-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function partNamed(parts: readonly ExplainedPart[], text: string): ExplainedPart | undefined {
  for (const part of parts) {
    if (part.text.includes(text)) return part
    const inside = partNamed(part.parts ?? [], text)
    if (inside !== undefined) return inside
  }
  return undefined
}

describe.each(placesIn(root))('in %s', (_, openPlace) => {
  beforeEach(async () => {
    place = await openPlace()
    varve = await connect(place.url)
    people = await varve.open(schema)
    await people.transact(
      Array.from({ length: PERSON_COUNT }, (_, i) => ({
        ':db/id': `p${i}`,
        ':person/name': `person-${i}`,
        ':person/age': i % 50,
        ...(i > 0 && i < 20 && { ':person/knows': [`p${i - 1}`] }),
      })),
    )
  })
  afterEach(async () => {
    await varve.close()
    await place[Symbol.asyncDispose]()
  })

  describe('explain', () => {
    it('tells of every step the rows that were expected, those that came, and its time', async () => {
      const { engine, mode, parts, rowCount, timeMs, memoryBytes, text } = await people
        .db()
        .explain('[:find ?name :where [?p :person/age 7] [?p :person/name ?name]]')
      expect([engine, mode, rowCount]).toEqual(['native', 'run', 22])
      expect(timeMs).toBeGreaterThan(0)
      expect(parts.map(({ kind }) => kind)).toEqual(['pattern', 'pattern', 'distinct', 'project', 'sort'])
      expect(parts[0]).toMatchObject({
        text: '[?p :person/age 7]',
        access: 'value',
        expectedRowCount: 22,
        rowCount: 22,
      })
      expect(parts[1]).toMatchObject({ access: 'entity', rowCount: 22 })
      for (const { timeMs: ofPart } of parts.slice(0, 2)) expect(ofPart).toBeLessThanOrEqual(timeMs!)
      // Of each fact of both tables three numbers at least, and no step more than all of them.
      expect(memoryBytes).toBeGreaterThan(2 * 3 * 8 * PERSON_COUNT)
      for (const part of parts) expect(part.memoryBytes ?? 0).toBeLessThanOrEqual(memoryBytes!)
      expect(parts[0]!.memoryBytes! + parts[1]!.memoryBytes!).toBeGreaterThan(memoryBytes! / 2)
      expect(text).toMatch(/expected +rows +ms +kB/)
      expect(text).toContain('[?p :person/age 7]  (by value)')
      expect(text).toMatch(/engine: native(, class: point)?, 22 rows in/)
    })

    it('shows what stands inside not, or and rules, and what recursion found', async () => {
      const rules = `[[(reach ?a ?b) [?a :person/knows ?b] [?b :person/age ?n] [(odd? ?n)]]
                    [(reach ?a ?b) [?a :person/knows ?b] [?b :person/age ?n] [(even? ?n)]]
                    [(reach ?a ?b) [?a :person/knows ?m] (reach ?m ?b)]]`
      const { parts } = await varve.explain({
        database: 'people',
        query: `[:find ?b :in $ % ?name :where [?a :person/name ?name] (reach ?a ?b)
               (not [?b :person/age 3]) (or [?b :person/age 4] [?b :person/age 5])]`,
        args: [rules, 'person-9'],
      })
      expect(partNamed(parts, '(not ')).toMatchObject({
        kind: 'anti-join',
        parts: [{ text: '[?b :person/age 3]' }],
      })
      expect(partNamed(parts, '(or ')?.parts?.map(({ text }) => text)).toEqual(['branch 1', 'branch 2'])
      // From each of the persons 1 to 9 all below it.
      expect(partNamed(parts, '(reach ?a ?b), given ?a')).toMatchObject({ kind: 'rule', rowCount: 45 })
      expect(partNamed(parts, 'body 3')?.parts?.length).toBe(2)
      expect(partNamed(parts, 'distinct')).toMatchObject({ rowCount: 2 })
    })

    it('says of a rule that follows references what is walked along', async () => {
      const rules =
        '[[(reach ?a ?b) [?a :person/knows ?b]] [(reach ?a ?b) [?a :person/knows ?m] (reach ?m ?b)]]'
      const query = '[:find ?b :in $ % ?name :where [?a :person/name ?name] (reach ?a ?b)]'
      const { parts } = await varve.explain({ database: 'people', query, args: [rules, 'person-9'] })
      expect(partNamed(parts, 'reached along :person/knows')).toMatchObject({ kind: 'rule' })
      expect(partNamed(parts, '(reach ?a ?b)')).toMatchObject({ rowCount: 9 })
    })

    it('shows a plan alone, and asks nothing', async () => {
      const request = {
        database: 'people',
        query: '[:find ?n :where [?p :person/name ?n] [(count ?n) ?c] [(< ?c 8)]]',
      }
      const { mode, parts, rowCount, text } = await varve.explain(request, 'plan')
      expect([mode, rowCount]).toEqual(['plan', undefined])
      expect(parts.every((part) => part.rowCount === undefined && part.timeMs === undefined)).toBe(true)
      expect(text).not.toMatch(/rows|ms/)
    })

    it('warns of a large product before it runs, and says so when it was too much', async () => {
      const query = '[:find ?n ?m :where [?p :person/name ?n] [?q :person/name ?m]]'
      const { warnings } = await varve.explain({ database: 'people', query }, 'plan')
      expect(warnings).toMatchObject([{ code: 'varve.warning/large-product', place: { line: 1 } }])
      expect(warnings[0]!.fix).toMatch(/shared variable/)
      await expect(varve.query({ database: 'people', query, timeoutMs: 20 })).rejects.toMatchObject({
        code: 'varve.error/query-timeout',
        fix: expect.stringMatching(/shares no variable/) as unknown,
      })
      const { warnings: none } = await varve.explain(
        { database: 'people', query: '[:find ?n :where [?p :person/name ?n] [?q :person/name ?m]]' },
        'plan',
      )
      expect(none).toEqual([])
    })

    it('warns where every fact is looked at', async () => {
      const query = '[:find ?p ?a :where [?p ?a ?v]]'
      const { warnings } = await varve.explain({ database: 'people', query }, 'plan')
      expect(warnings).toMatchObject([{ code: 'varve.warning/large-scan' }])
    })

    it('tells of rows on which functions fail no more than of others', async () => {
      // Each of the last two fails on rows that the other one rejects.
      const query = `[:find ?n :where [?p :person/age ?a] [?p :person/name ?n] [(mod ?a 3) ?k] [(mod (- 3 ?k) 3) ?m]
                    [(nth [1 nil] ?k) ?y] [(nth [1 nil] ?m) ?y]]`
      expect(await people.db().explain(query)).toMatchObject({
        engine: 'native',
        rowCount: 374,
      })
    })
  })
})
