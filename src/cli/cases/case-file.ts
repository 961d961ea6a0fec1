// Case files: facts, a question, the answer that must come. The format stands in docs/reference/cases.md.

import { readAllEdn } from '../../fact/edn-reader.ts'
import {
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  type EdnSymbol,
  keyword,
  Keyword,
  Tagged,
} from '../../fact/value.ts'
import { caseInvalid } from './errors.ts'

/** Facts of one database of a case. */
export type CaseFacts = {
  readonly schema: Edn
  readonly transactions: readonly Edn[]
  readonly view: Edn | undefined
}

export type Expectation =
  | { readonly kind: 'value'; readonly value: Edn }
  | { readonly kind: 'count'; readonly count: number }
  /** With this code, or with any. */
  | { readonly kind: 'error'; readonly code: string | undefined }

export type Case = {
  readonly name: string
  readonly facts: CaseFacts
  /** Further sources: databases of their own by name, or views of the same database in the order of `:in`. */
  readonly extra: ReadonlyMap<string, CaseFacts> | readonly Edn[]
  readonly ask:
    | { readonly kind: 'query'; readonly query: Edn; readonly args: readonly Edn[] }
    | { readonly kind: 'pull'; readonly eid: Edn; readonly pattern: Edn }
  readonly expectation: Expectation
  /** What Datomic does instead, where the case says so. */
  readonly datomic: EdnMap | undefined
}

export function parseCases(text: string, source: string): readonly Case[] {
  return readAllEdn(text, { source }).value.map((form) => parseCase(form, source))
}

function parseCase(form: Edn, source: string): Case {
  if (!(form instanceof EdnMap)) throw caseInvalid(source, 'a case is a map')
  const get = (key: string): Edn | undefined => form.get(keyword(key))
  const name = get('name')
  if (typeof name !== 'string') throw caseInvalid(source, 'a case has a :name')
  const pull = get('pull')
  const query = get('query')
  if (!(pull instanceof EdnMap) && query === undefined)
    throw caseInvalid(name, 'a case asks a :query or a :pull')
  const extra = get('extra-dbs')
  return {
    name,
    facts: factsOf(form),
    extra:
      extra instanceof EdnMap
        ? new Map(extra.entries.map(([key, made]) => [(key as EdnSymbol).text, factsOf(made as EdnMap)]))
        : ((extra ?? []) as readonly Edn[]),
    ask:
      pull instanceof EdnMap
        ? {
            kind: 'pull',
            eid: pull.get(keyword('eid')) ?? null,
            pattern: pull.get(keyword('pattern')) ?? null,
          }
        : { kind: 'query', query: query!, args: (get('args') ?? []) as readonly Edn[] },
    expectation: expectationOf(form, name),
    datomic: get('datomic') as EdnMap | undefined,
  }
}

function factsOf(form: EdnMap): CaseFacts {
  return {
    schema: form.get(keyword('schema')) ?? [],
    transactions: (form.get(keyword('tx')) ?? []) as readonly Edn[],
    view: form.get(keyword('view')) ?? undefined,
  }
}

function expectationOf(form: EdnMap, name: string): Expectation {
  const error = form.get(keyword('expect-error'))
  if (error !== undefined) return { kind: 'error', code: error instanceof Keyword ? error.text : undefined }
  const count = form.get(keyword('expected-count'))
  if (typeof count === 'number') return { kind: 'count', count }
  const value = form.get(keyword('expected'))
  if (value === undefined) throw caseInvalid(name, 'a case says what is :expected')
  return { kind: 'value', value }
}

/** Puts entity ids in the places of `#tempid "a"` and `#tx 1`, anywhere in a form. */
export function settle(form: Edn, resolve: (tagged: Tagged) => Edn | undefined): Edn {
  if (form instanceof Tagged) return resolve(form) ?? new Tagged(form.tag, settle(form.value, resolve))
  if (Array.isArray(form)) return (form as readonly Edn[]).map((item) => settle(item, resolve))
  if (form instanceof EdnList) return new EdnList(form.items.map((item) => settle(item, resolve)))
  if (form instanceof EdnSet) return new EdnSet(form.items.map((item) => settle(item, resolve)))
  if (form instanceof EdnMap) {
    return new EdnMap(form.entries.map(([key, value]) => [settle(key, resolve), settle(value, resolve)]))
  }
  return form
}
