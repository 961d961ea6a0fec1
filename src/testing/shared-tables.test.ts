// Tables that one thread made, as another sees them: the same memory, within a bound, of the newest root.

import { afterAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { Budget } from '../engine/budget.ts'
import { type AttributeTable, hasTable, shareTables, tableOf } from '../engine/native/attribute-table.ts'
import { TableExchange } from '../engine/native/sent-table.ts'
import { SHARED_TABLES_LIMITS, SharedTables } from '../engine/native/shared-tables.ts'
import type { Attribute } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { keyword } from '../fact/value.ts'
import type { IndexedFacts } from '../index/indexed-facts.ts'

const catalog = Catalog.openMemory(nodeEnv())
afterAll(async () => {
  shareTables(undefined)
  await catalog[Symbol.asyncDispose]()
})

const SCHEMA = `[{:db/ident :n/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :n/group :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`

async function factsOf(name: string): Promise<IndexedFacts> {
  await catalog.create(name, { schema: readEdn(SCHEMA).value })
  const writer = await catalog.writer(name)
  const things = Array.from({ length: 100 }, (_, i) => `{:n/name "name ${i % 9}" :n/group ${i % 5}}`)
  await writer.transact({ tx: readEdn(`[${things.join(' ')}]`).value })
  return writer.value().facts as IndexedFacts
}

function attributeOf(facts: IndexedFacts, name: string): Attribute {
  return facts.schema.attributeNamed(keyword(name))!
}

function threadNamed(name: string, keptBytesMax = SHARED_TABLES_LIMITS.keptBytesMax): SharedTables {
  return new SharedTables(new TableExchange(name), { keptBytesMax, rowCountMin: 1 })
}

/** As a channel does. */
function tell(from: SharedTables, to: SharedTables): void {
  for (const announcement of from.announcements()) to.hear(structuredClone(announcement))
}

function valuesOf({ values, domain, rowCount }: AttributeTable): readonly unknown[] {
  return Array.from(values.subarray(0, rowCount), (number) => domain.decode(number))
}

describe('tables that threads share', () => {
  it('are found by name instead of made', async () => {
    const facts = await factsOf('found')
    const [maker, other] = [threadNamed('maker'), threadNamed('other')]
    shareTables(maker)
    const made = ['n/name', 'n/group'].map((name) =>
      tableOf(facts, attributeOf(facts, name), Budget.unbounded()),
    )
    made.forEach((table) => table.byValue(Budget.unbounded()))
    tell(maker, other)
    const again = (await catalog.connection('found')).value().facts as IndexedFacts
    for (const [at, name] of ['n/name', 'n/group'].entries()) {
      const shown = again.shownAt(attributeOf(again, name).id)!
      const found = other.find(shown)!
      expect(valuesOf(found)).toEqual(valuesOf(made[at]!))
      expect(found.made.byValue?.keyCount).toBe(made[at]!.byValue(Budget.unbounded()).keyCount)
    }
    const [names, groups] = ['n/name', 'n/group'].map((name) =>
      other.find(again.shownAt(attributeOf(again, name).id)!)!,
    )
    // One column of entities, so that a join sees that they lie alike.
    expect(names!.entities).toBe(groups!.entities)
  })

  it('are asked for before one is made', async () => {
    const facts = await factsOf('asked')
    const attribute = attributeOf(facts, 'n/group')
    const given = tableOf(await factsOf('given'), attribute, Budget.unbounded())
    const asked: string[] = []
    shareTables({
      find: ({ name }) => {
        asked.push(name)
        return given
      },
      made: () => expect.unreachable('it is there already'),
    })
    expect(hasTable(facts, attribute)).toBe(true)
    expect(tableOf(facts, attribute, Budget.unbounded())).toBe(given)
    const { name } = facts.shownAt(attribute.id)!
    expect(asked).toEqual([name, name])
    expect(facts.history().shownAt(attribute.id)).toBeUndefined()
  })

  it('are kept within a bound, and of the newest root', async () => {
    const facts = await factsOf('bounded')
    const maker = threadNamed('maker')
    shareTables(maker)
    const attribute = attributeOf(facts, 'n/group')
    const table = tableOf(facts, attribute, Budget.unbounded())
    const shown = facts.shownAt(attribute.id)!
    const at = (name: string, publication: number): typeof shown => ({
      name,
      root: { ...shown.root, publication },
    })
    const send = (to: SharedTables, told: typeof shown): void => {
      maker.made(told, table)
      tell(maker, to)
    }
    const small = threadNamed('small', table.byteCount * 2)
    maker.announcements()
    for (const name of ['a', 'b', 'c']) send(small, at(name, 1))
    expect(['a', 'b', 'c'].map((name) => small.find(at(name, 1)) !== undefined)).toEqual([false, true, true])
    expect(small.keptBytes).toBeLessThanOrEqual(table.byteCount * 2)
    send(small, at('d', 2))
    expect(['b', 'c', 'd'].map((name) => small.find(at(name, 2)) !== undefined)).toEqual([false, false, true])
  })
})
