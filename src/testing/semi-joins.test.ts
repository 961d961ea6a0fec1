// Which clauses hang on the rows by one variable, and only tell which of its values are good.

import { describe, expect, it } from 'vitest'
import { readEdn } from '../fact/edn-reader.ts'
import { hangingParts } from '../plan/semi-joins.ts'
import { showGoal } from '../plan/show-clause.ts'
import { parseQuery } from '../query/parse-query.ts'

/** The parts that hang on rows with these variables, as text. */
function partsOf(
  where: string,
  names: readonly string[],
  outputs: readonly string[] = [],
): readonly string[] {
  const { where: waiting } = parseQuery(readEdn(`[:find ?f :where [?f :x] ${where}]`).value)
  const clauses = waiting.slice(1)
  return hangingParts(clauses, names, outputs).map(
    ({ variable, goals }) => `${variable}: ${goals.map(showGoal).join(' ')}`,
  )
}

const CHAIN = '[?r :release/film ?f] [?r :release/company ?c] [?c :company/country "se"]'

describe('what hangs on rows by one variable', () => {
  it('is a chain that nobody asks for', () => {
    expect(partsOf(CHAIN, ['?f'])).toEqual([`?f: ${CHAIN}`])
  })

  it('is not what is asked for, or leads to another variable of the rows', () => {
    expect(partsOf(CHAIN, ['?f'], ['?c'])).toEqual([])
    expect(partsOf(`${CHAIN} [?c :company/owner ?p]`, ['?f', '?p'])).toEqual([])
    expect(partsOf(`${CHAIN} [(< ?c 5)]`, ['?f'])).toEqual([])
  })

  it('is more than one pattern: one alone is a test as it stands', () => {
    expect(partsOf('[?r :release/film ?f] [?f :film/year 1990]', ['?f'])).toEqual([])
  })

  it('is told apart for each variable', () => {
    const other = '[?q :part/person ?n] [?q :part/role "actor"]'
    expect(partsOf(`${CHAIN} ${other}`, ['?f', '?n'])).toEqual([`?f: ${CHAIN}`, `?n: ${other}`])
  })
})
