import { describe, expect, it } from 'vitest'
import { entityId, TX_BASE } from '../fact/attribute.ts'
import { BUILTIN_COUNT, DB_DOC, DB_IDENT, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import type { Datom } from '../fact/datom.ts'
import { keyword } from '../fact/value.ts'
import { NaiveFacts } from './naive-facts.ts'

const E = BUILTIN_COUNT

function tx(t: number, ...datoms: [v: string, added: boolean][]): Datom[] {
  const instant: Datom = { e: TX_BASE + t, a: DB_TX_INSTANT, v: new Date(t * 1000), t, added: true }
  return [instant, ...datoms.map(([v, added]): Datom => ({ e: E, a: DB_DOC, v, t, added }))]
}

const facts = NaiveFacts.bootstrap()
  .with(tx(1, ['one', true]))
  .with(tx(2, ['one', false], ['two', true]))
  .with(tx(3, ['two', false]))

const docs = (source: NaiveFacts): string[] =>
  [...source.match(E, DB_DOC, undefined)].map(({ v, t, added }) => `${t}${added ? '+' : '-'}${String(v)}`)

describe('NaiveFacts', () => {
  it('includes t in as-of and excludes it in since', () => {
    expect(docs(facts)).toEqual([])
    expect(docs(facts.asOf(1))).toEqual(['1+one'])
    expect(docs(facts.asOf(2))).toEqual(['2+two'])
    expect(docs(facts.asOf(2).since(1))).toEqual(['2+two'])
    expect(docs(facts.asOf(2).since(2))).toEqual([])
  })

  it('shows a history of what as-of and since leave', () => {
    expect(docs(facts.history())).toEqual(['1+one', '2-one', '2+two', '3-two'])
    expect(docs(facts.history().asOf(2).since(1))).toEqual(['2-one', '2+two'])
  })

  it('reads ranges with the first bound included and the last excluded', () => {
    const found = [...facts.history().range('avet', { prefix: [DB_DOC], from: 'one', to: 'two' })]
    expect(found.map(({ v }) => v)).toEqual(['one', 'one'])
  })

  it('finds the last t of an instant, counts entities and knows the schema in the past', () => {
    expect([-1, 0, 1999, 2000, 9000].map((ms) => facts.tAt(ms))).toEqual([-1, 0, 1, 2, 3])
    expect(facts.entityCount(0)).toBe(BUILTIN_COUNT + 1)
    expect(facts.entityCount(1)).toBe(4)
    expect(facts.entityCount(7)).toBe(0)
    const named = facts.with([{ e: entityId(7, 3), a: DB_IDENT, v: keyword('x/y'), t: 4, added: true }])
    expect(named.asOf(1).schema.entityNamed(keyword('x/y'))).toBe(entityId(7, 3))
    expect(named.asOf(1).basisT).toBe(1)
    expect(named.entityCount(7)).toBe(4)
  })
})
