// Case files: facts, a question, the answer that must come. The format stands in docs/reference/cases.md.

import type { Place } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { readAllEdn } from '../../fact/edn-reader.ts'
import { type Edn, EdnList, EdnMap, EdnSet, EdnSymbol, keyword, Keyword, Tagged } from '../../fact/value.ts'
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

/** What the real Datomic answers to a case. */
export type DatomicAnswer =
  | { readonly kind: 'same' }
  | { readonly kind: 'answer'; readonly value: Edn; readonly because: string }
  | { readonly kind: 'error'; readonly because: string }
  /** It cannot be asked. */
  | { readonly kind: 'skip'; readonly because: string }

export type Case = {
  readonly name: string
  readonly facts: CaseFacts
  /** Further sources: databases of their own by name, or views of the same database in the order of `:in`. */
  readonly extra: ReadonlyMap<string, CaseFacts> | readonly Edn[]
  readonly ask:
    | { readonly kind: 'query'; readonly query: Edn; readonly args: readonly Edn[] }
    | { readonly kind: 'pull'; readonly eid: Edn; readonly pattern: Edn }
  readonly expectation: Expectation
  readonly datomic: DatomicAnswer
}

const FACT_KEYS = ['schema', 'tx', 'view']
const CASE_KEYS = FACT_KEYS.concat(
  ['name', 'extra-dbs', 'query', 'args', 'pull'],
  ['expected', 'expected-count', 'expect-error', 'datomic', 'engines', 'because'],
)
const VIEW_KEYS = ['as-of', 'since', 'history']

/** The cases of a text; `source` is the file's name, for messages. */
export function parseCases(text: string, source: string): readonly Case[] {
  const { value: forms, places } = readAllEdn(text, { source })
  return forms.map((form, index) => {
    const place = places.placeOf(forms, index) ?? { source }
    if (!(form instanceof EdnMap))
      throw caseInvalid('A case is a map', 'Write {:name … :query … :expected …}', place)
    return new CaseReader(form, place).read()
  })
}

class CaseReader {
  readonly #form: EdnMap
  readonly #place: Place
  #name = 'a case'

  constructor(form: EdnMap, place: Place) {
    this.#form = form
    this.#place = place
  }

  read(): Case {
    const name = this.#get('name')
    if (typeof name !== 'string') this.#refuse('it has no :name', 'Name it: :name "pull/limit"')
    this.#name = name
    this.#checkKeys(this.#form, CASE_KEYS)
    return {
      name,
      facts: this.#facts(this.#form),
      extra: this.#extra(),
      ask: this.#ask(),
      expectation: this.#expectation(),
      datomic: this.#datomic(),
    }
  }

  #ask(): Case['ask'] {
    const pull = this.#get('pull')
    const query = this.#get('query')
    if (pull instanceof EdnMap && query === undefined) {
      this.#checkKeys(pull, ['eid', 'pattern'])
      return { kind: 'pull', eid: valueIn(pull, 'eid') ?? null, pattern: valueIn(pull, 'pattern') ?? null }
    }
    if (query === undefined || pull !== undefined) {
      this.#refuse('it asks no question, or two', 'Give either :query or :pull {:eid … :pattern …}')
    }
    return { kind: 'query', query, args: this.#list(this.#form, 'args') }
  }

  #facts(form: EdnMap): CaseFacts {
    return {
      schema: valueIn(form, 'schema') ?? [],
      transactions: this.#list(form, 'tx'),
      view: this.#view(valueIn(form, 'view')),
    }
  }

  #view(view: Edn | undefined): Edn | undefined {
    if (view instanceof EdnMap) this.#checkKeys(view, VIEW_KEYS)
    else if (view !== undefined && view !== keyword('history') && view !== keyword('current')) {
      this.#refuse('its :view is none', 'Write :history, :current, {:as-of 1} or {:since 1}')
    }
    return view
  }

  #extra(): Case['extra'] {
    const extra = this.#get('extra-dbs') ?? []
    if (Array.isArray(extra)) return (extra as readonly Edn[]).map((view) => this.#view(view)!)
    const made = new Map<string, CaseFacts>()
    for (const [source, facts] of extra instanceof EdnMap ? extra.entries : []) {
      if (!(source instanceof EdnSymbol && facts instanceof EdnMap)) break
      this.#checkKeys(facts, FACT_KEYS)
      made.set(source.text, this.#facts(facts))
    }
    if (!(extra instanceof EdnMap) || made.size < extra.entries.length) {
      this.#refuse('its :extra-dbs are none', 'Write a list of views, or {$name {:schema … :tx …}}')
    }
    return made
  }

  #expectation(): Expectation {
    const given = ['expected', 'expected-count', 'expect-error'].filter((key) => this.#get(key) !== undefined)
    if (given.length !== 1) {
      this.#refuse('it does not say one outcome', 'Give one of :expected, :expected-count and :expect-error')
    }
    const error = this.#get('expect-error')
    if (error !== undefined) {
      if (error instanceof Keyword) return { kind: 'error', code: error.text }
      if (error === true) return { kind: 'error', code: undefined }
      this.#refuse('its :expect-error is none', 'Write true, or a code such as :db.error/nil-value')
    }
    const count = this.#get('expected-count')
    if (count === undefined) return { kind: 'value', value: this.#get('expected')! }
    if (typeof count === 'number') return { kind: 'count', count }
    this.#refuse('its :expected-count is no number', 'Write a whole number')
  }

  #datomic(): DatomicAnswer {
    const form = this.#get('datomic')
    if (form === undefined) return { kind: 'same' }
    if (!(form instanceof EdnMap)) this.#refuse('its :datomic is no map', DATOMIC_FORM)
    this.#checkKeys(form, ['answer', 'error', 'skip', 'because'])
    const skip = valueIn(form, 'skip')
    if (typeof skip === 'string') return { kind: 'skip', because: skip }
    const because = valueIn(form, 'because')
    if (typeof because !== 'string') this.#refuse('its :datomic gives no reason', DATOMIC_FORM)
    if (valueIn(form, 'error') === true) return { kind: 'error', because }
    const value = valueIn(form, 'answer')
    if (value === undefined) this.#refuse('its :datomic gives no answer', DATOMIC_FORM)
    return { kind: 'answer', value, because }
  }

  #get(key: string): Edn | undefined {
    return valueIn(this.#form, key)
  }

  #list(form: EdnMap, key: string): readonly Edn[] {
    const value = valueIn(form, key) ?? []
    if (Array.isArray(value)) return value as readonly Edn[]
    this.#refuse(`its :${key} is no vector`, 'Put it into brackets')
  }

  #checkKeys(form: EdnMap, known: readonly string[]): void {
    for (const [key] of form.entries) {
      const name = key instanceof Keyword ? key.text : ''
      if (known.includes(name)) continue
      const near = nearest(name, known)
      const all = known.map((one) => `:${one}`).join(' ')
      this.#refuse(
        `it has no part ${String(key)}`,
        near === undefined ? `Its parts are ${all}` : `Did you mean :${near}?`,
      )
    }
  }

  #refuse(rule: string, fix: string): never {
    throw caseInvalid(`${this.#name}: ${rule}`, fix, this.#place)
  }
}

const DATOMIC_FORM = 'Write {:answer … :because "…"}, {:error true :because "…"} or {:skip "…"}'

function valueIn(form: EdnMap, key: string): Edn | undefined {
  return form.get(keyword(key))
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
