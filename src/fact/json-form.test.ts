import { describe, expect, it } from 'vitest'
import { refusal } from '../testing/refusal.ts'
import { readEdn } from './edn-reader.ts'
import { writeEdn } from './edn-writer.ts'
import { ednFromJsonText, type FormMode, formFromJson, jsonPlaceOf, readJson } from './json-form.ts'
import type { Edn } from './value.ts'

/** The JSON read in a mode, as EDN text. */
const read = (mode: FormMode, json: string): string => writeEdn(ednFromJsonText(json, mode))
const edn = (text: string): string => writeEdn(readEdn(text).value)
const refused = (mode: FormMode, json: string) => refusal(() => ednFromJsonText(json, mode))

describe('a value in JSON', () => {
  it.each([
    ['2', '2'],
    ['2.0', '2.0'],
    ['"?x"', '"?x"'],
    ['":a/b"', '":a/b"'],
    ['[1, null, true, "a"]', '[1 nil true "a"]'],
    ['{":a/b": 1, "c": 2}', '{:a/b 1 "c" 2}'],
    ['{":a b": 1}', '{":a b" 1}'],
    ['{}', '{}'],
    ['{"#kw": "a/b"}', ':a/b'],
    ['{"#kw": ":a/b"}', ':a/b'],
    ['{"#sym": "a/b"}', 'a/b'],
    ['{"#str": ":a"}', '":a"'],
    ['{"#inst": "2014-11-15"}', '#inst "2014-11-15T00:00:00.000-00:00"'],
    ['{"#inst": 0}', '#inst "1970-01-01T00:00:00.000-00:00"'],
    ['{"#uuid": "6F1C0C1E6A5B4D389D0E1C1F6B7A2F10"}', '#uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"'],
    ['{"#uri": "https://example.com"}', '#uri "https://example.com"'],
    ['{"#bytes": "AQI="}', '#bytes "AQI="'],
    ['{"#long": "9007199254740993"}', '9007199254740993'],
    ['{"#long": "2"}', '2'],
    ['{"#long": 2}', '2'],
    ['{"#bigint": "12345678901234567890123"}', '12345678901234567890123N'],
    ['{"#bigint": 2}', '2N'],
    ['{"#bigdec": "1.50"}', '1.5M'],
    ['{"#bigdec": 1.5}', '1.5M'],
    ['{"#bigdec": 9007199254740993}', '9007199254740993M'],
    ['{"#float": 0.1}', '#float 0.1'],
    ['{"#float": "NaN"}', '#float ##NaN'],
    ['{"#double": 2}', '2.0'],
    ['{"#double": "2"}', '2.0'],
    ['{"#double": "9223372036854775808"}', '9223372036854775808.0'],
    ['{"#double": "1.5e-7"}', '1.5E-7'],
    ['{"#float": "0.1"}', '#float 0.1'],
    ['{"#double": "-Infinity"}', '##-Inf'],
    ['{"#set": [1, {"#kw": "a"}]}', '#{1 :a}'],
    ['{"#list": [1]}', '(1)'],
    ['{"#map": [[1, "a"], [":b", 2]]}', '{1 "a" ":b" 2}'],
    ['{"#tag": ["tempid", "a"]}', '#tempid "a"'],
    ['{"#kw": "a", "b": 1}', '{"#kw" "a" "b" 1}'],
  ])('%s is %s', (json, text) => {
    expect(read('value', json)).toBe(edn(text))
  })

  it.each([
    ['{"#kw": "a b"}', 'varve.error/literal-invalid'],
    ['{"#kw": 1}', 'varve.error/literal-invalid'],
    ['{"#sym": "nil"}', 'varve.error/literal-invalid'],
    ['{"#str": 1}', 'varve.error/literal-invalid'],
    ['{"#inst": "yesterday"}', 'varve.error/literal-invalid'],
    ['{"#inst": 1.5}', 'varve.error/literal-invalid'],
    ['{"#uuid": "6f1c"}', 'varve.error/literal-invalid'],
    ['{"#uri": "a b"}', 'varve.error/literal-invalid'],
    ['{"#bytes": "AQ"}', 'varve.error/literal-invalid'],
    ['{"#long": "1.5"}', 'varve.error/literal-invalid'],
    ['{"#long": 1.5}', 'varve.error/literal-invalid'],
    ['{"#long": "9223372036854775808"}', 'varve.error/literal-invalid'],
    ['{"#bigint": "1.5"}', 'varve.error/literal-invalid'],
    ['{"#bigint": 1.5}', 'varve.error/literal-invalid'],
    ['{"#bigdec": "x"}', 'varve.error/literal-invalid'],
    ['{"#bigdec": "1E5000"}', 'varve.error/literal-invalid'],
    ['{"#bigdec": true}', 'varve.error/literal-invalid'],
    ['{"#float": 1e40}', 'varve.error/literal-invalid'],
    ['{"#double": "much"}', 'varve.error/literal-invalid'],
    ['{"#double": "1e400"}', 'varve.error/literal-invalid'],
    ['{"#double": ""}', 'varve.error/literal-invalid'],
    ['{"#float": "1e40"}', 'varve.error/literal-invalid'],
    ['{"#float": null}', 'varve.error/literal-invalid'],
    ['{"#set": 1}', 'varve.error/literal-invalid'],
    ['{"#list": {}}', 'varve.error/literal-invalid'],
    ['{"#map": [[1]]}', 'varve.error/literal-invalid'],
    ['{"#tag": ["a b", 1]}', 'varve.error/literal-invalid'],
    ['{"#tag": ["a"]}', 'varve.error/literal-invalid'],
    ['{"#wrong": 1}', 'varve.error/literal-invalid'],
    [`{"#bigint": "${'9'.repeat(10_000)}"}`, 'varve.error/notation-limit'],
    [`{"#bigdec": "${'9'.repeat(10_000)}"}`, 'varve.error/notation-limit'],
  ])('%s is refused with its place', (json, code) => {
    const error = refused('value', `[0,\n {"a": ${json}}]`)
    expect(error.code).toBe(code)
    expect(error.data['place']).toEqual({ line: 2, column: 8, path: [1, 'a'] })
    expect(error.fix).not.toBe('')
  })

  it.each<[FormMode, string, number]>([
    ['value', '{"#set": [1, 1.0]}', 14],
    ['value', '{"#map": [[1, 2], [1, 3]]}', 20],
    ['value', '{"#set": [[1], {"#list": [1]}, [1]]}', 32],
    ['transaction', '{"a/b": 1, ":a/b": 2}', 12],
    ['transaction', '[{"a/b": 1, "#": 1, ":a/b": 2}]', 21],
  ])('as %s: %s holds something twice, which is refused at its place', (mode, json, column) => {
    const error = refused(mode, json)
    expect(error.code).toBe('varve.error/duplicate-key')
    expect(error.data['place']).toMatchObject({ line: 1, column })
  })

  it('that mistypes its key is told the right one', () => {
    expect(refused('value', '{"#bigdecc": "1"}').fix).toContain('Did you mean #bigdec?')
  })
})

describe('a query in JSON', () => {
  it.each([
    [
      '{"find": ["?name", ["max", "?amount"]], "in": ["?id"], "where": [["$pur", "?p", ":purchase/id", "?id"]]}',
      '{:find [?name (max ?amount)] :in [?id] :where [[$pur ?p :purchase/id ?id]]}',
    ],
    [
      '[":find", "?e", ".", ":in", "$", "%", ["?a", "..."], [["?b", "_"]], ":where", ["?e", ":a", "?a"]]',
      '[:find ?e . :in $ % [?a ...] [[?b _]] :where [?e :a ?a]]',
    ],
    ['{"find": [["?e", "..."]], "where": []}', '{:find [[?e ...]] :where []}'],
    ['{"find": [[["max", "?a"], "?b"]]}', '{:find [[(max ?a) ?b]]}'],
    [
      '{"find": [["pull", "$cus", "?e", ["*", {":a/b": 3}, {":c/_d": "..."}]]]}',
      '{:find [(pull $cus ?e [* {:a/b 3} {:c/_d ...}])]}',
    ],
    ['{":find": ["?e"], ":with": ["?x"], "keys": ["e"]}', '{:find [?e] :with [?x] :keys [e]}'],
    [
      '{"where": [["not", ["?e", ":a"]], ["or-join", ["?e"], ["and", ["?e", ":a"], ["rule", "?e"]]]]}',
      '{:where [(not [?e :a]) (or-join [?e] (and [?e :a] (rule ?e)))]}',
    ],
    ['{"where": [["$a", "not", ["?e", ":a"]]]}', '{:where [($a not [?e :a])]}'],
    ['{"where": [["$a", "rule", "?e"]]}', '{:where [($a rule ?e)]}'],
    [
      '{"where": [[["<", "?x", 5]], [["-", "?x", 1], "?y"], [["missing?", "$", "?e", ":a"]]]}',
      '{:where [[(< ?x 5)] [(- ?x 1) ?y] [(missing? $ ?e :a)]]}',
    ],
    ['{"where": [[["<", ["+", "?x", ["my/f", "?y"]], 5]]]}', '{:where [[(< (+ ?x (my/f ?y)) 5)]]}'],
    [
      '{"where": [[["ground", ["max", "min"]], ["?x", "..."]]]}',
      '{:where [[(ground ["max" "min"]) [?x ...]]]}',
    ],
    ['{"where": [[["contains?", {"#set": ["a", "b"]}, "?x"]]]}', '{:where [[(contains? #{"a" "b"} ?x)]]}'],
    ['{"where": [[["<", {"#list": [{"#sym": "+"}, 1, 2]}, 5]]]}', '{:where [[(< (+ 1 2) 5)]]}'],
    ['{"where": [["?e", ":a", {"#str": "?x"}]]}', '{:where [[?e :a "?x"]]}'],
    ['{"where": [["?e", ":a", "%5"]]}', '{:where [[?e :a %5]]}'],
    ['{"where": [["?e", ":a", "? or !"]]}', '{:where [[?e :a "? or !"]]}'],
    ['{"where": [[[":p/id", "x"], ":a", "?v"]]}', '{:where [[[:p/id "x"] :a ?v]]}'],
    [
      '{"asOf": "2014-11-15T13:37:42Z", "args": ["pur-8"], "query": {"find": ["?e"]}}',
      '{:as-of #inst "2014-11-15T13:37:42Z" :args ["pur-8"] :query {:find [?e]}}',
    ],
    ['{"as-of": 7, "query": [":find", "?e"]}', '{:as-of 7 :query [:find ?e]}'],
  ])('%s is %s', (json, text) => {
    expect(read('query', json)).toBe(edn(text))
    // Where a request may be told from other forms by its keys, it is.
    if (/"(?::?find|query)"/.test(json)) expect(read('form', json)).toBe(edn(text))
  })

  it('may be a string of EDN, which its reader reads', () => {
    expect(ednFromJsonText('"[:find ?e :where [?e :a]]"', 'query')).toBe('[:find ?e :where [?e :a]]')
    for (const mode of ['pattern', 'transaction', 'schema', 'rules'] as const) {
      expect(ednFromJsonText('"[[:a]]"', mode)).toBe('[[:a]]')
    }
  })

  it('keeps the places of its parts', () => {
    const form = ednFromJsonText('{"find": ["?e"],\n "where": [["?e", ":a"],\n  [["<", "?e", 5]]]}', 'query')
    const where = (readEntries(form)[1]?.[1] ?? []) as readonly Edn[]
    expect(jsonPlaceOf(form as object, 2)).toEqual({ line: 2, column: 2 })
    expect(jsonPlaceOf(form as object, 3)).toEqual({ line: 2, column: 11 })
    expect(jsonPlaceOf(where, 1)).toEqual({ line: 3, column: 3 })
    expect(jsonPlaceOf(where[0] as object, 1)).toEqual({ line: 2, column: 19 })
    expect(jsonPlaceOf([], 0)).toBeUndefined()
  })
})

describe('rules, patterns and arguments in JSON', () => {
  it.each<[FormMode, string, string]>([
    [
      'rules',
      '[[["up", "?e", "?p"], ["?e", ":parent", "?p"]], [["up", "?e", "?g"], ["?e", ":parent", "?p"], ["up", "?p", "?g"]]]',
      '[[(up ?e ?p) [?e :parent ?p]] [(up ?e ?g) [?e :parent ?p] (up ?p ?g)]]',
    ],
    ['rules', '[[["r", ["?a"], "?b"], [["<", "?a", "?b"]]]]', '[[(r [?a] ?b) [(< ?a ?b)]]]'],
    ['pattern', '["*", ":a/b", "_", {":c/d": ["*"], ":e/_f": "..."}]', '[* :a/b _ {:c/d [*] :e/_f ...}]'],
    ['pattern', '[[":a/b", ":as", "x", ":limit", 5]]', '[[:a/b :as "x" :limit 5]]'],
    ['pattern', '[[":a/b", ":xform", "my/f"]]', '[[:a/b :xform my/f]]'],
    ['pattern', '[["limit", ":a/b", 5], ["default", ":c", "none"]]', '[(limit :a/b 5) (default :c "none")]'],
    ['pattern', '[{"#map": [[[":a/b", ":limit", 2], [":c"]]]}]', '[{[:a/b :limit 2] [:c]}]'],
    ['arguments', '["pur-8", 0, 35, ":status/open", "?x"]', '["pur-8" 0 35 :status/open "?x"]'],
    ['arguments', '[[["r", "?e"], ["?e", ":a"]]]', '[[["r" "?e"] ["?e" :a]]]'],
    ['arguments', '[[[["r", "?e"], ["?e", ":a"]]]]', '[[[(r ?e) [?e :a]]]]'],
    ['arguments', '[[["a", 1], ["b", 2]]]', '[[["a" 1] ["b" 2]]]'],
    ['arguments', '[{"#inst": "2014"}, {"#set": [1]}]', '[#inst "2014" #{1}]'],
    ['instant', '"2014"', '#inst "2014"'],
    ['instant', '7', '7'],
    ['instant', '{"#inst": "2014"}', '#inst "2014"'],
  ])('as %s: %s is %s', (mode, json, text) => {
    expect(read(mode, json)).toBe(edn(text))
  })

  it('refuse a moment that is none', () => {
    expect(refused('instant', '"yesterday"').code).toBe('varve.error/literal-invalid')
  })
})

describe('a transaction in JSON', () => {
  it.each([
    ['[{"person/name": "Ivan", ":person/age": 30}]', '[{:person/name "Ivan" :person/age 30}]'],
    [
      '[{"db/id": "a", "person/friend": {"person/name": "Oleg"}}]',
      '[{:db/id "a" :person/friend {:person/name "Oleg"}}]',
    ],
    ['[["db/add", "a", "person/name", "Ivan"]]', '[[:db/add "a" :person/name "Ivan"]]'],
    [
      '[[":db/add", [":person/id", 1], ":person/name", "Ivan"]]',
      '[[:db/add [:person/id 1] :person/name "Ivan"]]',
    ],
    ['[["db/retract", 7, ":person/name"]]', '[[:db/retract 7 :person/name]]'],
    ['[["db/cas", 7, "person/age", null, 30]]', '[[:db/cas 7 :person/age nil 30]]'],
    ['[["db.fn/retractEntity", 7]]', '[[:db.fn/retractEntity 7]]'],
    ['[["my/increment", 7, ":person/age"]]', '[[my/increment 7 :person/age]]'],
    ['[{"person/note": "$5, 50 % of ?"}]', '[{:person/note "$5, 50 % of ?"}]'],
    ['[{"person/note": "*"}]', '[{:person/note "*"}]'],
    ['[{"person/status": ":status/open"}]', '[{:person/status :status/open}]'],
    ['[{"person/status": {"#kw": "status/open"}}]', '[{:person/status :status/open}]'],
    ['[{"person/note": {"#str": ":)"}}]', '[{:person/note ":)"}]'],
    ['[{"person/born": {"#inst": "1990-04-01"}}]', '[{:person/born #inst "1990-04-01"}]'],
    ['[{"person/tags": ["a", "b"]}]', '[{:person/tags ["a" "b"]}]'],
    [
      '[{"db/ident": ":person/name", "db/valueType": ":db.type/string", "db/cardinality": ":db.cardinality/one"}]',
      '[{:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
    ],
  ])('%s is %s', (json, text) => {
    expect(read('transaction', json)).toBe(edn(text))
    expect(read('schema', json)).toBe(edn(text))
  })

  it('may be a part of a larger text', () => {
    const body = readJson('{"tx": [["db/add", 1, "a/b", 2]]}')
    if (body.kind !== 'object') throw new Error('no object')
    expect(writeEdn(formFromJson(body.entries[0]!.value, 'transaction'))).toBe('[[:db/add 1 :a/b 2]]')
  })
})

function readEntries(form: Edn): readonly (readonly [Edn, Edn])[] {
  return (form as { entries: readonly (readonly [Edn, Edn])[] }).entries
}
