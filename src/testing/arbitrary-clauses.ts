// Clauses of every kind, proposed to a draft: patterns along facts that are there, predicates and functions by the type of
// a variable, `not`, `or`, rules.

import { type EntityId, kindOf, TX_BASE, TX_KIND } from '../fact/attribute.ts'
import type { Datom } from '../fact/datom.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { type Edn, EdnSymbol, equalValues, Keyword, numberType, Uuid } from '../fact/value.ts'
import type { SourceName } from '../plan/syntax.ts'
import { isConstant, isEntity, isId, type QuestionDraft } from './question-draft.ts'
import type { SeededRandom } from './seeded-random.ts'

const COMPARISONS = ['<', '<=', '>', '>=', '=', 'not='] as const

export class ClauseMaker {
  readonly #draft: QuestionDraft
  readonly #random: SeededRandom

  constructor(draft: QuestionDraft) {
    this.#draft = draft
    this.#random = draft.random
  }

  /** A pattern along a fact of this source. */
  patternOf(source: SourceName): void {
    const datoms = this.#draft.datoms.get(source)!
    const values = [...this.#draft.witness.values()]
    const touching = datoms.filter(({ e, v }) =>
      values.some((value) => value === e || (typeof value !== 'boolean' && equalValues(value, v))),
    )
    const isTouching = touching.length > 0 && this.#random.below(8) > 0
    this.#draft.propose(
      'pattern',
      this.#patternText(source, this.#random.oneOf(isTouching ? touching : datoms), true),
    )
    if (this.#random.below(20) === 0 && !this.#draft.facts.get(source)!.isHistory) this.#moment(source)
  }

  pattern(): void {
    this.patternOf(this.#draft.source())
  }

  /**
   * Patterns that close a circle of two to four variables among things that refer to each other, now and then with
   * a chord or over things that come twice.
   */
  circle(): void {
    const source = this.#draft.source()
    const edges = this.#draft.datoms.get(source)!.filter(({ v }) => isEntity(v))
    for (let tries = 4; edges.length > 0 && tries > 0; tries--) {
      const walk = this.#walk(edges, 2 + this.#random.below(3))
      if (walk !== undefined && this.#draft.proposeAll('circle', this.#circleOf(source, walk, edges))) return
    }
  }

  /** Edges one after another, in either direction, back to where the first began; undefined where there is no way back. */
  #walk(edges: readonly Datom[], length: number): readonly Datom[] | undefined {
    const start = this.#random.oneOf(edges)
    const walk = [start]
    let at = start.v
    while (walk.length < length) {
      const isLast = walk.length === length - 1
      const next = edges.filter(
        (edge) =>
          // Of two variables the second edge is another one; longer circles may go to and fro.
          !(isLast && length === 2 && edge === start) &&
          ((edge.e === at && (!isLast || edge.v === start.e)) ||
            (edge.v === at && (!isLast || edge.e === start.e))),
      )
      if (next.length === 0) return undefined
      const edge = this.#random.oneOf(next)
      walk.push(edge)
      at = edge.e === at ? edge.v : edge.e
    }
    return walk
  }

  #circleOf(source: SourceName, walk: readonly Datom[], edges: readonly Datom[]): readonly string[] {
    const ends = walk.map(({ e }, i) => (i === 0 ? e : undefined)) as EntityId[]
    walk.forEach(({ e, v }, i) => (ends[i + 1] = ends[i] === e ? (v as EntityId) : e))
    const names = walk.map((_, i) =>
      i === 0 ? this.#draft.variable('e', ends[0]!, true) : this.#draft.newName('c'),
    )
    const text = (edge: Datom, from: number, to: number): string => {
      const ident = this.#draft.facts.get(source)!.schema.attribute(edge.a)!.ident
      const pair = edge.e === ends[from] ? [names[from], names[to]] : [names[to], names[from]]
      return `[${source === '$' ? '' : `${source} `}${pair[0]} ${ident.toString()} ${pair[1]}]`
    }
    const circle = walk.map((edge, i) => text(edge, i, (i + 1) % walk.length))
    const chord = edges.find(({ e, v }) => walk.length === 4 && e === ends[0] && v === ends[2])
    return chord === undefined ? circle : [...circle, text(chord, 0, 2)]
  }

  /** `mayBind` lets it bring new variables. */
  #patternText(source: SourceName, { e, a, v, t, added }: Datom, mayBind: boolean): string {
    const facts = this.#draft.facts.get(source)!
    const { ident } = facts.schema.attribute(a)!
    // Unbound, it would meet what every database says of itself.
    const hasAnyAttribute = mayBind && this.#random.below(16) === 0 && !this.#draft.isForDatomic
    const terms = [
      this.#entityTerm(source, e, mayBind),
      hasAnyAttribute ? this.#draft.variable('a', a, mayBind) : String(ident),
      hasAnyAttribute ? this.#mixedTerm(v) : this.#valueTerm(source, v, mayBind),
    ]
    const isHistory = facts.isHistory
    if (this.#random.below(6) === 0 || (isHistory && this.#random.below(2) === 0)) {
      terms.push(
        this.#random.below(5) === 0 && this.#draft.isMain(source) && t > 0
          ? `#tx ${t}`
          : this.#draft.variable('t', TX_BASE + t, mayBind),
      )
      if (isHistory)
        terms.push(this.#random.below(2) === 0 ? String(added) : this.#draft.variable('b', added, mayBind))
    }
    // A pattern may end after its attribute.
    if (terms.length === 3 && terms[2] === '_' && this.#random.below(2) === 0) terms.pop()
    return `[${source === '$' ? '' : `${source} `}${terms.join(' ')}]`
  }

  #entityTerm(source: SourceName, e: EntityId, mayBind: boolean): string {
    if (this.#random.below(10) > 0) return this.#draft.variable('e', e, mayBind)
    const constant = this.#draft.entityText(source, e)
    return constant ?? this.#draft.variable('e', e, mayBind)
  }

  #valueTerm(source: SourceName, v: Edn, mayBind: boolean): string {
    const choice = this.#random.below(12)
    if (choice === 0) return '_'
    const isRef = isEntity(v) && this.#draft.names.has(v)
    if (choice < 4) {
      const text = isRef
        ? this.#draft.entityText(source, v)
        : isConstant(v, this.#draft.isForDatomic)
          ? writeEdn(v)
          : undefined
      if (text !== undefined) return text
    }
    return this.#draft.variable('v', v, mayBind)
  }

  /** The value of any attribute: a constant, or a variable that nothing else uses as an entity. */
  #mixedTerm(v: Edn): string {
    if (this.#random.below(3) === 0 && isConstant(v, this.#draft.isForDatomic)) return writeEdn(v)
    const name = this.#draft.newName('m')
    this.#draft.mixed.add(name)
    return name
  }

  /** When the transaction of a fact was. */
  #moment(source: SourceName): void {
    const txs = this.#draft.those(
      (value) => typeof value === 'number' && kindOf(value) === TX_KIND && value > TX_BASE,
    )
    if (txs.length === 0 || this.#draft.isForDatomic) return
    const prefix = source === '$' ? '' : `${source} `
    this.#draft.propose(
      'pattern',
      `[${prefix}${this.#random.oneOf(txs)} :db/txInstant ${this.#draft.newName('i')}]`,
    )
  }

  // ── other clauses ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Any other clause, unless several tries come to nothing. */
  other(): void {
    const kinds = [
      () => this.#predicate(),
      () => this.#predicate(),
      () => this.#bounds(),
      () => this.#bounds(),
      () => this.#equality(),
      () => this.#function(),
      () => this.#function(),
      () => this.#sourceFunction(),
      () => this.#not(),
      () => this.#not(),
      () => this.#notJoin(),
      () => this.#or(),
      () => this.#orJoin(),
      () => this.#orJoin(),
      () => this.#rule(),
      () => this.#rule(),
    ]
    for (let tries = 4; tries > 0; tries--) if (this.#random.oneOf(kinds)()) return
  }

  #predicate(): boolean {
    const [name, value] = this.#draft.one()
    const number = numberType(value)
    if (number !== undefined && !isId(value)) {
      const other =
        this.#random.below(2) === 0 ? this.#random.oneOf(this.#draft.numbers()) : this.#draft.literal(value)
      if (number === 'long' && this.#random.below(4) === 0) {
        return this.#draft.propose(
          'predicate',
          `[(${this.#random.oneOf(['even?', 'odd?', 'zero?', 'pos?', 'neg?'])} ${name})]`,
        )
      }
      if (this.#random.below(6) === 0 && !this.#draft.isForDatomic)
        return this.#draft.propose('predicate', `[(< (+ ${name} 1) (* ${other} 3))]`)
      // Of a decimal that is past, Datomic's `=` was seen to say that it is not itself.
      const isOrderOnly = this.#draft.isForDatomic && number === 'bigdec'
      const comparison = this.#random.oneOf(isOrderOnly ? COMPARISONS.slice(0, 4) : COMPARISONS)
      return this.#draft.propose('predicate', `[(${comparison} ${name} ${other})]`)
    }
    if (typeof value === 'string' && this.#random.below(2) === 0) {
      const test = this.#random.oneOf([
        'clojure.string/starts-with?',
        'clojure.string/includes?',
        'clojure.string/ends-with?',
      ])
      return this.#draft.propose(
        'predicate',
        `[(${test} ${name} ${this.#random.oneOf(['"t"', '"e"', '"a"', '""', '"🌊"'])})]`,
      )
    }
    if (typeof value === 'string' || value instanceof Date) {
      return this.#draft.propose(
        'predicate',
        `[(${this.#random.oneOf(COMPARISONS)} ${name} ${this.#draft.literal(value)})]`,
      )
    }
    const others = this.#draft.those((held) => typeof held === typeof value)
    return this.#draft.propose(
      'predicate',
      `[(${this.#random.oneOf(['=', 'not='])} ${name} ${this.#random.oneOf(others)})]`,
    )
  }

  /** What a value lies between: constants of its type, or other values. */
  #bounds(): boolean {
    const [name, value] = this.#draft.one()
    const number = numberType(value)
    if (isId(value) || (number === undefined && typeof value !== 'string' && !(value instanceof Date)))
      return false
    const isBesideNumbers = number !== undefined && this.#random.below(3) === 0
    const bound = (): string =>
      isBesideNumbers ? this.#random.oneOf(this.#draft.numbers()) : this.#draft.literal(value)
    if (this.#random.below(3) === 0 && !this.#draft.isForDatomic) {
      const order = this.#random.oneOf(['<', '<='])
      return this.#draft.propose('range', `[(${order} ${bound()} ${name} ${bound()})]`)
    }
    const isAbove = this.#draft.propose('range', `[(${this.#random.oneOf(['>', '>='])} ${name} ${bound()})]`)
    const isBelow = this.#draft.propose('range', `[(${this.#random.oneOf(['<', '<='])} ${name} ${bound()})]`)
    return isAbove || isBelow
  }

  /** What a value is equal to: itself, a number of another type, another variable that holds the same. */
  #equality(): boolean {
    const [name, value] = this.#draft.one()
    const text = this.#draft.textOf(value)
    const others = this.#draft.those((held) => equalValues(held, value)).filter((other) => other !== name)
    const forms: string[] = others.flatMap((other) => [
      `[(= ${name} ${other})]`,
      `[(identity ${other}) ${name}]`,
    ])
    if (text !== undefined) forms.push(`[(= ${name} ${text})]`)
    if (text !== undefined && !this.#draft.isForDatomic) {
      forms.push(`[(== ${text} ${name})]`, `[(ground ${text}) ${name}]`)
      if (numberType(value) === 'long' && !isId(value)) forms.push(`[(= ${name} ${text}.0)]`)
    }
    return forms.length > 0 && this.#draft.propose('equality', this.#random.oneOf(forms))
  }

  #function(): boolean {
    const [name, value] = this.#draft.one()
    const made = this.#draft.newName('f')
    if (this.#random.below(6) === 0) return this.#collection(made)
    const number = numberType(value)
    let calls: readonly string[] = [`(identity ${name})`, `(vector ${name} 1)`]
    if (isId(value)) calls = this.#draft.isForDatomic ? calls.slice(0, 1) : [`(mod ${name} 3)`, ...calls]
    else if (number !== undefined) {
      const other = this.#random.oneOf(this.#draft.numbers())
      const whole = [`(quot ${name} 2)`, `(rem ${name} 3)`, `(mod ${name} 3)`]
      const ofVarve = [
        `(+ (* ${name} 2) ${other})`,
        `(abs ${name})`,
        `(double ${name})`,
        `(/ ${name} 2)`,
        `(quot 12 ${name})`,
        `(quot 12 (- ${name} ${other}))`,
        `(bigdec ${name})`,
      ]
      calls = [
        `(+ ${name} 1)`,
        `(* ${name} 2)`,
        `(- ${name} ${other})`,
        `(max ${name} ${other})`,
        `(min ${name} 2)`,
        `(inc ${name})`,
        `(dec ${name})`,
        `(- ${name})`,
        ...(number === 'long' || !this.#draft.isForDatomic ? whole : []),
        ...(this.#draft.isForDatomic ? [] : ofVarve),
      ]
    } else if (typeof value === 'string') {
      calls = [
        `(count ${name})`,
        `(str ${name} "!")`,
        `(clojure.string/upper-case ${name})`,
        ...(this.#draft.isForDatomic
          ? []
          : [`(subs ${name} 0 1)`, `(subs ${name} 0 3)`, `(subs ${name} 1 4)`]),
        `(re-find #"[a-e]+" ${name})`,
        `(clojure.string/replace ${name} "e" "o")`,
        `(clojure.string/index-of ${name} "a")`,
      ].filter((text) => !text.includes('#"'))
    } else if (value instanceof Keyword) calls = [`(name ${name})`, `(namespace ${name})`, `(str ${name})`]
    else if (value instanceof Date) calls = [`(inst-ms ${name})`, `(identity ${name})`]
    else if (Array.isArray(value))
      return this.#draft.propose('function', `[(untuple ${name}) [${made} ${this.#draft.newName('f')}]]`)
    else if (value instanceof Uuid) calls = [`(str ${name})`]
    return this.#draft.propose('function', `[${this.#random.oneOf(calls)} ${made}]`)
  }

  /** Values that come as a collection, a row or rows. */
  #collection(made: string): boolean {
    const [name, value] = this.#draft.one()
    if (!isConstant(value, this.#draft.isForDatomic) || isEntity(value)) return false
    // Datomic takes a symbol among arguments for the name of something.
    if (value instanceof EdnSymbol && this.#draft.isForDatomic) return false
    const text = writeEdn(value)
    switch (this.#random.below(4)) {
      case 0:
        return this.#draft.propose(
          'function',
          `[(ground [${this.#draft.literal(value)} ${text}]) [${made} ...]]`,
        )
      case 1:
        return this.#draft.propose(
          'function',
          `[(ground [${text} ${this.#draft.literal(value)}]) [${name} ...]]`,
        )
      case 2:
        return this.#draft.propose(
          'function',
          `[(ground [[${text} 1] [${this.#draft.literal(value)} 2]]) [[${name} ${made}]]]`,
        )
      default:
        return this.#draft.propose('function', `[(vector ${name} ${text}) [_ ${made}]]`)
    }
  }

  #sourceFunction(): boolean {
    const entities = this.#draft.entities()
    const source = this.#draft.source()
    if (entities.length === 0 || this.#draft.facts.get(source)!.isHistory) return false
    const e = this.#random.oneOf(entities)
    switch (this.#random.below(4)) {
      case 0:
        return this.#draft.propose(
          'missing?',
          `[(missing? ${source} ${e} ${this.#random.oneOf([':p/code', ':q/owner', ':p/friend'])})]`,
        )
      case 1: {
        if (this.#draft.isForDatomic) return false
        const names = [this.#draft.newName('a'), this.#draft.newName('f')]
        return this.#draft.propose(
          'get-some',
          `[(get-some ${source} ${e} :p/code :p/long :p/name) [${names.join(' ')}]]`,
        )
      }
      default:
        return this.#draft.propose(
          'get-else',
          `[(get-else ${source} ${e} ${this.#random.oneOf([':p/long', ':p/name', ':p/code'])} ${this.#random.oneOf(['0', '"none"', '1'])}) ${this.#draft.newName('f')}]`,
        )
    }
  }

  #not(): boolean {
    const source = this.#draft.source()
    const [e, f] = this.#random.shuffled(this.#draft.entities())
    if (e !== undefined && f !== undefined && this.#random.below(4) === 0) {
      return this.#draft.propose('not', `(not (reach ${e} ${f}))`)
    }
    // Mostly of a thing there is, that it does not have what another one has.
    const one = (): string => {
      const datom = this.#random.oneOf(this.#draft.datoms.get(source)!)
      const text = isConstant(datom.v, this.#draft.isForDatomic)
        ? writeEdn(datom.v)
        : this.#draft.entityText(source, datom.v as EntityId)
      if (e === undefined || text === undefined) return this.#patternText(source, datom, false)
      const ident = this.#draft.facts.get(source)!.schema.attribute(datom.a)!.ident
      return `[${source === '$' ? '' : `${source} `}${e} ${ident.toString()} ${text}]`
    }
    const both = this.#random.below(3) === 0 ? `${one()} ${one()}` : one()
    return this.#draft.propose('not', `(not ${both})`)
  }

  #notJoin(): boolean {
    const entities = this.#draft.entities()
    if (entities.length === 0) return false
    const [e, ref] = [this.#random.oneOf(entities), this.#draft.ref()]
    const inner = this.#random.oneOf([
      `[${e} ${ref} ?in] [?in :p/name ${this.#random.oneOf(['"tea"', '"Tea"'])}]`,
      `[?in ${ref} ${e}]`,
      `[${e} :p/long ?in] [(< ?in 2)]`,
      ...(this.#draft.isForDatomic ? [] : [`[${e} :p/long ?in] [(quot 12 ?in) ?q] [(< ?q 2)]`]),
      `[${e} ${ref} ?in] (not [?in :p/name])`,
      `[${e} ${ref} ?in] [?on ${ref} ?in] [?on ${this.#draft.ref()} ${e}]`,
      `(reach ${e} ?in) [?in :p/name "Tea"]`,
      `(reach ?in ${e}) [?in :p/long 1]`,
    ])
    return this.#draft.propose('not-join', `(not-join [${e}] ${inner})`)
  }

  #or(): boolean {
    const entities = this.#draft.entities()
    if (entities.length === 0) return false
    const e = this.#random.oneOf(entities)
    const source = this.#random.below(3) === 0 && this.#draft.sources.length > 1 ? '$b ' : ''
    if (this.#random.below(3) === 0) {
      const y = this.#random.below(2) === 0 ? this.#random.oneOf(entities) : this.#draft.newName('e')
      if (y === e) return false
      return this.#draft.propose(
        'or',
        `(${source}or [${e} ${this.#draft.ref()} ${y}] [${y} ${this.#draft.ref()} ${e}])`,
      )
    }
    const branch = (): string => {
      const { a, v } = this.#random.oneOf(this.#draft.datoms.get('$')!)
      const ident = String(this.#draft.facts.get('$')!.schema.attribute(a)!.ident)
      const text = isEntity(v)
        ? this.#draft.entityText('$', v)
        : isConstant(v, this.#draft.isForDatomic)
          ? writeEdn(v)
          : undefined
      return this.#random.below(3) === 0 || text === undefined ? `[${e} ${ident}]` : `[${e} ${ident} ${text}]`
    }
    return this.#draft.propose('or', `(or ${branch()} ${branch()} (and ${branch()} ${branch()}))`)
  }

  #orJoin(): boolean {
    const entities = this.#draft.entities()
    if (entities.length === 0) return false
    const x = this.#random.oneOf(entities)
    const y = this.#random.below(2) === 0 ? this.#random.oneOf(entities) : this.#draft.newName('e')
    if (x === y) return false
    const v = this.#draft.newName('v')
    return this.#draft.propose(
      'or-join',
      this.#random.oneOf([
        `(or-join [${x} ${y}] [${x} ${this.#draft.ref()} ${y}] (and [${x} ${this.#draft.ref()} ?mid] [${y} ${this.#draft.ref()} ?mid]))`,
        `(or-join [[${x}] ${v}] [${x} :p/long ${v}] (and [${x} :p/name ?n] [(count ?n) ${v}]))`,
        ...(this.#draft.isForDatomic
          ? []
          : [
              `(or-join [[${x}] ${v}] (and [${x} :p/long ?n] [(quot 6 ?n) ${v}]) (and [${x} :p/name ?n] [(subs ?n 1 3) ${v}]))`,
            ]),
        `(or-join [${x}] (and [${x} :p/long ?n] [(< ?n 3)]) (and [${x} :p/name ?n] (not [${x} :p/code])))`,
        `(or-join [${x} ${v}] [${x} :p/name ${v}] [${x} :p/code ${v}])`,
        `(or-join [${x} ${y}] [${x} :q/owner ${y}] (come ${x} ${y}))`,
      ]),
    )
  }

  #rule(): boolean {
    const entities = this.#draft.entities()
    if (entities.length === 0) return false
    const { name, places, requiredCount } = this.#random.oneOf(this.#draft.rules)
    const args = places.map((place, i) => {
      const isBound = i < requiredCount || this.#random.below(3) > 0
      if (place === 'entity') return isBound ? this.#random.oneOf(entities) : this.#draft.newName('e')
      if (place === 'number' && isBound && this.#random.below(2) === 0) return String(this.#random.below(4))
      return this.#draft.newName('v')
    })
    const source = this.#random.below(4) === 0 && this.#draft.sources.length > 1 ? '$b ' : ''
    return this.#draft.propose('rule', `(${source}${name} ${args.join(' ')})`)
  }

  // ── inputs and find ────────────────────────────────────────────────────────────────────────────────────────────
}
