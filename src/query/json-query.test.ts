// JSON says whatever EDN says: every query, pattern, rule set and transaction of the case files, written as JSON the
// way people write it, is the same form again, and so the same question.

import { readdirSync, readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, it } from 'vitest'
import { readAllEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { ednFromJsonText, type FormMode } from '../fact/json-form.ts'
import { writeJson } from '../fact/json-writer.ts'
import { type Edn, EdnList, EdnMap, EdnSet, EdnSymbol, keyword, Keyword, Tagged } from '../fact/value.ts'
import { FUNCTIONS } from '../plan/functions.ts'
import { refusal } from '../testing/refusal.ts'
import { parsePullPattern } from './parse-pull.ts'
import { parseQuery } from './parse-query.ts'

const FOLDER = new URL('../../test/cases/', import.meta.url)
const CASES: readonly EdnMap[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.edn'))
  .flatMap((file) => readAllEdn(readFileSync(new URL(file, FOLDER), 'utf8')).value)
  .filter((form) => form instanceof EdnMap)
const read = (text: string): Edn => readAllEdn(text).value[0]!
const nameOf = (one: EdnMap): string => String(one.get(keyword('name')))

/** A form as JSON where `? $ % :` and the head of a clause mean symbols and keywords. */
function json(form: Edn): string {
  if (form instanceof EdnSymbol) return JSON.stringify(form.text)
  if (form instanceof Keyword) return JSON.stringify(`:${form.text}`)
  if (typeof form === 'string') {
    return /^[?$%:_*.]/.test(form) ? `{"#str":${JSON.stringify(form)}}` : JSON.stringify(form)
  }
  if (Array.isArray(form)) return `[${(form as readonly Edn[]).map(json).join()}]`
  if (form instanceof EdnList) return `[${form.items.map(json).join()}]`
  if (form instanceof EdnSet) return `{"#set":[${form.items.map(json).join()}]}`
  if (form instanceof Tagged) return `{"#tag":[${JSON.stringify(form.tag)},${json(form.value)}]}`
  if (!(form instanceof EdnMap)) return writeJson(form)
  if (form.entries.every(([key]) => key instanceof Keyword)) {
    return `{${form.entries.map(([key, value]) => `${JSON.stringify(String(key))}:${json(value)}`).join()}}`
  }
  return `{"#map":[${form.entries.map(([key, value]) => `[${json(key)},${json(value)}]`).join()}]}`
}

/** Where the JSON of a form is read as another: what is wrong, for every form of every case. */
function differences(
  mode: FormMode,
  formsOf: (one: EdnMap) => readonly (Edn | undefined)[],
  meaning: (form: Edn) => unknown = writeEdn,
): string[] {
  return CASES.flatMap((one) =>
    formsOf(one).flatMap((form) => {
      if (form === undefined) return []
      const text = json(form)
      const read = ednFromJsonText(text, mode)
      if (isDeepStrictEqual(meaning(read), meaning(form))) return []
      return [`${nameOf(one)}: ${writeEdn(form)} → ${text} → ${writeEdn(read)}`]
    }),
  )
}

describe('the case files as JSON', () => {
  it('ask the same queries', () => {
    expect(differences('query', (one) => [one.get(keyword('query'))])).toEqual([])
  })

  it('pull the same patterns', () => {
    const patternOf = (one: EdnMap) => {
      const pull = one.get(keyword('pull'))
      return [pull instanceof EdnMap ? pull.get(keyword('pattern')) : undefined]
    }
    expect(differences('pattern', patternOf, parsedPattern)).toEqual([])
  })

  it('say the same transactions and schemas', () => {
    const transactionsOf = (one: EdnMap) => (one.get(keyword('tx')) ?? []) as readonly Edn[]
    // The type of its attribute makes a symbol of a text.
    const meaning = (form: Edn) => writeEdn(withTexts(form))
    expect(differences('transaction', transactionsOf, meaning)).toEqual([])
    expect(differences('schema', (one) => [one.get(keyword('schema'))], meaning)).toEqual([])
  })

  it('give the same arguments', () => {
    expect(differences('arguments', (one) => [one.get(keyword('args'))])).toEqual([])
  })
})

describe('a query in JSON', () => {
  it('may call every function within a call', () => {
    for (const name of FUNCTIONS.keys()) {
      const query = read(`[:find ?y :in ?x :where [(str "a" (${name} ?x [1 "max"]) {:a ["b"]}) ?y]]`)
      expect(writeEdn(ednFromJsonText(json(query), 'query')), name).toBe(writeEdn(query))
    }
  })

  it('is refused where it is wrong, by line and column', () => {
    const parse = (text: string) => refusal(() => parseQuery(ednFromJsonText(text, 'query')))
    const misspelled = parse('{"find": ["?x"],\n "were": []}')
    expect(misspelled.code).toBe('varve.error/query-key-unknown')
    expect(misspelled.data['place']).toEqual({ line: 2, column: 2, path: ['were'] })
    const unknown = parse('{"find": ["?x"], "in": ["?x"],\n "where": [[["lesser", "?x", 5]]]}')
    expect(unknown.code).toBe('varve.error/function-unknown')
    expect(unknown.data['place']).toMatchObject({ line: 2 })
  })
})

function parsedPattern(form: Edn): unknown {
  try {
    return JSON.parse(
      JSON.stringify(parsePullPattern(form), (key, value: unknown) => (key === 'place' ? undefined : value)),
    )
  } catch (error) {
    return refusal(() => {
      throw error
    }).code
  }
}

function withTexts(form: Edn): Edn {
  if (form instanceof EdnSymbol) return form.text
  if (Array.isArray(form)) return (form as readonly Edn[]).map(withTexts)
  if (form instanceof EdnList) return new EdnList(form.items.map(withTexts))
  if (form instanceof EdnMap) return new EdnMap(form.entries.map(([key, value]) => [key, withTexts(value)]))
  return form
}
