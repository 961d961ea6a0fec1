// Tables of restricted facts: those of everybody where an attribute shows whole, else made of what shows, and kept.

import { beforeAll, describe, expect, it } from 'vitest'
import { RestrictedFacts, restrictedColumns } from '../../database/restricted-facts.ts'
import { entitySet, restriction, type Window } from '../../database/restriction.ts'
import { type Attribute, type EntityId, TX_BASE } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { keyword } from '../../fact/value.ts'
import type { IndexedFacts } from '../../index/indexed-facts.ts'
import { manyFacts } from '../../testing/many-facts.ts'
import { noBounds } from '../../testing/no-bounds.ts'
import { hasTable, soughtCountMax, tableOf } from './attribute-table.ts'

const THING_COUNT = 3_000
let facts: IndexedFacts
let things: readonly EntityId[]

beforeAll(async () => {
  facts = await (await manyFacts(THING_COUNT))()
  things = Array.from(facts.match(undefined, named('n').id, undefined), ({ e }) => e)
})

function named(name: string): Attribute {
  return facts.schema.attributeNamed(keyword(`p/${name}`))!
}

function seen(windows: Readonly<Record<string, Window | readonly Window[]>>): RestrictedFacts {
  const ids = Object.entries(windows).map(([name, list]) => [named(name).id, [list].flat()] as const)
  return RestrictedFacts.of(facts, restriction(ids, 'k'))
}

/** Entities, values and transactions as a table has them. */
function rowsOf(of: FactSource, name: string): readonly (readonly unknown[])[] {
  const table = tableOf(of, named(name), noBounds())
  const txs = table.txs(noBounds())
  return Array.from(table.values, (number, row) => [
    table.entities[row],
    table.domain.decode(number),
    txs[row],
  ])
}

describe('tables of restricted facts', () => {
  it('are those of everybody where an attribute shows whole', () => {
    const table = tableOf(facts, named('score'), noBounds())
    expect(hasTable(seen({ score: {} }), named('score'))).toBe(true)
    expect(tableOf(seen({ score: {} }), named('score'), noBounds())).toBe(table)
    expect(soughtCountMax(seen({ score: {} }), named('score'), noBounds())).toBe(THING_COUNT)
  })

  it.each(['n', 'name', 'score', 'next'])('hold of %s what datoms show', (name) => {
    for (const shown of [things.filter((_, i) => i % 3 === 0), things.slice(0, 5), []]) {
      const restricted = seen({ [name]: { entities: entitySet(shown) } })
      const wanted = new Set(shown)
      expect(rowsOf(restricted, name)).toEqual(rowsOf(facts, name).filter(([e]) => wanted.has(e as EntityId)))
      expect(rowsOf(restricted.asOf(0), name)).toEqual([])
    }
  })

  it.each([
    ['name', 'last-four'],
    ['n', 'last-four'],
    ['a', 'hash'],
  ] as const)('hold of %s, masked by %s, what datoms show', (name, mask) => {
    const some = entitySet(things.filter((_, i) => i % 3 === 0))
    for (const windows of [[{ mask }], [{ mask, entities: some }], [{ mask }, { entities: some }]]) {
      const restricted = seen({ [name]: windows })
      const datoms = restricted.match(undefined, named(name).id, undefined)
      expect(rowsOf(restricted, name)).toEqual(Array.from(datoms, ({ e, v, t }) => [e, v, TX_BASE + t]))
    }
  })

  it('hold no value of anybody else', () => {
    const some = things.slice(0, 1_000)
    const { domain } = tableOf(seen({ name: { entities: entitySet(some) } }), named('name'), noBounds())
    const [hidden] = facts.match(things.at(-1), named('name').id, undefined)
    expect(domain.encode(hidden!.v)).toBeNaN()
    expect(domain.byteCount).toBeLessThan(tableOf(facts, named('name'), noBounds()).domain.byteCount / 2)
  })

  it('are kept for whoever sees the same, and for nobody else', () => {
    const half = (): Window => ({ entities: entitySet(things.filter((_, i) => i % 2 === 0)) })
    const table = tableOf(seen({ a: half() }), named('a'), noBounds())
    expect(tableOf(seen({ a: half(), b: {} }), named('a'), noBounds())).toBe(table)
    expect(tableOf(facts, named('a'), noBounds())).not.toBe(table)
    expect(hasTable(seen({ a: { ...half(), mask: 'hash' } }), named('a'))).toBe(false)
    expect(hasTable(seen({ a: { entities: entitySet(things.slice(0, 9)) } }), named('a'))).toBe(false)
  })

  it('have names of their own among threads', () => {
    const shownOf = (window: Window): string | undefined =>
      restrictedColumns(seen({ b: window }), named('b').id)?.shownAt()?.name
    const names = [
      facts.shownAt(named('b').id)?.name,
      shownOf({ entities: entitySet(things.slice(0, 9)) }),
      shownOf({ entities: entitySet(things.slice(0, 8)) }),
      shownOf({ entities: entitySet(things.slice(0, 8)), mask: 'hash' }),
      shownOf({ mask: 'hash' }),
    ]
    expect(new Set(names).size).toBe(names.length)
  })

  it('count what shows without reading the values', () => {
    const few = seen({ name: { entities: entitySet(things.slice(0, 1_500)), mask: 'hash' } })
    expect(soughtCountMax(few, named('name'), noBounds())).toBe(1_500)
    expect(hasTable(few, named('name'))).toBe(false)
  })
})
