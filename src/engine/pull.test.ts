import { describe, expect, it } from 'vitest'
import { VarveError, type Warning } from '../base/errors.ts'
import { bootstrapTransaction, prepareTransaction } from '../database/transact.ts'
import type { Datom, FactSource } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnMap, keyword, textKey } from '../fact/value.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { show } from '../plan/show.ts'
import { NaiveFacts } from '../testing/naive-facts.ts'
import { findEntity, resolveAttribute, resolveEntity } from '../plan/entity.ts'
import { entityMap, preparePull, pull, type PullOptions } from './pull.ts'

const SCHEMA = `[
  {:db/ident :p/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/code :db/valueType :db.type/float :db/cardinality :db.cardinality/one :db/unique :db.unique/value}
  {:db/ident :p/pair :db/valueType :db.type/tuple :db/tupleTypes [:db.type/ref :db.type/long] :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/boss :db/valueType :db.type/ref :db/cardinality :db.cardinality/one :db/unique :db.unique/value}
  {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/many :db/valueType :db.type/long :db/cardinality :db.cardinality/many}
  {:db/ident :p/f :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}
  {:db/ident :p/c :db/valueType :db.type/ref :db/cardinality :db.cardinality/one :db/isComponent true}]`

const read = (text: string): Edn => readEdn(text).value

/** The facts after these transactions, and the ids of their tempids. */
function factsOf(...transactions: string[]): {
  readonly facts: NaiveFacts
  readonly ids: Map<string, number>
} {
  let facts = NaiveFacts.create(bootstrapTransaction(read(SCHEMA)))
  const ids = new Map<string, number>()
  for (const text of transactions) {
    const { datoms, tempids } = prepareTransaction(read(text), { before: facts, nowMs: 0 })
    facts = facts.with(datoms)
    for (const [name, id] of tempids) ids.set(name, id)
  }
  return { facts, ids }
}

function pulled(facts: FactSource, pattern: string, entity: Edn, options?: PullOptions): string {
  return show(pull(facts, parsePullPattern(pattern), entity, options))
}

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof VarveError) return error.code
    throw error
  }
  return 'nothing was refused'
}

/** Entities 0 to `length` in a row, each a component of the one before, without a fact in memory. */
function chainOf(length: number): FactSource {
  const { facts } = factsOf()
  const { id } = resolveAttribute(facts, keyword('p/c'))
  const link = (e: number): Datom[] => (e < length ? [{ e, a: id, v: e + 1, t: 1, added: true }] : [])
  return {
    schema: facts.schema,
    basisT: 1,
    isHistory: false,
    match: (e) => link(e ?? 0),
    range: () => [],
    entityCount: () => length,
    tAt: () => 1,
  }
}

function depthOf(map: EdnMap | null, key: string): number {
  let depth = 0
  for (let at: Edn | undefined = map; at instanceof EdnMap; depth++) {
    const next: Edn | undefined = at.get(keyword(key))
    at = Array.isArray(next) ? next[0] : next
  }
  return depth
}

describe('an entity', () => {
  const { facts, ids } = factsOf(
    '[{:db/id "a" :p/key "k" :p/n 1 :p/code 0.1 :db/ident :me}]',
    '[{:db/id "b" :p/boss :me :p/pair [:me 7]}]',
  )
  const a = ids.get('a')
  const b = ids.get('b')

  it('is named by an id, an ident or a lookup ref', () => {
    for (const form of [a!, keyword('me'), [keyword('p/key'), 'k'], [keyword('p/code'), 0.1]]) {
      expect(resolveEntity(facts, form), show(form)).toBe(a)
    }
  })

  it('is named by lookup refs of references and tuples, which name entities themselves', () => {
    for (const text of ['[:p/boss :me]', '[:p/boss [:p/key "k"]]', '[:p/pair [[:p/key "k"] 7]]']) {
      expect(resolveEntity(facts, read(text)), text).toBe(b)
    }
    expect(resolveEntity(facts, read('[:p/boss [:p/key "zz"]]'))).toBeUndefined()
    expect(resolveEntity(facts, read('[:p/pair [[:p/key "zz"] 7]]'))).toBeUndefined()
  })

  it('is nobody for a value that nobody has, and whatever number is asked', () => {
    expect(resolveEntity(facts, read('[:p/key "zz"]'))).toBeUndefined()
    expect(resolveEntity(facts, read('[:p/key nil]'))).toBeUndefined()
    expect(resolveEntity(facts, 999_999)).toBe(999_999)
    expect(findEntity(facts, keyword('nobody'))).toBeUndefined()
  })

  it.each([
    [':nobody', 'db.error/not-an-entity'],
    ['"a"', 'db.error/not-an-entity'],
    ['1.5', 'db.error/not-an-entity'],
    ['nil', 'db.error/not-an-entity'],
    ['[:p/n 1]', 'db.error/lookup-ref-attr-not-unique'],
    ['[:p/zz 1]', 'db.error/not-an-entity'],
    ['[:p/key 1]', 'db.error/wrong-type-for-attribute'],
    ['[:p/key "k" 2]', 'db.error/invalid-lookup-ref'],
    ['["p/key" "k"]', 'db.error/invalid-lookup-ref'],
  ])('is not named by %s', (text, code) => {
    expect(codeOf(() => resolveEntity(facts, read(text)))).toBe(code)
  })

  it('is, of a history, the last to hold the value', () => {
    const moved = factsOf(
      '[{:db/id "a" :p/key "k"} {:db/id "b" :p/n 2}]',
      '[[:db/retract [:p/key "k"] :p/key "k"]]',
      '[{:p/key "k" :p/n 3}]',
    )
    const now = resolveEntity(moved.facts, read('[:p/key "k"]'))
    expect(now).not.toBe(moved.ids.get('a'))
    expect(resolveEntity(moved.facts.history(), read('[:p/key "k"]'))).toBe(now)
  })
})

describe('pull', () => {
  it('says when the default limit cut, once for each attribute, and not where the pattern says a limit', () => {
    const numbers = Array.from({ length: 1001 }, (_, index) => index).join(' ')
    const { facts, ids } = factsOf(`[{:db/id "a" :p/many [${numbers}]} {:db/id "b" :p/many [${numbers}]}]`)
    const warnings: Warning[] = []
    const options = { warn: (warning: Warning) => warnings.push(warning) }
    const prepared = preparePull(facts, parsePullPattern('[:p/many]'), options)
    for (const id of ids.values()) expect(prepared(id)?.get(keyword('p/many'))).toHaveLength(1000)
    expect(warnings).toMatchObject([{ code: 'varve.warning/pull-cut' }])
    pull(facts, parsePullPattern('[*]'), ids.get('a')!, options)
    expect(warnings).toHaveLength(2)
    const all = pull(facts, parsePullPattern('[[:p/many :limit nil]]'), ids.get('a')!, options)
    expect(all?.get(keyword('p/many'))).toHaveLength(1001)
    pull(facts, parsePullPattern('[[:p/many :limit 1000]]'), ids.get('a')!, options)
    expect(warnings).toHaveLength(2)
  })

  it('applies functions to what was found, not to defaults, and drops what becomes nil', () => {
    const { facts, ids } = factsOf('[{:db/id "a" :p/n 1 :p/many [1 2]}]')
    const pattern = '[[:p/n :xform inc :as :next] [:p/many :xform my/f] [:p/key :default "no" :xform my/f]]'
    const xform = (name: string) => (name === 'my/f' ? (value: Edn) => [value] : undefined)
    expect(pulled(facts, pattern, ids.get('a')!, { xform })).toBe('{:next 2 :p/many [[1 2]] :p/key "no"}')
    expect(pulled(facts, '[[:p/n :xform my/nil]]', ids.get('a')!, { xform: () => () => null })).toBe('nil')
    expect(codeOf(() => pulled(facts, '[[:p/n :xform my/f]]', 1))).toBe('varve.error/xform-unknown')
  })

  it('ends a recursion with the id where the pattern asks for ids', () => {
    const { facts, ids } = factsOf(
      '[{:db/id "a" :p/n 1 :p/f "b"} {:db/id "b" :p/n 2 :p/f "c"} {:db/id "c" :p/n 3}]',
    )
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ids.get(name))
    expect(pulled(facts, '[:db/id {:p/f 1}]', a!)).toBe(
      `{:db/id ${a} :p/f [{:db/id ${b} :p/f [{:db/id ${c}}]}]}`,
    )
    expect(pulled(facts, '[* {:p/f 1}]', a!)).toBe(
      `{:db/id ${a} :p/n 1 :p/f [{:db/id ${b} :p/n 2 :p/f [{:db/id ${c}}]}]}`,
    )
  })

  it('keeps depths of two recursions apart', () => {
    const { facts, ids } = factsOf(
      '[{:db/id "a" :p/n 1 :p/f "b" :p/boss "c"} {:db/id "b" :p/n 2 :p/f "c" :p/boss "a"} {:db/id "c" :p/n 3}]',
    )
    expect(pulled(facts, '[:p/n {:p/f 1 :p/boss 1}]', ids.get('a')!)).toBe(
      '{:p/n 1 :p/f [{:p/n 2 :p/boss {:p/n 1}}] :p/boss {:p/n 3}}',
    )
  })

  it('follows chains of any length, in components and in recursion', () => {
    const facts = chainOf(100_000)
    expect(depthOf(pull(facts, parsePullPattern('[:p/c]'), 0), 'p/c')).toBe(100_001)
    expect(depthOf(pull(facts, parsePullPattern('[:db/id {:p/c ...}]'), 0), 'p/c')).toBe(100_001)
  })

  it('refuses to unfold a net into more paths than anybody can read', () => {
    const layers = Array.from({ length: 24 }, (_, layer) =>
      ['x', 'y'].map(
        (side) => `{:db/id "${side}${layer}" :p/n ${layer} :p/f ["x${layer + 1}" "y${layer + 1}"]}`,
      ),
    )
    const { facts, ids } = factsOf(`[${layers.flat().join(' ')} {:db/id "x24" :p/n 1} {:db/id "y24" :p/n 2}]`)
    expect(codeOf(() => pulled(facts, '[:p/n {:p/f ...}]', ids.get('x0')!, { entityCountMax: 10_000 }))).toBe(
      'varve.error/pull-too-large',
    )
  })

  it.each([
    ['[:p/zz]', 'db.error/not-an-entity'],
    ['[{:p/n [:p/key]}]', 'varve.error/pull-not-a-reference'],
    ['[{:p/n ...}]', 'varve.error/pull-not-a-reference'],
    ['[:p/_n]', 'varve.error/pull-not-a-reference'],
    ['[{:p/f [:p/zz]}]', 'db.error/not-an-entity'],
    ['[:db/_id]', 'db.error/not-an-entity'],
    ['[* [:p/n :as :p/key]]', 'varve.error/pull-key-twice'],
    ['[* [:p/n :as :db/id]]', 'varve.error/pull-key-twice'],
  ])('refuses %s before it looks at any fact', (pattern, code) => {
    const { facts } = factsOf()
    expect(codeOf(() => pulled(facts, pattern, 1))).toBe(code)
  })

  it('points at the attribute that does not exist', () => {
    const { facts } = factsOf()
    try {
      pulled(facts, '[:p/n\n {:p/f [:p/nn]}]', 1)
      expect.unreachable()
    } catch (error) {
      if (!(error instanceof VarveError)) throw error
      expect(error.data['place']).toMatchObject({ line: 2, column: 9, path: [1, 'p/f', 0] })
      expect(error.fix).toBe('Did you mean :p/n?')
    }
  })

  it('refuses a history', () => {
    const { facts } = factsOf()
    expect(codeOf(() => pulled(facts.history(), '[:p/n]', 1))).toBe('varve.error/history-has-no-entities')
    expect(codeOf(() => entityMap(facts.history(), 1))).toBe('varve.error/history-has-no-entities')
  })
})

describe('the map of an entity', () => {
  it('names referenced entities by their ident, and holds components whole', () => {
    const { facts, ids } = factsOf(
      '[{:db/id "o" :db/ident :open}]',
      '[{:db/id "a" :p/f [:open "b"] :p/c {:db/id "c" :p/n 3 :p/boss :open}} {:db/id "b" :p/n 2}]',
    )
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ids.get(name))
    const expected = `{:db/id ${a} :p/f [:open {:db/id ${b}}] :p/c {:db/id ${c} :p/boss :open :p/n 3}}`
    const map = entityMap(facts, a!)
    expect(textKey(map)).toBe(textKey(read(expected)))
    expect(entityMap(facts, read('[:p/key "zz"]'))).toBeNull()
    expect(show(entityMap(facts, 999_999))).toBe('{:db/id 999999}')
  })
})
