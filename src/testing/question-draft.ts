// A question that grows: its clauses so far, and a witness, a value for every variable that satisfies all of them. A clause
// is proposed as text, put to brute force with the witness bound, and taken where it holds (now and then also where it
// does not).

import { assert } from '../base/assert.ts'
import { VarveError } from '../base/errors.ts'
import { type EntityId, kindOf, TX_BASE, TX_KIND } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import type { Datom } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { isKeywordText } from '../fact/names.ts'
import { type Edn, equalValues, Keyword, keyword, numberType } from '../fact/value.ts'
import { Spot } from '../plan/spot.ts'
import type { RuleSet, SourceName } from '../plan/syntax.ts'
import { parseClauses } from '../query/parse-clause.ts'
import { parseRules } from '../query/parse-rules.ts'
import { arbitraryRules, type RuleShape } from './arbitrary-rules.ts'
import type { MadeWorld } from './arbitrary-world.ts'
import { settled } from './naive-database.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { type Bindings, naiveBindings } from './naive-query.ts'
import { type AskedSource, viewed } from './question.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What one proposed clause may cost by brute force: a dearer one is not taken. */
const LOOK_COUNT_MAX = 5_000

/** Clauses that bring facts together. */
const RELATIONS: ReadonlySet<string> = new Set(['pattern', 'or', 'or-join', 'rule'])

export type DraftOptions = {
  /** The first is asked as `$`. */
  readonly worlds: readonly [MadeWorld, ...MadeWorld[]]
  readonly sources: readonly AskedSource[]
  readonly isForDatomic: boolean
}

export class QuestionDraft {
  readonly random: SeededRandom
  readonly sources: readonly AskedSource[]
  readonly facts: ReadonlyMap<SourceName, NaiveFacts>
  readonly datoms: ReadonlyMap<SourceName, readonly Datom[]>
  /** Tempids by their entities. */
  readonly names: ReadonlyMap<EntityId, string>
  readonly isForDatomic: boolean
  readonly rules: readonly RuleShape[]
  /** Variables that hold values of any type: names among them would mean entities where an entity stands. */
  readonly mixed = new Set<string>()
  readonly clauses: string[] = []
  readonly kinds: string[] = []
  witness: Bindings = new Map()
  joinCount = 0
  readonly #entityNames: ReadonlyMap<string, EntityId>
  readonly #ruleSet: RuleSet
  #nextName = 0

  constructor(random: SeededRandom, { worlds, sources, isForDatomic }: DraftOptions) {
    this.random = random
    this.sources = sources
    this.isForDatomic = isForDatomic
    const facts = sources.map(({ name, world, view }) => [name, viewed(worlds[world]!.facts, view)] as const)
    this.facts = new Map(facts)
    this.datoms = new Map(facts.map(([name, seen]) => [name, ownDatoms(seen)]))
    this.#entityNames = worlds[0].entities
    this.names = new Map([...this.#entityNames].map(([name, e]) => [e, name]))
    this.rules = arbitraryRules(random, [':p/friend', ':q/owner', ':q/part'])
    this.#ruleSet = parseRules(this.rules.flatMap(({ forms }) => forms))
  }

  /** Takes the clause where the witness satisfies it, and what it binds into the witness. */
  propose(kind: string, text: string): boolean {
    return this.proposeAll(kind, [text])
  }

  /** The same of several clauses, of which all are taken or none. */
  proposeAll(kind: string, texts: readonly string[]): boolean {
    const text = texts.join(' ')
    if (this.isForDatomic && isOtherInDatomic(kind, text)) return false
    const forms = texts.map((one) => settled(readEdn(one).value, this.#entityNames))
    const spots = forms.map((form) => {
      assert(form !== undefined, 'a question names entities that are there')
      return Spot.root(form)
    })
    const clauses = parseClauses(spots, { isFunction: () => false })
    const setting = {
      sources: this.facts,
      rules: this.#ruleSet,
      patience: { looksLeft: LOOK_COUNT_MAX },
    }
    let found
    try {
      found = naiveBindings(clauses, [this.witness], setting)
    } catch (error) {
      // A function that fails on the witness: seldom wanted, since then only errors can be compared.
      if (error instanceof VarveError) return false
      throw error
    }
    if (found === undefined) return false
    const before = this.witness.size
    const isJoined = [...this.witness.keys()].some((name) => mentions(text, name))
    const next = found.length === 0 ? undefined : this.random.oneOf(found)
    // Datomic passes over a `not` that empties what shares nothing with the find: for it, every clause holds.
    const isEmptyTaken = !this.isForDatomic && !this.#newNamesIn(text) && this.random.below(12) === 0
    if (next === undefined && !isEmptyTaken) return false
    this.witness = next ?? this.witness
    this.clauses.push(...texts)
    this.kinds.push(kind)
    if (isJoined && before > 0 && RELATIONS.has(kind)) this.joinCount++
    this.joinCount += texts.length - 1
    return true
  }

  #newNamesIn(text: string): boolean {
    return (text.match(/\?[a-z]\d+/g) ?? []).some((name) => !this.witness.has(name))
  }

  // ── patterns ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** An entity as a constant: by its tempid, its transaction or a lookup ref. */
  entityText(source: SourceName, e: EntityId): string | undefined {
    if (!this.isMain(source)) return undefined
    const t = e - TX_BASE
    if (kindOf(e) === TX_KIND) return t > 0 ? `#tx ${t}` : undefined
    const facts = this.facts.get(source)!
    // It may be hidden, or masked so that nobody is found by it.
    const code = facts.schema.attributeNamed(keyword('p/code'))
    const isName = code?.unique === 'identity' && !facts.isHistory
    const held = isName ? [...facts.match(e, code.id, undefined)][0]?.v : undefined
    if (held !== undefined && this.random.below(2) === 0 && !this.isForDatomic) {
      return `[:p/code ${writeEdn(held)}]`
    }
    const name = this.names.get(e)
    return name && `#tempid "${name}"`
  }

  /** A variable that stands for the value: one of those there are, or a new one. */
  variable(letter: string, value: Edn, mayBind: boolean): string {
    const known = this.those((held) => equalValues(held, value))
    if (known.length > 0 && (this.random.below(6) > 0 || !mayBind)) return this.random.oneOf(known)
    return mayBind ? this.newName(letter) : '_'
  }

  newName(letter: string): string {
    return `?${letter}${this.#nextName++}`
  }

  those(test: (value: Edn) => boolean): readonly string[] {
    const found = [...this.witness].filter(([name, value]) => !this.mixed.has(name) && test(value))
    return found.map(([name]) => name)
  }

  /** A variable of one type, with its value. */
  one(): readonly [name: string, value: Edn] {
    const name = this.random.oneOf(this.those(() => true))
    return [name, this.witness.get(name)!]
  }

  entities(): readonly string[] {
    return this.those(isEntity)
  }

  numbers(): readonly string[] {
    return this.those((value) => numberType(value) !== undefined && !isId(value))
  }

  /** A value of the same type, from the facts. */
  literal(value: Edn): string {
    const same = this.datoms
      .get('$')!
      .map(({ v }) => v as Edn)
      .filter((v) => !isEntity(v) && isConstant(v, this.isForDatomic) && isAlike(v, value))
    return same.length > 0 ? writeEdn(this.random.oneOf(same)) : writeEdn(value)
  }

  textOf(value: Edn): string | undefined {
    if (isEntity(value)) return this.names.has(value) ? `#tempid "${this.names.get(value)}"` : undefined
    return isConstant(value, this.isForDatomic) ? writeEdn(value) : undefined
  }

  source(): SourceName {
    return this.sources.length > 1 && this.random.below(2) === 0 ? '$b' : '$'
  }

  isMain(source: SourceName): boolean {
    return this.sources.find(({ name }) => name === source)!.world === 0
  }

  ref(): string {
    return this.random.pick([':p/friend', ':q/owner', ':q/part'])
  }
}

/**
 * What Datomic takes otherwise: a `not` without variables, a rule that calls itself before anything is bound, `count` (an
 * integer, which never meets a long), and a bound variable twice in a pattern, which filters by the order of clauses.
 */
function isOtherInDatomic(kind: string, text: string): boolean {
  const isWithoutVariables = kind === 'not' && !text.includes('?')
  const isTwice = kind === 'pattern' && /(\?\w+)\b.*\1\b/.test(text)
  return isWithoutVariables || isTwice || /\((?:\$b )?far |\(count /.test(text)
}

/** What somebody put into the facts: no schema, no moments. */
function ownDatoms(facts: NaiveFacts): readonly Datom[] {
  const all = [...facts.match(undefined, undefined, undefined)]
  return all.filter(({ e, a }) => a >= BUILTIN_ATTRIBUTE_COUNT && kindOf(e) !== 0)
}

/** An entity or a transaction: a number that nobody computes with, since it is another one in Datomic. */
export function isId(value: Edn): value is EntityId {
  return typeof value === 'number' && Number.isSafeInteger(value) && kindOf(value) >= TX_KIND
}

export function isEntity(value: Edn): value is EntityId {
  return typeof value === 'number' && Number.isSafeInteger(value) && kindOf(value) > TX_KIND
}

/** What may stand as a constant: bytes, uris and tuples Datomic reads otherwise. */
export function isConstant(value: Edn, isForDatomic = false): boolean {
  // What export functions make of texts may be something that nobody can write.
  if (value instanceof Keyword && !isKeywordText(value.text)) return false
  if (typeof value === 'string' && !value.isWellFormed()) return false
  if (
    value === null ||
    (typeof value === 'number' && Number.isSafeInteger(value) && kindOf(value) >= TX_KIND)
  )
    return false
  return !isForDatomic || !(value instanceof Uint8Array || Array.isArray(value))
}

function isAlike(x: Edn, y: Edn): boolean {
  if (numberType(x) !== undefined) return numberType(x) === numberType(y)
  return typeof x === typeof y && (typeof x !== 'object' || x?.constructor === y?.constructor)
}

export function mentions(text: string, name: string): boolean {
  const at = text.indexOf(name)
  return at >= 0 && !/\d/.test(text[at + name.length] ?? '')
    ? true
    : at >= 0 && mentions(text.slice(at + name.length), name)
}
