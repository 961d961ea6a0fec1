// The plan of a question, as a value: what every engine runs or compiles, and what `explain` shows. The planner
// (planner.ts) makes it of the syntax tree, the schema and true counts.
//
// A conjunction is a chain of steps. It begins with rows over `start` (one row without columns where nothing is
// bound), and each step takes rows in and gives rows out: those it keeps, extended by what it finds. A row is an
// assignment of values to variables, rows have no order, and a set of rows is meant unless a step says that
// rows may repeat (they may after any step that drops a column: whoever needs each once makes them distinct).
//
// Exact meanings: values are equal by value (semantics.md), nil as a constant is what no fact has. A step with an empty
// `fresh` only keeps rows: a pattern then is a semi-join. A variable that a step binds is listed in `fresh` only if
// somebody asks for it later.

import type { Attribute, ValueType } from '../fact/attribute.ts'
import type { Edn } from '../fact/value.ts'
import type { Argument, Binding, Clause, FindElement, ReturnKeys, SourceName, Variable } from './syntax.ts'

/** How a value is understood in a place: `name` is the ident of an entity, and what is no number as it is. */
export type Reading = 'entity' | 'transaction' | 'float' | 'compared' | 'name'

/** A column that follows those of an input: what one of these means, read so in this source. */
export type InputMeaning = {
  /** Which of the inputs, and which of its columns. */
  readonly index: number
  readonly place: number
  readonly reading: Reading
  readonly source: SourceName
}

export type Plan = {
  /** Starts with one row without columns; its outputs are the variables over which find tuples are formed. */
  readonly body: Conjunction
  /** Rows of the inputs, by their place in `:in`: what was given, and what it means where it stands. */
  readonly inputs: ReadonlyMap<number, readonly (readonly Edn[])[]>
  /** The columns of inputs that stand for what others mean. */
  readonly meanings: readonly InputMeaning[]
  /** What becomes of the rows, in this order. */
  readonly finish: readonly FinishStep[]
  readonly returnKeys: ReturnKeys | undefined
}

/** Steps one after another. */
export type Conjunction = {
  /** The variables that rows begin with. */
  readonly start: readonly Variable[]
  readonly steps: readonly Step[]
  /** The variables wanted of the rows that come out; they may have others. */
  readonly outputs: readonly Variable[]
  /** What every variable in the steps stands for, those of `start` included. */
  readonly kinds: ReadonlyMap<Variable, VariableKind>
  /** Rows that are expected to come out. */
  readonly rowCount: number
  /** The recursive rules that `call` steps in it ask, worked on until none has anything new. */
  readonly tables: readonly RuleTablePlan[]
}

/** The type of the values that a variable stands for: `ref` for any entity, `any` where several or none are known. */
export type VariableKind = ValueType | 'any'

export type Step =
  | RowsStep
  | PatternStep
  | ReadStep
  | IntersectStep
  | FilterStep
  | ComputeStep
  | AntiJoinStep
  | UnionStep
  | CallStep
  | ProductStep
  | SemiJoinStep

type StepBase = {
  /** The clause that the step stands for, for its text and place; undefined for an input. */
  readonly clause: Clause | undefined
  /** Incoming variables that somebody still asks for: all others are dropped. */
  readonly kept: readonly Variable[]
  /** Variables that the step adds to the rows. */
  readonly fresh: readonly Variable[]
  /** Rows that are expected to come out. */
  readonly rowCount: number
}

/** What stands in one place of a pattern or a call. */
export type PlanTerm =
  | { readonly kind: 'any' }
  /** Resolved: the id of an entity, a value of the attribute's type, null for what no fact has. */
  | { readonly kind: 'constant'; readonly value: Edn }
  /** Incoming rows have it. */
  | { readonly kind: 'bound'; readonly name: Variable }
  /** Bound here. */
  | { readonly kind: 'fresh'; readonly name: Variable }
  /** Equal to what this earlier place of the same pattern binds. */
  | { readonly kind: 'same'; readonly place: number }

/** A join with rows that came with the question: an input, or a vector of rows as a source. */
export type RowsStep = StepBase & {
  readonly kind: 'rows'
  readonly from:
    | { readonly kind: 'input'; readonly index: number }
    | { readonly kind: 'source'; readonly name: SourceName }
  /** By place of the rows. */
  readonly terms: readonly PlanTerm[]
}

/** A join with the facts of a source. */
export type PatternStep = StepBase & {
  readonly kind: 'pattern'
  /** As the question calls it: `$` inside a rule or under `($src not …)` is replaced by what it means. */
  readonly source: SourceName
  /** undefined where any attribute will do, or the term in its place says which. */
  readonly attribute: Attribute | undefined
  /** Entity, attribute, value, transaction, added. The attribute's place is `any` where `attribute` is known. */
  readonly terms: readonly [PlanTerm, PlanTerm, PlanTerm, PlanTerm, PlanTerm]
  /** The place by which facts are found, or the bounds of the value; `scan` looks at all of them. */
  readonly access: 'entity' | 'value' | 'range' | 'scan'
  /** Of a `range`. */
  readonly range: ValueRange | undefined
  /** Without `attribute`: the value is what was written there, to be understood as the attribute of its row does. */
  readonly isValueRead: boolean
}

/** Extends each row by what a value in it means in some places, as one source understands it; rows of which it means nothing go. */
export type ReadStep = StepBase & {
  readonly kind: 'read'
  readonly of: Variable
  /** The variable that stands for the meaning. */
  readonly name: Variable
  readonly reading: Reading
  readonly source: SourceName
}

/**
 * Extends each row by the values of one variable for which all of the patterns have a fact: what closes circles among
 * variables (intersection.ts).
 */
export type IntersectStep = StepBase & {
  readonly kind: 'intersect'
  readonly variable: Variable
  /** As steps one after another, which say the same: the first binds the variable, the others test it. */
  readonly patterns: readonly PatternStep[]
}

/** What the value of a fact lies between, both ends in the order of values; one of them at least is there (ranges.ts). */
export type ValueRange = {
  readonly low: Bound | undefined
  readonly high: Bound | undefined
  /** The predicates that say so: `withoutRange` writes them out again. */
  readonly tests: readonly RangeTest[]
}

export type Bound = {
  readonly term: Extract<PlanTerm, { kind: 'bound' | 'constant' }>
  readonly isIncluded: boolean
}

export type RangeTest = CallOf & { readonly clause: Clause }

type CallOf = {
  /** By its own name, no alias. */
  readonly name: string
  /** The source that `missing?` and its kin ask; undefined for functions of values alone. */
  readonly source: SourceName | undefined
  /** Without the source. */
  readonly args: readonly Argument[]
}

/** Keeps the rows for which a predicate gives anything but nil or false. */
export type FilterStep = StepBase & CallOf & { readonly kind: 'filter' }

/** Calls a function on each row and takes its result apart; variables of the binding that are bound are compared. */
export type ComputeStep = StepBase & CallOf & { readonly kind: 'compute'; readonly binding: Binding }

/** What a variable inside holds: a variable of the rows outside, or a constant. */
export type Passed = {
  readonly name: Variable
  readonly from: Extract<PlanTerm, { kind: 'bound' | 'constant' }>
}

/** Keeps the rows for which the body, begun with `passed`, finds nothing. */
export type AntiJoinStep = StepBase & {
  readonly kind: 'anti-join'
  readonly passed: readonly Passed[]
  readonly body: Conjunction
}

/** Extends each row by what any of the branches finds for it, each of it once: an `or`, or a rule. */
export type UnionStep = StepBase & {
  readonly kind: 'union'
  readonly branches: readonly {
    readonly passed: readonly Passed[]
    readonly body: Conjunction
    /** What the variables in `fresh` of the step are called inside, in their order. */
    readonly fresh: readonly Variable[]
  }[]
}

/** Extends each row by the answers of a recursive rule. */
export type CallStep = StepBase & {
  readonly kind: 'call'
  /** The key of a table of this conjunction, or of one around it. */
  readonly table: string
  /** By place of the rule's parameters. */
  readonly args: readonly PlanTerm[]
}

/** Every row with every distinct row of a body that shares nothing with it; without `fresh`, all rows or none. */
export type ProductStep = StepBase & {
  readonly kind: 'product'
  readonly body: Conjunction
}

/** Keeps the rows whose value of a variable is among those that a body, which shares nothing else with them, finds. */
export type SemiJoinStep = StepBase & {
  readonly kind: 'semi-join'
  readonly variable: Variable
  readonly body: Conjunction
}

/** A recursive rule as it is asked with some of its arguments bound. */
export type RuleTablePlan = {
  readonly key: string
  readonly name: string
  readonly parameters: readonly Variable[]
  readonly kinds: readonly VariableKind[]
  /** Places of the arguments that calls bind: bodies begin with them. */
  readonly boundPlaces: readonly number[]
  readonly bodies: readonly {
    readonly body: Conjunction
    /** What this rule calls the parameters. */
    readonly names: readonly Variable[]
  }[]
  /** Where the rules only follow references from the first parameter to the second: which, and of whose facts. */
  readonly closure: { readonly source: SourceName; readonly edges: readonly ClosureEdge[] } | undefined
}

/** A reference, from its entity to its value, or the other way around. */
export type ClosureEdge = { readonly attribute: Attribute; readonly isReversed: boolean }

export type FinishStep =
  /** Rows over these variables, each once. */
  | { readonly kind: 'distinct'; readonly variables: readonly Variable[] }
  /** One row per group of equal values of the elements that are no aggregates; none where there is no row. */
  | { readonly kind: 'aggregate'; readonly elements: readonly FindElement[] }
  /** The variables of the elements, without those of `:with`; rows may repeat. */
  | { readonly kind: 'project'; readonly elements: readonly FindElement[] }
  /** In the total order over all elements. */
  | { readonly kind: 'sort' }
  /** The least row in that order alone. */
  | { readonly kind: 'least' }
  | { readonly kind: 'limit'; readonly first: number; readonly count: number | undefined }
  /** Values of these places are entities, to be replaced by what their patterns describe. */
  | { readonly kind: 'pull'; readonly places: readonly number[] }
