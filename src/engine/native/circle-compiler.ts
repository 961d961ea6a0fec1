// What closes a circle among variables becomes one operator: an intersection, with a comparison that follows it, and with
// the pattern before it where that begins a second way to the same thing. A run that is to be explained keeps the steps
// apart, so that the rows of each are counted.

import type { FactSource } from '../../fact/datom.ts'
import type { FilterStep, IntersectStep, PatternStep, PlanTerm, Step } from '../../plan/plan.ts'
import type { SourceName, Variable } from '../../plan/syntax.ts'
import type { Budget } from '../budget.ts'
import type { Adjacency } from './adjacency.ts'
import { counted, tableOf } from './attribute-table.ts'
import { type OrderTest, orderTest } from './comparison.ts'
import { type Course, extended, keptBy, placeBinding } from './course.ts'
import { type Domain, translation } from './domain.ts'
import { IntersectOperator } from './intersect-operator.ts'
import type { Operator } from './operator.ts'
import { readsTable } from './statistics.ts'
import { domainOfPlace, readerOf } from './table-join.ts'
import { TwoWaysOperator } from './two-ways-operator.ts'

/** What the operators are made with. */
type Setting = {
  readonly factsOf: (source: SourceName) => FactSource
  readonly budgetOf: (step: Step) => Budget
  readonly isProfiled: boolean
}

/** An operator for so many steps, on behalf of the last of them. */
export type Circle = { readonly operator: Operator; readonly part: Step; readonly stepCount: number }

/** A pattern that leads from one of its places, its key, to the other. */
type Lead = {
  readonly key: PlanTerm
  readonly keyDomain: Domain
  readonly domain: Domain
  /** From keys to what they lead to, and back. */
  readonly adjacency: Adjacency
  readonly back: () => Adjacency
}

/** A comparison of what is found. */
type Order = { readonly step: FilterStep; readonly test: OrderTest }

export class CircleCompiler {
  readonly #setting: Setting

  constructor(setting: Setting) {
    this.#setting = setting
  }

  /** The operator for the steps from this place on; undefined where others make one. */
  compile(steps: readonly Step[], at: number, course: Course): Circle | undefined {
    const [step, next] = [steps[at]!, steps[at + 1]]
    if (step.kind === 'intersect')
      return this.#readsTables(step) ? this.#intersect(step, next, course) : undefined
    if (this.#setting.isProfiled || step.kind !== 'pattern' || next?.kind !== 'intersect') return undefined
    return this.#twoWays(step, next, { after: steps[at + 2], course })
  }

  /** Where few rows come, facts are sought pattern by pattern; and lists of values that are numbered apart have nothing in common. */
  #readsTables(step: IntersectStep): boolean {
    const { patterns, rowCount, variable } = step
    const budget = this.#setting.budgetOf(step)
    if (!patterns.every((pattern) => this.#readsTable(pattern, rowCount, budget))) return false
    const [domain, ...others] = patterns.map((pattern) => {
      const table = tableOf(this.#setting.factsOf(pattern.source), pattern.attribute!, budget)
      return domainOfPlace(placeOf(pattern, variable), table)
    })
    return others.every((other) => translation(other, domain!, budget) === undefined)
  }

  #readsTable({ source, attribute }: PatternStep, rowCount: number, budget: Budget): boolean {
    return readsTable({ facts: this.#setting.factsOf(source), attribute: attribute!, rowCount }, budget)
  }

  #intersect(step: IntersectStep, next: Step | undefined, course: Course): Circle {
    const budget = this.#setting.budgetOf(step)
    const { layout } = course
    const leads = step.patterns.map((pattern) => this.#lead(pattern, step.variable, budget, course))
    const { domain } = leads[0]!
    const order = this.#orderOf({ variable: step.variable, domain }, next, course)
    const part = order?.step ?? step
    const kept = keptBy(part, layout)
    const fresh = [step.variable].filter((name) => isWanted(name, step, order))
    const lists = leads.map(({ key, ...lead }) => ({ ...lead, key: placeBinding(key, layout) }))
    const outside = extended(layout, kept, { names: fresh, domains: fresh.map(() => domain) })
    const operator = new IntersectOperator(lists, { layout: outside, kept, order: order?.test }, budget)
    return { operator, part, stepCount: order === undefined ? 1 : 2 }
  }

  /** `variable` is what the pattern leads to. */
  #lead(pattern: PatternStep, variable: Variable, budget: Budget, { dependencies }: Course): Lead {
    const table = tableOf(this.#setting.factsOf(pattern.source), pattern.attribute!, budget)
    dependencies.addPattern(pattern, table.uniqueness(budget))
    table.count(budget)
    const place = placeOf(pattern, variable)
    const lists = (of: 0 | 1): Adjacency => {
      const adjacency = of === 0 ? table.ofEntities(budget) : table.ofValues(budget)
      counted(adjacency.lookup, budget)
      return counted(adjacency, budget)
    }
    const other = place === 0 ? 1 : 0
    return {
      key: pattern.terms[place === 0 ? 2 : 0],
      keyDomain: domainOfPlace(other, table),
      domain: domainOfPlace(place, table),
      adjacency: lists(other),
      back: () => lists(place),
    }
  }

  /** A comparison of what is found with what rows have, right behind: numbers are looked at before they become rows. */
  #orderOf(
    found: { readonly variable: Variable; readonly domain: Domain },
    step: Step | undefined,
    { layout }: Course,
  ): Order | undefined {
    if (step?.kind !== 'filter' || this.#setting.isProfiled) return undefined
    const test = orderTest(step, found, layout)
    return test && { step, test }
  }

  /** A pattern that leads to the key of one of two lists, which rows bring for the other one. */
  #twoWays(
    over: PatternStep,
    step: IntersectStep,
    { after, course }: { readonly after: Step | undefined; readonly course: Course },
  ): Circle | undefined {
    const { layout } = course
    const end = this.#endOf(over, step)
    if (end === undefined) return undefined
    const budget = this.#setting.budgetOf(step)
    if (!this.#readsTable(over, over.rowCount, budget) || !this.#readsTables(step)) return undefined
    const { begins: beginning, ends: ending } = end
    // Whatever comes of it: the table of a pattern whose rows lead on is read.
    const [overTable, endTable] = [over, ending].map((pattern) =>
      tableOf(this.#setting.factsOf(pattern.source), pattern.attribute!, budget),
    )
    const endPlace = placeOf(ending, step.variable) === 0 ? 1 : 0
    const isAlike =
      translation(
        domainOfPlace(placeOf(over, end.variable), overTable!),
        domainOfPlace(endPlace, endTable!),
        budget,
      ) === undefined
    const areNear = [endTable!.byEntity(budget), endTable!.byValue(budget)].every(
      ({ base }) => base !== undefined,
    )
    if (!isAlike || !areNear) return undefined
    const [way, begins, ends] = [
      this.#lead(over, end.variable, budget, course),
      this.#lead(beginning, step.variable, budget, course),
      this.#lead(ending, step.variable, budget, course),
    ]
    const order = this.#orderOf({ variable: step.variable, domain: ends.domain }, after, course)
    const part = order?.step ?? step
    const kept = keptBy(part, layout)
    const wanted = [end.variable, step.variable].map((name) => isWanted(name, step, order))
    const added = [end.variable, step.variable].filter((_, at) => wanted[at])
    const domains = [way.domain, begins.domain].filter((_, at) => wanted[at])
    const operator = new TwoWaysOperator(
      {
        begins: begins.adjacency,
        over: way.adjacency,
        ends: ends.back(),
        endsBack: ends.adjacency,
        readBegin: readerOf(placeBinding(begins.key, layout), begins.keyDomain, budget)!,
        readOver: readerOf(placeBinding(way.key, layout), way.keyDomain, budget)!,
        isEndWanted: wanted[0]!,
        isFoundWanted: wanted[1]!,
        order: order?.test,
      },
      { layout: extended(layout, kept, { names: added, domains }), kept },
      budget,
    )
    return { operator, part, stepCount: order === undefined ? 2 : 3 }
  }

  /** What the pattern leads to, and which of the two patterns of the step begins with what rows have, which ends there. */
  #endOf(
    { attribute, terms, range, fresh }: PatternStep,
    { patterns, variable }: IntersectStep,
  ): { readonly variable: Variable; readonly begins: PatternStep; readonly ends: PatternStep } | undefined {
    const [e, , v, tx, added] = terms
    const [end] = fresh
    const isLead = (e.kind === 'bound' && v.kind === 'fresh') || (e.kind === 'fresh' && v.kind === 'bound')
    if (attribute === undefined || !isLead || range !== undefined || end === undefined || fresh.length > 1)
      return undefined
    if (tx.kind !== 'any' || added.kind !== 'any' || patterns.length !== 2) return undefined
    const keys = patterns.map((pattern) => pattern.terms[placeOf(pattern, variable) === 0 ? 2 : 0])
    const isEnd = keys.map((key) => key.kind === 'bound' && key.name === end)
    const endsAt = isEnd.indexOf(true)
    if (endsAt < 0 || isEnd[1 - endsAt] === true || keys[1 - endsAt]!.kind !== 'bound') return undefined
    return { variable: end, begins: patterns[1 - endsAt]!, ends: patterns[endsAt]! }
  }
}

/** Whether a variable is wanted after the step, and after the comparison where that is made with it. */
function isWanted(name: Variable, { kept, fresh }: IntersectStep, order: Order | undefined): boolean {
  return order === undefined ? kept.includes(name) || fresh.includes(name) : order.step.kept.includes(name)
}

/** Where the variable stands in a pattern: 0 for its entity, 1 for its value. */
function placeOf({ terms: [entity] }: PatternStep, variable: Variable): 0 | 1 {
  const isEntity = (entity.kind === 'bound' || entity.kind === 'fresh') && entity.name === variable
  return isEntity ? 0 : 1
}
