import { describe, expect, it } from 'vitest'
import { completionOf } from './completion.ts'

const context = {
  names: {
    databases: [
      { name: 'purchases', alias: 'pur', basisT: 1 },
      { name: 'customers', alias: 'cus', basisT: 1 },
    ],
    idents: new Map([
      ['purchases', [':purchase/id', ':purchase/amount', ':purchase/article', ':article/id']],
      ['customers', [':customer/id', ':customer/city']],
    ]),
  },
  database: undefined,
  commands: [
    { name: 'databases', takes: 'none' },
    { name: 'use', takes: 'database' },
    { name: 'timing', takes: 'switch' },
    { name: 'output', takes: 'format' },
    { name: 'pull', takes: 'form' },
  ],
} as const

/** Candidates at `|`, or at the end. */
function at(marked: string, database?: string): readonly string[] {
  const text = marked.replace('|', '')
  const cursor = marked.includes('|') ? marked.indexOf('|') : text.length
  return completionOf({ text, cursor }, { ...context, database }).candidates
}

describe('completion', () => {
  it('offers attributes of the database that the clause asks', () => {
    expect(at('[:find ?x :where [$pur ?p :pu')).toEqual([
      ':purchase/amount',
      ':purchase/article',
      ':purchase/id',
    ])
    expect(at('[:find ?x :where [$purchases ?p :customer')).toEqual([])
    expect(at('[:find ?x :where [$cus ?p :c')).toEqual([':customer/city', ':customer/id'])
  })

  it('offers those of the chosen database where no source is named, else of all', () => {
    expect(at('[:find ?x :where [?p :a', 'purchases')).toEqual([':article/id'])
    expect(at('[:find ?x :where [?p :c', 'pur')).toEqual([])
    expect(at('\\pull [:cus')).toEqual([':customer/city', ':customer/id'])
  })

  it('finds an attribute by its own name', () => {
    expect(at('[:find ?x :where [$pur ?p :amo')).toEqual([':purchase/amount'])
    expect(at('[:find ?x :where [?p :id')).toEqual([':article/id', ':customer/id', ':purchase/id'])
  })

  it('offers words of the query where its parts stand', () => {
    expect(at('[:fi')).toEqual([':find'])
    expect(at('[:find ?x :w')).toEqual([':where', ':with'])
    expect(at('{:query {:find [?x] :in')).toEqual([':in'])
    expect(at('[:find ?x :where [_ :w')).toEqual([])
  })

  it('offers aliases, variables of the text, and functions behind a parenthesis', () => {
    expect(at('[:find ?x :where [$c')).toEqual(['$cus', '$customers'])
    expect(at('[:find ?na| :where [_ :customer/id ?name] [_ _ ?nation]]')).toEqual(['?name', '?nation'])
    expect(at('[:find (count-')).toEqual(['count-distinct'])
    expect(at('[:find ?x :where [(clojure.string/st')).toEqual(['clojure.string/starts-with?'])
    expect(at('[:find "(cou')).toEqual([])
  })

  it('offers commands and their words', () => {
    expect(at('\\da')).toEqual(['\\databases'])
    expect(at('\\use c')).toEqual(['cus', 'customers'])
    expect(at('\\timing ')).toEqual(['off', 'on'])
    expect(at('\\output n')).toEqual(['ndjson'])
  })
})
