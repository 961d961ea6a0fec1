// The interface every engine implements: a checked query over database values in, columns with their types
// and rows out. An engine gives Varve's answer or refuses with a reason; it never approximates.

import type { Warning } from '../base/errors.ts'
import type { Span } from '../base/span.ts'
import type { FactSource } from '../fact/datom.ts'
import type { ValueType } from '../fact/attribute.ts'
import type { Edn } from '../fact/value.ts'
import type { AnswerRows } from './answer-rows.ts'
import type { ExplainMode, Explanation } from './explain.ts'
import type { StoredFunctions } from './functions.ts'
import type { Query, RuleSet, SourceName } from './syntax.ts'

/** What a query is asked over, in the order of `Query.inputs`. */
export type EngineInput =
  | { readonly kind: 'facts'; readonly facts: FactSource }
  /** A vector of rows used as a source: places as written. */
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Edn[])[] }
  | { readonly kind: 'rules'; readonly rules: RuleSet }
  | { readonly kind: 'value'; readonly value: Edn }

export type EngineLimits = {
  /** On the clock of the Env, in milliseconds; Infinity for none. */
  readonly deadlineMs: number
  /** Rows of the answer and of any relation on the way. */
  readonly rowCountMax: number
  /** Bytes that the question may hold while it runs, tables of facts that it reads among them; Infinity for none. */
  readonly memoryBytesMax: number
  readonly signal?: AbortSignal
  /** What answering is traced as. */
  readonly span?: Span
  /** What the question may call beside what is built in. */
  readonly stored?: StoredFunctions
}

/** `any` where rows hold values of several types, `map` for what pull gives. */
export type Column = { readonly name: string; readonly type: ValueType | 'any' | 'map' }

export type Answer = {
  readonly columns: readonly Column[]
  /** Find tuples in the total order for a relation; one row for a tuple or scalar, none where nothing was found. */
  readonly rows: AnswerRows
  readonly isTruncated: boolean
  readonly warnings: readonly Warning[]
}

/** `auto` is the native engine, and DuckDB where a question outgrows the memory that it may have. */
export const ENGINE_NAMES = ['auto', 'native', 'duckdb'] as const
export type EngineName = (typeof ENGINE_NAMES)[number]

export interface Engine {
  readonly name: string
  answer(
    query: Query,
    inputs: readonly EngineInput[],
    /** The databases that `$alias` names and `:in` does not. */
    catalog: ReadonlyMap<SourceName, FactSource>,
    limits: EngineLimits,
  ): Promise<Answer>
  /**
   * The answer at once, on this thread. `begins` is asked before anything is looked for, with the most rows that the plan
   * expects anywhere: where it says no, there is no answer. Of engines that can say it without waiting.
   */
  answerAtOnce?(
    query: Query,
    inputs: readonly EngineInput[],
    catalog: ReadonlyMap<SourceName, FactSource>,
    limits: EngineLimits,
    begins: (expectedRowCount: number) => boolean,
  ): Answer | undefined
  /** What it would do to answer, or did: `run` answers and tells what came of each step. */
  explain(
    query: Query,
    inputs: readonly EngineInput[],
    catalog: ReadonlyMap<SourceName, FactSource>,
    limits: EngineLimits,
    mode: ExplainMode,
  ): Promise<Explanation>
  /** Of engines that hold something beside memory. */
  [Symbol.asyncDispose]?(): Promise<void>
}
