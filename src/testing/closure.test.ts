// Which recursive rules only follow references, and which; what is reached over them.

import { describe, expect, it } from 'vitest'
import { readEdn } from '../fact/edn-reader.ts'
import { Budget } from '../engine/budget.ts'
import { Closure } from '../engine/native/closure.ts'
import { keyword } from '../fact/value.ts'
import { closureOf } from '../plan/closure.ts'
import { parseRules } from '../query/parse-rules.ts'
import { makeWorld } from './arbitrary-world.ts'

const attribute = (name: string, type: string): string =>
  `{:db/ident ${name} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/many}`
const SCHEMA = `[${attribute(':n/to', 'ref')} ${attribute(':n/by', 'ref')} ${attribute(':n/long', 'long')}]`
const { facts } = makeWorld({ schema: readEdn(SCHEMA).value as readonly [], transactions: [] })!

/** The edges of rules of the name `r`, `-` before those that are followed backwards. */
function edgesOf(...bodies: readonly string[]): readonly string[] | undefined {
  const rules = parseRules(readEdn(`[${bodies.map((body) => `[(r ?x ?y) ${body}]`).join(' ')}]`).value)
  return closureOf(rules.get('r')!, facts)?.map(
    ({ attribute: { ident }, isReversed }) => `${isReversed ? '-' : ''}${ident.toString()}`,
  )
}

const EDGE = '[?x :n/to ?y]'

describe('rules that follow references', () => {
  it.each([
    ['to the right', [EDGE, '[?x :n/to ?z] (r ?z ?y)'], [':n/to']],
    ['to the left', [EDGE, '(r ?x ?z) [?z :n/to ?y]'], [':n/to']],
    ['twice', [EDGE, '(r ?z ?y) (r ?x ?z)'], [':n/to']],
    ['in another order', ['(r ?z ?y) [?x :n/to ?z]', EDGE], [':n/to']],
    ['backwards', ['[?y :n/to ?x]', '[?z :n/to ?x] (r ?z ?y)'], ['-:n/to']],
    ['over two of them', [EDGE, '[?y :n/by ?x]', '(r ?x ?z) (r ?z ?y)'], [':n/to', '-:n/by']],
    [
      'over two, each in front',
      [EDGE, '[?x :n/by ?y]', '[?x :n/to ?z] (r ?z ?y)', '[?x :n/by ?z] (r ?z ?y)'],
      [':n/to', ':n/by'],
    ],
    ['with blanks behind', ['[?x :n/to ?y _]', '[?x :n/to ?z] (r ?z ?y)'], [':n/to']],
  ])('%s', (_, bodies, edges) => {
    expect(edgesOf(...bodies)).toEqual(edges)
  })

  it.each([
    ['nothing to begin with', ['[?x :n/to ?z] (r ?z ?y)']],
    ['nothing that goes on', [EDGE]],
    ['another reference at the end', ['[?x :n/by ?y]', '[?x :n/to ?z] (r ?z ?y)']],
    ['only one of two that goes on', [EDGE, '[?x :n/by ?y]', '[?x :n/to ?z] (r ?z ?y)']],
    ['the other direction further on', [EDGE, '[?z :n/to ?x] (r ?z ?y)']],
    ['a condition', [EDGE, '[?x :n/to ?z] (r ?z ?y) [?z :n/long]']],
    ['a transaction that is asked', ['[?x :n/to ?y ?tx]', '[?x :n/to ?z] (r ?z ?y)']],
    ['numbers that are no references', ['[?x :n/long ?y]', '[?x :n/long ?z] (r ?z ?y)']],
    ['ends that are one', ['[?x :n/to ?y]', '[?x :n/to ?y] (r ?y ?y)']],
    ['a call the other way around', [EDGE, '[?x :n/to ?z] (r ?y ?z)']],
  ])('but not: %s', (_, bodies) => {
    expect(edgesOf(...bodies)).toBeUndefined()
  })
})

describe('what is reached', () => {
  it('is the same whether its seed was forgotten meanwhile or not', () => {
    const length = 200
    const chain = Array.from({ length }, (_, i) => `{:db/id "n${i}" :n/to ["n${(i + 1) % length}"]}`)
    const schema = readEdn(SCHEMA).value as readonly []
    const circle = makeWorld({
      schema,
      transactions: [readEdn(`[${chain.join(' ')}]`).value as readonly []],
    })!
    const attribute = circle.facts.schema.attributeNamed(keyword('n/to'))!
    const edge = { facts: circle.facts, attribute, isReversed: false }
    const closure = new Closure([edge], { name: 'r', seedCount: length }, Budget.unbounded())
    const seeds = [...circle.entities.values()]
    const all = [...seeds].sort((x, y) => x - y)
    for (const seed of [...seeds, ...seeds]) {
      const { numbers, first, limit } = closure.reach(seed)
      expect([...numbers.subarray(first, limit)].sort((x, y) => x - y)).toEqual(all)
      expect(closure.reaches(seed, seeds[7]!)).toBe(true)
      expect(closure.reaches(seed, -1)).toBe(false)
    }
  })
})
