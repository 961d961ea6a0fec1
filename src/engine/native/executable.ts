// A plan compiled over the facts of one question. Asked again, with other inputs of the same kinds, it need not be compiled
// anew: its operators take the new inputs and the new bounds, and where they only seek facts, the facts of now.

import type { FactSource } from '../../fact/datom.ts'
import type { Conjunction, PatternStep, Plan } from '../../plan/plan.ts'
import type { QueryContext } from '../context.ts'
import type { BoundQuestion } from '../question.ts'
import type { Budget } from '../budget.ts'
import { type Compiled, Compiler } from './compiler.ts'
import type { Domain } from './domain.ts'
import type { FailureLog } from './failure-log.ts'
import type { EntityRange } from './morsels.ts'
import { columnOf, type Consumer } from './operator.ts'
import type { PatternOperator } from './pattern-operator.ts'
import type { Profile } from './profile.ts'

/** Values that functions compute and facts that are sought are collected for as long as it lives. */
const USE_COUNT_MAX = 200

export class Executable {
  /** The columns of the outputs among those that come out, and what their numbers stand for. */
  readonly places: readonly number[]
  readonly domains: readonly Domain[]
  readonly isDistinct: boolean
  /** Rows that are likely: to make room for a few more than a sample told costs less than to grow. */
  readonly expectedCount: number
  readonly #pipeline: Compiled
  readonly #compiler: Compiler
  readonly #budget: Budget
  #facts: readonly (FactSource | undefined)[]
  readonly #isReusable: boolean
  #useCount = 0
  /** Stays so where running failed: nobody knows what operators hold then. */
  #isRunning = false

  constructor({ body, inputs, finish: [distinct] }: Plan, context: QueryContext, profile?: Profile) {
    this.#compiler = new Compiler(context, inputs, profile)
    this.#pipeline = this.#compiler.conjunction(body, distinct!)
    this.#budget = context.budget
    this.#facts = factsOf(context)
    this.#isReusable = isReusable(body)
    this.places = body.outputs.map((name) => columnOf(this.#pipeline.layout, name))
    this.domains = this.places.map((place) => this.#pipeline.layout.domains[place]!)
    this.isDistinct = this.#pipeline.isDistinct
    this.expectedCount = body.rowCount * 1.125
  }

  /** Hands all rows to the consumer. */
  run(consumer: Consumer): void {
    this.#useCount++
    this.#isRunning = true
    this.#pipeline.connect(consumer)
    this.#pipeline.first.push({ rowCount: 1, columns: [] })
    this.#pipeline.complete()
    this.#budget.check()
    this.#isRunning = false
  }

  /** The calls that failed on some rows, which were left out. */
  get failures(): FailureLog {
    return this.#compiler.failures
  }

  get inputOperators(): Compiler['inputOperators'] {
    return this.#compiler.inputOperators
  }

  /** What became of each pattern. */
  get patternOperators(): ReadonlyMap<PatternStep, PatternOperator> {
    return this.#compiler.patternOperators
  }

  /** These patterns find nothing but facts of some entities from now on, or any again. */
  limitTo(patterns: readonly PatternStep[], entities: EntityRange | undefined): void {
    for (const pattern of patterns) this.patternOperators.get(pattern)!.limitTo(entities)
  }

  /** Takes the inputs and bounds of another question, if it can answer that one too. */
  renew({ goals, setting: { context } }: BoundQuestion): boolean {
    if (!this.#isReusable || this.#isRunning || this.#useCount >= USE_COUNT_MAX) return false
    const facts = factsOf(context)
    if (!facts.every((each, at) => each === this.#facts[at]) && !this.#compiler.seekIn(context)) return false
    if (!this.#budget.restart(context.budget)) return false
    this.#facts = facts
    for (const { index, operator } of this.#compiler.inputOperators) {
      operator.load(goals.find((goal) => goal.index === index)!.rows)
    }
    return true
  }
}

function factsOf({ sources }: QueryContext): readonly (FactSource | undefined)[] {
  return Array.from(sources.values(), (source) => (source.kind === 'facts' ? source.facts : undefined))
}

/** Products, semi-joins and recursive rules keep what they found, which may rest on inputs. */
function isReusable({ steps, tables }: Conjunction): boolean {
  return (
    tables.length === 0 &&
    steps.every((step) => {
      if (step.kind === 'product' || step.kind === 'semi-join' || step.kind === 'call') return false
      if (step.kind === 'anti-join') return isReusable(step.body)
      return step.kind !== 'union' || step.branches.every(({ body }) => isReusable(body))
    })
  )
}
