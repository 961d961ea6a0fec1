// From the set of bindings to the answer: find tuples are formed as a set, grouped and aggregated, sorted in the
// total order, cut, and only then pulled, so that no pull is made for a row that nobody sees.

import { assert } from '../base/assert.ts'
import { nearest } from '../base/nearest.ts'
import type { Warning } from '../base/errors.ts'
import { compareValues, type Edn } from '../fact/value.ts'
import { AnswerRows } from '../plan/answer-rows.ts'
import type { Answer, Column } from '../plan/engine.ts'
import { elementVariable, findVariables, isAggregated, isOne } from '../plan/finish.ts'
import { aggregateNamed, AGGREGATES } from '../plan/functions.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { showElement } from '../plan/show-clause.ts'
import type { FindElement, PullPattern, Query, Variable } from '../plan/syntax.ts'
import { AGGREGATE_FUNCTIONS, type Aggregate, type Random } from './aggregates.ts'
import type { Budget } from './budget.ts'
import { columnTypes } from './columns.ts'
import { argumentsWrong, functionUnknown, unboundFindVariable, withPlace } from './errors.ts'
import { failureOf } from './functions.ts'
import { preparePull, type PullOptions } from './pull.ts'
import { rowKey, type Row, type RowKey } from './relation.ts'
import { factsNamed, type Scope } from '../plan/scope.ts'
import type { QueryContext } from './context.ts'

export type FindSetting = {
  readonly context: QueryContext
  readonly scope: Scope
  readonly random: Random
  readonly userAggregates: ReadonlyMap<string, UserAggregate>
  readonly xform: NonNullable<PullOptions['xform']>
}

/** An aggregate that a user registered: the values of the group, then the leading constants. */
export type UserAggregate = (values: readonly Edn[], leading: readonly Edn[]) => Edn

export type AggregateElement = Extract<FindElement, { kind: 'aggregate' }>
type PullElement = Extract<FindElement, { kind: 'pull' }>

/** Throws what is wrong with the find, whatever the rows. */
export function checkFind(query: Query, setting: FindSetting): void {
  for (const element of query.find.elements) {
    if (element.kind === 'aggregate') aggregateFor(element, setting)
    if (element.kind === 'pull') pullerFor(element, setting, [])
  }
}

/** The answer made of the distinct rows over `findVariables`. */
export function formAnswer(query: Query, rows: readonly Row[], setting: FindSetting): Answer {
  const { elements } = query.find
  const variables = findVariables(query)
  const places = elements.map((element) => variables.indexOf(elementVariable(element)))
  const formed = isAggregated(query)
    ? aggregated(elements, rows, variables, setting)
    : rows.map((row) => places.map((place) => row[place]!))
  return finishAnswer(query, formed, setting)
}

/** The answer made of rows with a value for each element of the find, in any order, before anything is pulled. */
export function finishAnswer(query: Query, formed: readonly Row[], setting: FindSetting): Answer {
  const { budget } = setting.context
  budget.check()
  const sorted = isOne(query) ? leastOf(formed, budget) : sortedRows(formed, budget)
  budget.check()
  return cutAnswer(query, AnswerRows.of(sorted, budget.checks), setting)
}

/** The answer made of rows in the total order, before anything is pulled. */
export function cutAnswer(query: Query, sorted: AnswerRows, setting: FindSetting): Answer {
  const { elements } = query.find
  const warnings: Warning[] = []
  setting.context.budget.check()
  const first = query.offset ?? 0
  const limit = first + (query.limit ?? Infinity)
  const cut = first === 0 && limit >= sorted.length ? sorted : sorted.slice(first, limit)
  const types = columnTypes(query, cut, setting)
  return {
    columns: elements.map((element, index): Column => ({ name: showElement(element), type: types[index]! })),
    rows: pulled(elements, cut, setting, warnings),
    isTruncated: !isOne(query) && sorted.length > limit,
    warnings,
  }
}

/** Rows in the total order. Many come in it, since facts lie in the order of entities. */
function sortedRows(rows: readonly Row[], budget: Budget): readonly Row[] {
  const compare = (x: Row, y: Row): number => {
    budget.step()
    return compareRows(x, y)
  }
  for (let i = 1; i < rows.length; i++) {
    if (compare(rows[i - 1]!, rows[i]!) > 0) return rows.toSorted(compare)
  }
  return rows
}

function compareRows(x: Row, y: Row): number {
  for (let place = 0; place < x.length; place++) {
    const difference = compareValues(x[place]!, y[place]!)
    if (difference !== 0) return difference
  }
  return 0
}

function leastOf(rows: readonly Row[], budget: Budget): readonly Row[] {
  let [least] = rows
  if (least === undefined) return []
  for (const row of rows) {
    budget.step()
    if (compareRows(row, least) < 0) least = row
  }
  return [least]
}

/** One row per group of equal values of the elements that are no aggregates. */
function aggregated(
  elements: readonly FindElement[],
  rows: readonly Row[],
  variables: readonly Variable[],
  setting: FindSetting,
): readonly Row[] {
  const { budget } = setting.context
  const places = elements.map((element) => variables.indexOf(elementVariable(element)))
  const keyPlaces = places.filter((_, index) => elements[index]!.kind !== 'aggregate')
  const groups = new Map<RowKey, Row[]>()
  for (const row of rows) {
    budget.step()
    const key = rowKey(row, keyPlaces)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  const runs = elements.map((element) =>
    element.kind === 'aggregate' ? aggregateFor(element, setting) : undefined,
  )
  const out: Row[] = []
  for (const group of groups.values()) {
    out.push(
      places.map((place, index) => {
        budget.step()
        const run = runs[index]
        return run === undefined ? group[0]![place]! : run(group.map((row) => row[place]!))
      }),
    )
  }
  return out
}

/** What an aggregate makes of the values of a group. */
export function aggregateFor(
  element: AggregateElement,
  setting: FindSetting,
): (values: readonly Edn[]) => Edn {
  const builtin: Aggregate | undefined = AGGREGATE_FUNCTIONS.get(
    aggregateNamed(element.name)?.name ?? element.name,
  )
  const { stored, budget } = setting.context
  const own = setting.userAggregates.get(element.name)
  const brought = stored.aggregates.get(element.name)
  const leading = element.args.map((arg) => leadingValue(element, arg, setting))
  const run: UserAggregate | undefined =
    builtin !== undefined
      ? (values) => builtin(values, leading, setting.random)
      : (own ?? (brought && ((values) => brought(values.toSorted(compareValues), leading, budget.checks))))
  if (run === undefined) {
    const known = [...AGGREGATES.keys(), ...setting.userAggregates.keys(), ...stored.aggregates.keys()]
    throw functionUnknown(element.name, nearest(element.name, known), element.place)
  }
  return (values) => placed(element, () => run(values, leading))
}

/** What an aggregate makes, its failure with the place at which it stands. */
export function placed<Made>(element: FindElement, make: () => Made): Made {
  try {
    return make()
  } catch (error) {
    if (element.kind !== 'aggregate') throw error
    throw withPlace(failureOf(element.name, error), element.place)
  }
}

/** A leading argument: a constant, or an input that has one value. */
function leadingValue(
  element: AggregateElement,
  arg: AggregateElement['args'][number],
  { scope }: FindSetting,
): Edn {
  if (arg.kind === 'constant') return arg.value
  const values = arg.kind === 'variable' ? scope.inputs.get(arg.name) : undefined
  if (arg.kind === 'variable' && values === undefined) throw unboundFindVariable(arg.name)
  if (values?.length !== 1)
    throw argumentsWrong(element.name, 'a constant or an input of one value is needed', [])
  return values[0]!
}

function pulled(
  elements: readonly FindElement[],
  rows: AnswerRows,
  setting: FindSetting,
  warnings: Warning[],
): AnswerRows {
  if (!elements.some((element) => element.kind === 'pull')) return rows
  return rows.changed((place) => {
    const element = elements[place]!
    if (element.kind !== 'pull') return undefined
    const pull = pullerFor(element, setting, warnings)
    return (value) => {
      setting.context.budget.step()
      return pull(value)
    }
  })
}

function pullerFor(element: PullElement, setting: FindSetting, warnings: Warning[]): (entity: Edn) => Edn {
  const facts = factsNamed(setting.context, setting.scope, element.source, element.place)
  return preparePull(facts, patternOf(element, setting.scope), {
    xform: setting.xform,
    budget: setting.context.budget.ofStep(element, {
      name: () => showElement(element),
      place: element.place,
    }),
    warn: (warning) => warnings.push(warning),
  })
}

function patternOf({ pattern }: PullElement, scope: Scope): PullPattern {
  if (pattern.kind === 'pattern') return pattern
  const values = scope.inputs.get(pattern.name)
  if (values === undefined) throw unboundFindVariable(pattern.name)
  assert(values.length > 0, 'an input that is a pull pattern has a value')
  return parsePullPattern(values[0]!)
}
