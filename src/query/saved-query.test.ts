// Parameters of a query, arguments by their names, and the difference of two texts.

import { describe, expect, it } from 'vitest'
import { readEdn } from '../fact/edn-reader.ts'
import type { Edn } from '../fact/value.ts'
import { parsedQuery } from './parsed.ts'
import { argumentsOf, lineDifference, type Parameter, parametersOf } from './saved-query.ts'

const { query } = parsedQuery(
  readEdn(
    '[:find ?e :in $ ?id [?day ...] [[?from ?to]] % :where [?e :a/id ?id] [?e :a/day ?day] [?e :a/n ?from] [?e :a/n ?to]]',
  ).value,
)
const SAID: readonly Parameter[] = [
  { name: 'day', type: 'instant' },
  { name: 'id', type: 'long', default: 7 },
]

function bound(given: Record<string, Edn>): readonly Edn[] {
  return argumentsOf(query, parametersOf(query, SAID), new Map(Object.entries(given)), ['the rules'])
}

describe('parameters', () => {
  it('are the inputs in their order, typed where it was said', () => {
    expect(parametersOf(query, SAID).map(({ name, type }) => [name, type])).toEqual([
      ['id', 'long'],
      ['day', 'instant'],
      ['from-to', 'any'],
    ])
    expect(() => parametersOf(query, [{ name: 'days', type: 'any' }])).toThrow(
      expect.objectContaining({ code: 'varve.error/parameter-of-query-unknown', fix: 'Did you mean day?' }),
    )
    const twice = parsedQuery(readEdn('[:find ?a :in ?a [?a ...] :where [(< ?a 1)]]').value).query
    expect(() => parametersOf(twice, [])).toThrow(
      expect.objectContaining({ code: 'varve.error/parameter-of-query-twice' }),
    )
  })

  it('take arguments by name, their defaults, and values of their type', () => {
    expect(bound({ day: ['2014-11-15'], 'from-to': [[1, 2]] })).toEqual([
      7,
      [new Date('2014-11-15')],
      [[1, 2]],
      ['the rules'],
    ])
    expect(bound({ id: 8, day: [], 'from-to': [] })[0]).toBe(8)
    const wrong: [Record<string, Edn>, string][] = [
      [{ day: [] }, 'varve.error/argument-missing'],
      [{ day: 'x', 'from-to': [] }, 'varve.error/argument-invalid'],
      [{ day: ['x'], 'from-to': [] }, 'varve.error/argument-invalid'],
      [{ id: 'x', day: [], 'from-to': [] }, 'varve.error/argument-invalid'],
      [{ di: 1, day: [], 'from-to': [] }, 'varve.error/parameter-of-query-unknown'],
    ]
    for (const [given, code] of wrong) expect(() => bound(given)).toThrow(expect.objectContaining({ code }))
  })
})

describe('the difference of two texts', () => {
  it('says which lines are gone and which are new', () => {
    expect(lineDifference('a\nb\nc', 'a\nx\nc\nd')).toEqual(['  a', '- b', '+ x', '  c', '+ d'])
    expect(lineDifference('a', 'a')).toEqual(['  a'])
  })
})
