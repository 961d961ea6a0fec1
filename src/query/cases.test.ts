// Every question and every pattern of the case files: parsed, or refused where the case expects an error that
// needs no database.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { readAllEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnMap, Keyword, keyword } from '../fact/value.ts'
import { checkRules } from './check-rules.ts'
import { parsePullPattern } from './parse-pull.ts'
import { parseQuery } from './parse-query.ts'
import { parseRules } from './parse-rules.ts'

const FOLDER = new URL('../../test/cases/', import.meta.url)

type Case = { readonly name: string; readonly form: EdnMap; readonly file: string }

const CASES: readonly Case[] = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.edn'))
  .flatMap((file) =>
    readAllEdn(readFileSync(new URL(file, FOLDER), 'utf8'))
      .value.filter((form) => form instanceof EdnMap)
      .map((form) => ({ name: String(form.get(keyword('name'))), form, file })),
  )

/** What the parser alone must refuse: the code it gives, by the name of the case; those of meaning/ say it themselves. */
const REFUSED: Readonly<Record<string, string>> = {
  'aggregate/with-unbound-var': 'db.error/unbound-query-variables',
  'aggregate/count-star': 'varve.error/query-malformed',
  'aggregate/nested-expression': 'varve.error/query-malformed',
  'aggregate/aggregate-in-where': 'varve.error/aggregate-in-where',
  'rule/too-few-args': 'varve.error/rule-arity-wrong',
  'rule/too-many-args': 'varve.error/rule-arity-wrong',
  'rule/too-many-one': 'varve.error/rule-arity-wrong',
  'rule/too-many-constant': 'varve.error/rule-arity-wrong',
  'rule/too-few-all-bound': 'varve.error/rule-arity-wrong',
  'rule/head-var-not-in-body': 'varve.error/rule-parameter-unused',
  'rule/required-not-bound': 'db.error/insufficient-binding',
  'rule/different-arity-same-name': 'varve.error/rule-heads-differ',
  'rule/undefined': 'varve.error/rule-unknown',
  'differ-rule/recursion-through-not': 'varve.error/recursion-through-not',
  'differ-rule/too-many-unbound-in-find': 'varve.error/rule-arity-wrong',
  'differ-or/or-join-var-not-in-every-branch': 'db.error/insufficient-binding',
  'differ-find/keys-collection': 'varve.error/return-keys-wrong',
  'differ-find/keys-and-strs': 'varve.error/query-key-twice',
  'differ-find/keys-duplicates': 'varve.error/return-keys-wrong',
  'differ-pull/unknown-option': 'varve.error/pull-option-unknown',
  'differ-pull/nested-as-same-key-clash': 'varve.error/pull-key-twice',
  'find/keys-scalar': 'varve.error/return-keys-wrong',
  'find/keys-wrong-count': 'varve.error/return-keys-wrong',
  'find/two-scalars': 'varve.error/query-malformed',
  'find/collection-two': 'varve.error/query-malformed',
  'get/get-else-nil-default': 'varve.error/nil-constant',
  'get/get-else-unbound-entity': 'db.error/insufficient-binding',
  'not/no-shared-var': 'db.error/insufficient-binding',
  'not/no-shared-var-nothing-matches': 'db.error/insufficient-binding',
  'not/only-not': 'db.error/insufficient-binding',
  'not/not-join-unbound-join-var': 'db.error/insufficient-binding',
  'not/inside-or-branch-order': 'varve.error/or-branches-differ',
  'or/different-vars-error': 'varve.error/or-branches-differ',
  'or/empty': 'varve.error/query-malformed',
  'pattern/nil-constant-value': 'varve.error/nil-constant',
  'predicate/unknown-function': 'varve.error/function-unknown',
  'predicate/cyclic-fns': 'db.error/insufficient-binding',
  'query/variable-in-find-not-in-where': 'db.error/unbound-query-variables',
  'query/find-constant': 'varve.error/query-malformed',
  'query/find-empty': 'varve.error/query-malformed',
  'query/unknown-clause-key': 'varve.error/query-key-unknown',
  'source/no-dollar-but-pattern-without-source': 'varve.error/default-source-missing',
  'unify/does-not-bind': 'db.error/insufficient-binding',
  'unify/two-vars-does-not-bind': 'db.error/insufficient-binding',
  'pull/same-attribute-twice': 'varve.error/pull-attribute-twice',
  'pull/same-attribute-twice-other-as': 'varve.error/pull-attribute-twice',
  'pull/attribute-and-map-same': 'varve.error/pull-attribute-twice',
  'pull/two-map-entries-same-attr': 'varve.error/pull-attribute-twice',
  'pull/recursion-bound-0': 'varve.error/pull-malformed',
}

/** The error of parsing what a case asks, its rules included; undefined where there is none. */
function refusalOf({ form }: Case): VarveError | undefined {
  try {
    const query = form.get(keyword('query'))
    const pull = form.get(keyword('pull'))
    if (query !== undefined) parseWithRules(query, form.get(keyword('args')))
    if (pull instanceof EdnMap) parsePullPattern(pull.get(keyword('pattern')) ?? null)
    return undefined
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
}

function parseWithRules(form: Edn, args: Edn | undefined): void {
  const query = parseQuery(form)
  const values = query.inputs.filter(({ kind }) => kind !== 'source')
  const index = values.findIndex(({ kind }) => kind === 'rules')
  if (index < 0) return
  checkRules(query, parseRules((args as readonly Edn[])[index]!))
}

describe('the case files', () => {
  it('are there', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(1150)
  })

  it('are refused where a query or pattern is wrong in itself, with the code that tells why', () => {
    const refused = CASES.filter(({ file }) => !file.startsWith('meaning'))
      .map((one) => [one.name, refusalOf(one)?.code] as const)
      .filter(([, code]) => code)
    expect(Object.fromEntries(refused)).toEqual(REFUSED)
  })

  it('expect those very errors, and with a code the same one', () => {
    for (const one of CASES) {
      const error = refusalOf(one)
      if (error === undefined) continue
      const expected = one.form.get(keyword('expect-error'))
      expect(expected, one.name).toBeDefined()
      if (expected instanceof Keyword) expect(error.code, one.name).toBe(expected.text)
    }
  })

  it('are refused with a message, a fix, and a place or the variable', () => {
    for (const one of CASES) {
      const error = refusalOf(one)
      if (error === undefined) continue
      expect(error.fix, one.name).not.toBe('')
      expect(error.data['place'] ?? error.data['variables'], one.name).toBeDefined()
    }
  })

  it('mean the same as text', () => {
    const form = CASES.find(({ name }) => name === 'find/map-form-with')!.form.get(keyword('query'))!
    expect(parseQuery('{:find [(sum ?n) .], :with [?e], :where [[?e :p/n ?n]]}').where).toMatchObject(
      parseQuery(form).where.map(({ place: _place, ...clause }) => clause),
    )
  })
})
