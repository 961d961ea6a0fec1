// Which attributes a question can touch, as far as that can be known before it is asked: an upper bound, for the audit and
// for whoever wants to know what a saved query reads. Where a question may reach any attribute of a database, it says so.

import type { DatabaseValue } from '../database/database-value.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import type {
  Argument,
  Clause,
  PullPattern,
  Query,
  RuleSet,
  SourceName,
  Term,
  Variable,
} from '../plan/syntax.ts'

/** `database/:attribute`, or `database/*` for any of them; in order. */
export type Touched = readonly string[]

type Databases = ReadonlyMap<SourceName, DatabaseValue>

/**
 * `databases` are those that the query's sources mean; rows as sources touch nothing. `patternNamed` gives pull patterns
 * that come as inputs.
 */
export function touchedAttributes(
  { find, where }: Query,
  rules: RuleSet,
  databases: Databases,
  patternNamed: (name: Variable) => PullPattern | undefined = () => undefined,
): Touched {
  const touched = new Touching(rules, databases)
  touched.clauses(where, '$')
  for (const element of find.elements) {
    if (element.kind !== 'pull') continue
    const pattern = element.pattern.kind === 'input' ? patternNamed(element.pattern.name) : element.pattern
    if (pattern === undefined) touched.any(element.source)
    else touched.pattern(pattern, element.source)
  }
  return touched.list()
}

class Touching {
  readonly #rules: RuleSet
  readonly #databases: Databases
  readonly #found = new Set<string>()
  readonly #enteredRules = new Set<string>()

  constructor(rules: RuleSet, databases: Databases) {
    this.#rules = rules
    this.#databases = databases
  }

  list(): Touched {
    return [...this.#found].sort()
  }

  any(source: SourceName): void {
    const database = this.#databases.get(source)?.database
    if (database !== undefined) this.#found.add(`${database}/*`)
  }

  /** `$` within means `source`. */
  clauses(clauses: readonly Clause[], source: SourceName): void {
    for (const clause of clauses) this.#clause(clause, source)
  }

  pattern({ wildcard, attributes }: PullPattern, source: SourceName): void {
    if (wildcard) this.any(source)
    for (const { attribute, isReverse, nested } of attributes) {
      this.#attribute(attribute, source)
      const { schema } = this.#databases.get(source) ?? {}
      // A component is pulled with all that it has.
      const isWhole = !isReverse && nested.kind === 'none'
      if (isWhole && schema?.attributeNamed(attribute)?.isComponent === true) this.any(source)
      if (nested.kind === 'pattern') this.pattern(nested.pattern, source)
    }
  }

  #clause(clause: Clause, source: SourceName): void {
    switch (clause.kind) {
      case 'pattern':
        return this.#terms(clause.terms, within(clause.source, source))
      case 'predicate':
      case 'function':
        return this.#call(clause.name, clause.args, source)
      case 'not':
        return this.clauses(clause.clauses, within(clause.source ?? '$', source))
      case 'or':
        for (const branch of clause.branches) this.clauses(branch, within(clause.source ?? '$', source))
        return
      case 'rule':
        return this.#rule(clause.name, within(clause.source ?? '$', source))
    }
  }

  #rule(name: string, source: SourceName): void {
    const key = `${source} ${name}`
    if (this.#enteredRules.has(key)) return
    this.#enteredRules.add(key)
    for (const { body } of this.#rules.get(name) ?? []) this.clauses(body, source)
  }

  #terms(terms: readonly Term[], source: SourceName): void {
    const [entity, attribute, value] = terms
    if (attribute?.kind === 'constant' && attribute.value instanceof Keyword)
      this.#attribute(attribute.value, source)
    else this.any(source)
    for (const term of [entity, value]) if (term?.kind === 'constant') this.#lookup(term.value, source)
  }

  /** Of functions, those that take a source look at facts: `(get-else $ ?e :item/price 0)`. */
  #call(name: string, args: readonly Argument[], source: SourceName): void {
    for (const arg of args) if (arg.kind === 'call') this.#call(arg.name, arg.args, source)
    const given = args.find((arg) => arg.kind === 'source')
    if (given === undefined) return
    const asked = within(given.name, source)
    const [entity, ...rest] = args.filter((arg) => arg !== given)
    if (entity?.kind === 'constant') this.#lookup(entity.value, asked)
    for (const attribute of name === 'get-some' ? rest : rest.slice(0, 1)) {
      if (attribute.kind === 'constant' && attribute.value instanceof Keyword)
        this.#attribute(attribute.value, asked)
      else this.any(asked)
    }
  }

  /** `[:customer/id "cus-1"]` looks into `:customer/id`. */
  #lookup(value: Edn, source: SourceName): void {
    if (Array.isArray(value) && value.length === 2 && value[0] instanceof Keyword)
      this.#attribute(value[0], source)
  }

  #attribute(ident: Keyword, source: SourceName): void {
    const database = this.#databases.get(source)
    const attribute = database?.schema.attributeNamed(ident)
    if (database !== undefined && attribute !== undefined)
      this.#found.add(`${database.database}/${attribute.ident.toString()}`)
  }
}

/** What a source means where `$` means another. */
function within(source: SourceName, meant: SourceName): SourceName {
  return source === '$' ? meant : source
}
