// Random facts through time, and random questions about them. A question grows along facts that are there: it
// carries a witness, a value for every variable, so that most answers are not empty. All of it follows from one
// number.

import { assert } from '../base/assert.ts'
import { kindOf, TX_BASE, TX_KIND } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import type { Datom } from '../fact/datom.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { type Edn, equalValues, numberType } from '../fact/value.ts'
import { attributes, NaiveDatabase } from './naive-database.ts'
import type { NaiveFacts } from './naive-facts.ts'
import type { SeededRandom } from './seeded-random.ts'

export type AskedText = {
  /** The query as EDN text. */
  readonly query: string
  /** Its arguments after the database. */
  readonly args: readonly Edn[]
  readonly clauseKinds: readonly string[]
}

const NAMES = ['p/name', 'p/age', 'p/score', 'p/tag', 'p/friend', 'p/parent', 'p/code'] as const
type Name = (typeof NAMES)[number]

const SCHEMA = attributes(
  'p/name string',
  'p/age long',
  'p/score double',
  'p/tag keyword many',
  'p/friend ref many',
  'p/parent ref',
  'p/code string identity',
)

const WORDS = ['Ada', 'Bob', 'Cy', 'Dee'] as const
const TAGS = [':t/red', ':t/green', ':t/blue'] as const
const SCORES = [0.5, 1.5, 2.25] as const

/** Rules over those attributes: recursion to the left and right, mutual recursion, a bound head, a rule in a `not`. */
export const RULES_TEXT = `[
  [(ancestor ?x ?y) [?x :p/parent ?y]]
  [(ancestor ?x ?y) (ancestor ?x ?z) [?z :p/parent ?y]]
  [(linked ?x ?y) [?x :p/friend ?y]]
  [(linked ?x ?y) [?y :p/friend ?x]]
  [(linked ?x ?y) [?x :p/friend ?z] (linked ?z ?y)]
  [(evenly ?x ?y) [?x :p/parent ?z] (oddly ?z ?y)]
  [(oddly ?x ?y) [?x :p/parent ?y]]
  [(oddly ?x ?y) [?x :p/parent ?z] (evenly ?z ?y)]
  [(older [?x] ?y) [?x :p/age ?a] [?y :p/age ?b] [(< ?b ?a)]]
  [(rootless ?x) [?x :p/name] (not-join [?x] (ancestor ?x ?y) [?y :p/name "Ada"])]
]`
const RULES = { ancestor: 2, linked: 2, evenly: 2, oddly: 2, older: 2, rootless: 1 } as const

/** Facts of a dozen entities, or of as many as asked for, changed over a few transactions. */
export function arbitraryFacts(random: SeededRandom, entityCount: number = 3 + random.below(7)): NaiveFacts {
  const database = new NaiveDatabase(SCHEMA)
  const first = Array.from(
    { length: entityCount },
    (_, i) => `{:db/id "e${i}" :p/name "${random.pick(WORDS)}"}`,
  )
  database.transact(`[${first.join(' ')}]`)
  for (let step = 0; step < 5; step++)
    database.transact(`[${operations(random, database, entityCount).join(' ')}]`)
  return database.facts
}

/** Operations of one transaction that do not conflict with each other. */
function operations(random: SeededRandom, database: NaiveDatabase, entityCount: number): readonly string[] {
  const chosen = new Map<string, string>()
  /** What happens to each attribute of an entity: references are added by tempid and retracted by id, so adds and
   * retractions of one attribute are not mixed. */
  const directions = new Map<string, string>()
  for (let count = random.below(entityCount * 2); count >= 0; count--) {
    const entity = `#tempid "e${random.below(entityCount)}"`
    const name = random.pick(NAMES)
    const operation = operationText(random, { database, entity, name, entityCount })
    if (operation === undefined) continue
    const place = `${entity} ${name}`
    const direction = operation.slice(0, 8)
    if ((directions.get(place) ?? direction) !== direction) continue
    directions.set(place, direction)
    // One value of cardinality one: two would conflict.
    chosen.set(name === 'p/tag' || name === 'p/friend' ? `${chosen.size}` : place, operation)
  }
  return [...chosen.values()]
}

type OperationSetting = {
  readonly database: NaiveDatabase
  readonly entity: string
  readonly name: Name
  readonly entityCount: number
}

function operationText(
  random: SeededRandom,
  { database, entity, name, entityCount }: OperationSetting,
): string | undefined {
  if (random.below(4) > 0) return `[:db/add ${entity} :${name} ${valueText(random, name, entityCount)}]`
  const e = database.e(entity.slice(9, -1))
  const [held] = database.values(e, name)
  return held === undefined ? undefined : `[:db/retract ${entity} :${name} ${writeEdn(held)}]`
}

function valueText(random: SeededRandom, name: Name, entityCount: number): string {
  switch (name) {
    case 'p/name':
      return `"${random.pick(WORDS)}"`
    case 'p/age':
      return String(random.below(5))
    case 'p/score':
      return String(random.pick(SCORES))
    case 'p/tag':
      return random.pick(TAGS)
    case 'p/friend':
    case 'p/parent':
      return `#tempid "e${random.below(entityCount)}"`
    case 'p/code':
      return `"c${random.below(1_000_000_000)}"`
  }
}

/** A view of the facts: now, as of some t, since one, or all of history. */
export function arbitraryView(random: SeededRandom, facts: NaiveFacts): NaiveFacts {
  const t = 1 + random.below(facts.basisT)
  switch (random.below(6)) {
    case 0:
      return facts.asOf(t)
    case 1:
      return facts.since(t - 1)
    case 2:
      return facts.history()
    case 3:
      return facts.asOf(t).history()
    default:
      return facts
  }
}

/** A question about what the facts of this view hold; undefined where they hold next to nothing. */
export function arbitraryQuestion(random: SeededRandom, facts: NaiveFacts): AskedText | undefined {
  const datoms = [...facts.match(undefined, undefined, undefined)].filter(
    ({ e, a }) => a >= BUILTIN_ATTRIBUTE_COUNT && kindOf(e) !== TX_KIND && kindOf(e) !== 0,
  )
  return datoms.length < 3 ? undefined : new QuestionMaker(random, facts, datoms).make()
}

class QuestionMaker {
  readonly #random: SeededRandom
  readonly #facts: NaiveFacts
  readonly #datoms: readonly Datom[]
  readonly #witness = new Map<string, Edn>()
  readonly #clauses: string[] = []
  readonly #kinds: string[] = []
  readonly #in: string[] = ['$']
  readonly #args: Edn[] = []
  #hasRules = false

  constructor(random: SeededRandom, facts: NaiveFacts, datoms: readonly Datom[]) {
    this.#random = random
    this.#facts = facts
    this.#datoms = datoms
  }

  make(): AskedText {
    while (this.#witness.size === 0) this.#patternClause()
    for (let count = this.#random.below(4); count > 0; count--) this.#patternClause()
    for (let count = this.#random.below(3); count > 0; count--) this.#otherClause()
    const find = this.#find()
    const names = this.#hasRules ? [...this.#in, '%'] : this.#in
    const clauses = this.#shuffled(this.#clauses)
    return {
      query: `[:find ${find} :in ${names.join(' ')} :where ${clauses.join(' ')}]`,
      args: this.#args,
      clauseKinds: this.#kinds,
    }
  }

  #add(kind: string, text: string): void {
    this.#kinds.push(kind)
    this.#clauses.push(text)
  }

  #patternClause(): void {
    this.#add('pattern', this.#pattern(this.#nextDatom(), true))
  }

  /** A fact that touches what is there already, most of the time. */
  #nextDatom(): Datom {
    const values = [...this.#witness.values()]
    const touching = this.#datoms.filter((datom) =>
      values.some(
        (value) =>
          value === datom.e ||
          (typeof datom.v === 'number' && kindOf(datom.v) > TX_KIND && value === datom.v),
      ),
    )
    return this.#random.below(6) > 0 && touching.length > 0
      ? this.#oneOf(touching)
      : this.#oneOf(this.#datoms)
  }

  /** `mayBind` lets it bring new variables. */
  #pattern({ e, a, v, t, added }: Datom, mayBind: boolean): string {
    const { ident } = this.#facts.schema.attribute(a)!
    const attribute = this.#random.below(12) === 0 && mayBind ? this.#variable(a, mayBind) : String(ident)
    const terms = [
      this.#random.below(8) === 0 ? String(e) : this.#variable(e, mayBind),
      attribute,
      this.#valueTerm(v, mayBind),
    ]
    if (this.#random.below(6) === 0 || this.#facts.isHistory) terms.push(this.#variable(TX_BASE + t, mayBind))
    if (this.#facts.isHistory && this.#random.below(2) === 0) {
      terms.push(this.#random.below(2) === 0 ? String(added) : this.#variable(added, mayBind))
    }
    return `[${terms.join(' ')}]`
  }

  #valueTerm(v: Edn, mayBind: boolean): string {
    const choice = this.#random.below(10)
    if (choice < 3) return writeEdn(v)
    if (choice === 3) return '_'
    if (choice === 4 && mayBind) return this.#input(v)
    return this.#variable(v, mayBind)
  }

  /** A variable that stands for the value: one of those there are, or a new one. */
  #variable(value: Edn, mayBind: boolean): string {
    const known = [...this.#witness].filter(([, held]) => equalValues(held, value)).map(([name]) => name)
    if (known.length > 0 && (this.#random.below(5) > 0 || !mayBind)) return this.#oneOf(known)
    if (!mayBind) return '_'
    const name = `?v${this.#witness.size}`
    this.#witness.set(name, value)
    return name
  }

  #input(value: Edn): string {
    const name = `?v${this.#witness.size}`
    this.#witness.set(name, value)
    const others = this.#datoms.slice(0, 3).map(({ v }) => v as Edn)
    if (this.#random.below(2) === 0 || numberType(value) !== undefined) {
      this.#in.push(name)
      this.#args.push(value)
    } else {
      this.#in.push(`[${name} ...]`)
      this.#args.push([
        value,
        ...others.filter((other) => typeof other === typeof value && numberType(other) === undefined),
      ])
    }
    return name
  }

  #otherClause(): void {
    switch (this.#random.below(7)) {
      case 0:
        return this.#comparison()
      case 1:
        return this.#functionClause()
      case 2:
        return this.#not()
      case 3:
        return this.#notJoin()
      case 4:
        return this.#or()
      case 5:
        return this.#orJoin()
      default:
        return this.#rule()
    }
  }

  #comparison(): void {
    const numbers = this.#those((value) => numberType(value) !== undefined)
    if (numbers.length === 0) return
    const operator = this.#random.pick(['<', '<=', '>', '>=', '=', 'not='])
    this.#add(
      'predicate',
      `[(${operator} ${this.#oneOf(numbers)} ${this.#random.below(2) === 0 ? this.#oneOf(numbers) : this.#random.below(5)})]`,
    )
  }

  #functionClause(): void {
    const ages = this.#those(
      (value) => typeof value === 'number' && value < 10 && numberType(value) === 'long',
    )
    const entities = this.#entities()
    const name = `?v${this.#witness.size}`
    if (ages.length > 0 && this.#random.below(2) === 0) {
      const age = this.#oneOf(ages)
      this.#witness.set(name, (this.#witness.get(age) as number) + 1)
      this.#add('function', `[(+ ${age} 1) ${name}]`)
    } else if (entities.length > 0 && !this.#facts.isHistory) {
      this.#add('function', `[(get-else $ ${this.#oneOf(entities)} :p/age 99) ${name}]`)
      this.#witness.set(name, 99)
    }
  }

  #not(): void {
    this.#add('not', `(not ${this.#pattern(this.#oneOf(this.#datoms), false)})`)
  }

  #notJoin(): void {
    const entities = this.#entities()
    if (entities.length === 0) return
    const e = this.#oneOf(entities)
    this.#add(
      'not-join',
      `(not-join [${e}] [${e} :p/friend ?inner] [?inner :p/name "${this.#random.pick(WORDS)}"])`,
    )
  }

  #or(): void {
    const entities = this.#entities()
    if (entities.length === 0) return
    const e = this.#oneOf(entities)
    const branch = (): string => {
      const datom = this.#oneOf(this.#datoms)
      const ident = String(this.#facts.schema.attribute(datom.a)!.ident)
      return this.#random.below(3) === 0 ? `[${e} ${ident}]` : `[${e} ${ident} ${writeEdn(datom.v)}]`
    }
    this.#add('or', `(or ${branch()} ${branch()} (and ${branch()} ${branch()}))`)
  }

  #orJoin(): void {
    const entities = this.#entities()
    const x = entities.length > 0 ? this.#oneOf(entities) : '?x'
    const y =
      this.#random.below(2) === 0 && entities.length > 0 ? this.#oneOf(entities) : `?v${this.#witness.size}`
    if (x === y) return
    if (!this.#witness.has(y)) this.#witness.set(y, 0)
    this.#add(
      'or-join',
      `(or-join [${x} ${y}] [${x} :p/friend ${y}] (and [${x} :p/parent ?mid] [${y} :p/parent ?mid]))`,
    )
  }

  #rule(): void {
    const entities = this.#entities()
    const rule = this.#oneOf(Object.entries(RULES))
    const [name, arity] = rule
    if (entities.length === 0) return
    const second = this.#random.below(3) > 0 ? this.#oneOf(entities) : `?v${this.#witness.size}`
    if (!this.#witness.has(second)) this.#witness.set(second, 0)
    this.#hasRules = true
    const args = [this.#oneOf(entities), second].slice(0, arity)
    if (arity === 1 && !this.#clauses.join(' ').includes(second)) this.#witness.delete(second)
    this.#add('rule', `(${name} ${args.join(' ')})`)
  }

  /** Some of the variables, perhaps counted or summed up. */
  #find(): string {
    const bound = this.#shuffled(
      [...this.#witness.keys()].filter((name) => this.#clauses.some((text) => text.includes(name))),
    )
    const chosen = bound.slice(0, 1 + this.#random.below(3))
    assert(chosen.length > 0, 'the first pattern binds something')
    if (this.#random.below(4) > 0) return chosen.join(' ')
    const [first, ...others] = chosen
    const counted = `(${this.#random.pick(['count', 'count-distinct', 'min', 'max'])} ${first})`
    const rest = bound.slice(chosen.length)
    return [
      ...others,
      counted,
      ...(rest.length > 0 && this.#random.below(2) === 0 ? [`:with ${rest[0]}`] : []),
    ].join(' ')
  }

  #entities(): readonly string[] {
    return this.#those((value) => typeof value === 'number' && kindOf(value) > TX_KIND)
  }

  #those(test: (value: Edn) => boolean): readonly string[] {
    return [...this.#witness].filter(([, value]) => test(value)).map(([name]) => name)
  }

  #oneOf<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]!
  }

  #shuffled<Item>(items: readonly Item[]): readonly Item[] {
    return items
      .map((item) => ({ item, key: this.#random.next() }))
      .sort((x, y) => x.key - y.key)
      .map(({ item }) => item)
  }
}
