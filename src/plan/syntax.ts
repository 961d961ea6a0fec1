// The syntax tree of a question: what EDN text, JSON and the typed data form all become, and what every engine
// answers. It is already checked for all that can be known without a database: names bound where they must be,
// arities, branches of `or`. Names of attributes and idents are not resolved yet: that takes a schema.
//
// Variables are strings with their question mark (`?e`), sources with their dollar (`$`, `$pur`). `_` in a
// pattern is `{ kind: 'blank' }` and never unifies.

import type { Place } from '../base/errors.ts'
import type { Edn, EdnMap, Keyword } from '../fact/value.ts'

export type Variable = string
export type SourceName = string

export type Query = {
  readonly find: Find
  /** Keys of return maps, one per find element; undefined for plain rows. */
  readonly returnKeys: ReturnKeys | undefined
  readonly with: readonly Variable[]
  readonly inputs: readonly Input[]
  readonly where: readonly Clause[]
  /** Further variables that `:in` did not declare but the text names: `$alias` from the catalog. */
  readonly catalogSources: readonly SourceName[]
  readonly limit: number | undefined
  readonly offset: number | undefined
}

export type Find = {
  readonly kind: 'relation' | 'collection' | 'tuple' | 'scalar'
  readonly elements: readonly FindElement[]
}

export type FindElement =
  | { readonly kind: 'variable'; readonly name: Variable; readonly place?: Place }
  | {
      readonly kind: 'aggregate'
      readonly name: string
      /** Constants first, as in `(min 3 ?x)`; or variables bound by :in. */
      readonly args: readonly Argument[]
      readonly variable: Variable
      readonly place?: Place
    }
  | {
      readonly kind: 'pull'
      readonly source: SourceName
      readonly variable: Variable
      /** A pattern, or the name of the input that brings one. */
      readonly pattern: PullPattern | { readonly kind: 'input'; readonly name: Variable }
      readonly place?: Place
    }

export type ReturnKeys = { readonly kind: 'keys' | 'strs' | 'syms'; readonly names: readonly string[] }

export type Input =
  | { readonly kind: 'source'; readonly name: SourceName }
  | { readonly kind: 'rules' }
  | { readonly kind: 'binding'; readonly binding: Binding }

export type Binding =
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'blank' }
  | { readonly kind: 'tuple'; readonly items: readonly Binding[] }
  | { readonly kind: 'collection'; readonly item: Binding }
  | { readonly kind: 'relation'; readonly items: readonly Binding[] }

/** A place of a pattern or an argument of a rule call. */
export type Term =
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'blank' }
  | { readonly kind: 'constant'; readonly value: Edn }

/** An argument of a function, predicate or aggregate. */
export type Argument =
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'source'; readonly name: SourceName }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Argument[] }

export type Clause =
  | {
      readonly kind: 'pattern'
      readonly source: SourceName
      /** One to five places: entity, attribute, value, transaction, added. */
      readonly terms: readonly Term[]
      readonly place?: Place
    }
  | {
      readonly kind: 'predicate'
      readonly name: string
      readonly args: readonly Argument[]
      readonly place?: Place
    }
  | {
      readonly kind: 'function'
      readonly name: string
      readonly args: readonly Argument[]
      readonly binding: Binding
      /** Of the failure of a call (failures.ts): what its result had to fit. */
      readonly fits?: Binding
      readonly place?: Place
    }
  | {
      readonly kind: 'not'
      /** Rebinds `$` inside where written `($src not …)`; undefined leaves it. */
      readonly source: SourceName | undefined
      /** The join variables of `not-join`; undefined for plain `not`. */
      readonly join: readonly Variable[] | undefined
      readonly clauses: readonly Clause[]
      readonly place?: Place
    }
  | {
      readonly kind: 'or'
      readonly source: SourceName | undefined
      /** The variables of `or-join`, those in brackets apart; undefined for plain `or`. */
      readonly join:
        | { readonly required: readonly Variable[]; readonly free: readonly Variable[] }
        | undefined
      readonly branches: readonly (readonly Clause[])[]
      readonly place?: Place
    }
  | {
      readonly kind: 'rule'
      readonly source: SourceName | undefined
      readonly name: string
      readonly args: readonly Term[]
      readonly place?: Place
    }

export type Rule = {
  readonly name: string
  /** Parameters in the order of the head. */
  readonly parameters: readonly Variable[]
  readonly required: readonly Variable[]
  readonly body: readonly Clause[]
  readonly place?: Place
}

/** Rules by name; all rules of one name share one arity. */
export type RuleSet = ReadonlyMap<string, readonly Rule[]>

export type PullPattern = {
  readonly kind: 'pattern'
  readonly wildcard: boolean
  readonly attributes: readonly PullAttribute[]
}

export type PullAttribute = {
  /** As written, without the underscore of a reverse attribute; `:db/id` is the entity itself. */
  readonly attribute: Keyword
  readonly isReverse: boolean
  /** Key in the answer: the attribute as asked, or what `:as` says. */
  readonly key: Edn
  /** null lifts the bound. */
  readonly limit: number | null
  /** True where the pattern says the limit itself, so that cutting is no news. */
  readonly isLimitGiven: boolean
  readonly default: Edn | undefined
  /** Name of a registered function or of a documented one. */
  readonly xform: string | undefined
  readonly nested:
    | { readonly kind: 'none' }
    | { readonly kind: 'pattern'; readonly pattern: PullPattern }
    /** Infinity for `...`. */
    | { readonly kind: 'recursion'; readonly depth: number }
  readonly place?: Place
}

/** What one request asks: a query, its arguments, a moment. */
export type Request = {
  readonly query: Query
  readonly args: readonly Edn[]
  readonly asOf: Date | number | undefined
  /** Settings beside the query in a request map: timeout, limit, offset and the like, by their keyword. */
  readonly options: EdnMap | undefined
}
