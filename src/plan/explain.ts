// What a plan is about to do, or did, as plain data and as text for people: every step with the rows that were
// expected and, where it ran, the rows that came and the time it took.

import type { Warning } from '../base/errors.ts'
import type { Conjunction, FinishStep, PatternStep, Plan, ReadStep, RuleTablePlan, Step } from './plan.ts'
import type { QuestionClass } from './question-class.ts'
import { rangeClauses } from './ranges.ts'
import { showClause, showElement, showTerms } from './show-clause.ts'

/** `plan` shows what would be done, `run` does it and shows what came of it. */
export type ExplainMode = 'plan' | 'run'

export type ExplainedPart = {
  readonly kind: Step['kind'] | FinishStep['kind'] | 'branch' | 'rule'
  /** What it stands for: the clause, mostly. */
  readonly text: string
  /** By what facts are found. */
  readonly access?: PatternStep['access']
  readonly expectedRowCount?: number
  /** Rows that came out, where it was run. */
  readonly rowCount?: number
  /** Time in this part alone, and memory that it held at most, where it was run. */
  readonly timeMs?: number
  readonly memoryBytes?: number
  readonly parts?: readonly ExplainedPart[]
}

export type Explanation = {
  /** The engine that answers. */
  readonly engine: string
  readonly mode: ExplainMode
  readonly parts: readonly ExplainedPart[]
  /** The most rows that any step was expected to give. */
  readonly expectedRowCount?: number
  /** Where questions are told apart by it. */
  readonly class?: QuestionClass
  /** The statements that a foreign engine runs. */
  readonly sql?: string
  /** Rows of the answer, the time it took, planning included, and the memory that was held at most, tables of facts included. */
  readonly rowCount?: number
  readonly timeMs?: number
  readonly memoryBytes?: number
  /** Threads that worked on it, where there were several: times of parts are those of all of them. */
  readonly workerCount?: number
  readonly warnings: readonly Warning[]
  /** All but the warnings, for people. */
  readonly text: string
}

/** What was measured of a part of a plan while it ran. */
export type Measured = {
  readonly rowCount: number
  readonly timeMs: number
  /** Undefined where nobody is told. */
  readonly memoryBytes?: number
}
export type MeasuredParts = ReadonlyMap<object, Measured>

/** The parts of a plan, with what was measured of them. */
export function explainedPlan(plan: Plan, measured: MeasuredParts = new Map()): readonly ExplainedPart[] {
  const explain = new Explain(measured)
  return [...explain.conjunction(plan.body), ...plan.finish.map((step) => explain.finish(step))]
}

/** All that can be measured of a plan, always in the same order. */
export function partsOf({ body, finish }: Plan): readonly object[] {
  return [...partsInside(body), ...finish]
}

function partsInside({ steps, tables }: Conjunction): readonly object[] {
  const ofSteps = steps.flatMap((step): readonly object[] => {
    switch (step.kind) {
      case 'anti-join':
      case 'product':
      case 'semi-join':
        return [step, ...partsInside(step.body)]
      case 'union':
        return [step, ...step.branches.flatMap(({ body }) => partsInside(body))]
      default:
        return [step]
    }
  })
  return [
    ...ofSteps,
    ...tables.flatMap((table) => [table, ...table.bodies.flatMap(({ body }) => partsInside(body))]),
  ]
}

export function explanationOf(told: Omit<Explanation, 'text'>): Explanation {
  return { ...told, text: explanationText(told) }
}

class Explain {
  readonly #measured: MeasuredParts

  constructor(measured: MeasuredParts) {
    this.#measured = measured
  }

  conjunction({ steps, tables }: Conjunction): readonly ExplainedPart[] {
    return [...steps.map((step) => this.#step(step)), ...tables.map((table) => this.#table(table))]
  }

  finish(step: FinishStep): ExplainedPart {
    return { kind: step.kind, text: finishText(step), ...this.#measured.get(step) }
  }

  #step(step: Step): ExplainedPart {
    const parts = this.#inside(step)
    return {
      kind: step.kind,
      text: stepText(step),
      ...(step.kind === 'pattern' && { access: step.access }),
      expectedRowCount: Math.ceil(step.rowCount),
      ...this.#measured.get(step),
      ...(parts.length > 0 && { parts }),
    }
  }

  #inside(step: Step): readonly ExplainedPart[] {
    switch (step.kind) {
      case 'anti-join':
      case 'product':
      case 'semi-join':
        return this.conjunction(step.body)
      case 'union':
        return step.branches.map(({ body }, at) => this.#branch(`branch ${at + 1}`, body))
      case 'intersect':
        return step.patterns.map(({ kind, clause, access }) => ({ kind, text: showClause(clause!), access }))
      default:
        return []
    }
  }

  #branch(text: string, body: Conjunction): ExplainedPart {
    return { kind: 'branch', text, parts: this.conjunction(body) }
  }

  #table(table: RuleTablePlan): ExplainedPart {
    const { name, parameters, boundPlaces, bodies } = table
    const given = boundPlaces.map((place) => parameters[place]!)
    const asked = given.length === 0 ? 'all of it' : `given ${given.join(' ')}`
    const edges = table.closure?.edges.map(({ attribute, isReversed }) => {
      const { ident } = attribute
      return isReversed ? `back along ${ident.toString()}` : `along ${ident.toString()}`
    })
    const way = edges === undefined ? '' : `, whatever is reached ${edges.join(' and ')}`
    return {
      kind: 'rule',
      text: `(${[name, ...parameters].join(' ')}), ${asked}${way}`,
      ...this.#measured.get(table),
      parts: bodies.map(({ body }, at) => this.#branch(`body ${at + 1}`, body)),
    }
  }
}

/** What a step stands for, for people. */
export function stepText(step: Step): string {
  const { clause } = step
  // A pattern with the comparisons that it does as well.
  if (clause !== undefined) return [clause, ...rangeClauses(step)].map(showClause).join(' ')
  if (step.kind === 'rows') return `input ${showTerms(step.terms)}`
  if (step.kind === 'read') return readText(step)
  if (step.kind === 'intersect') return `${step.variable} in all of`
  if (step.kind === 'semi-join') return `${step.variable} among what is found by`
  return step.kind === 'product' ? 'what shares nothing with the rest' : step.kind
}

function readText({ of, reading, source }: ReadStep): string {
  return `${of} as ${reading === 'entity' ? 'the entity' : 'the name'} that it means in ${source}`
}

function finishText(step: FinishStep): string {
  switch (step.kind) {
    case 'distinct':
      return `distinct ${step.variables.join(' ')}`
    case 'aggregate':
    case 'project':
      return `${step.kind} ${step.elements.map(showElement).join(' ')}`
    case 'sort':
      return 'sort in the total order'
    case 'least':
      return 'the least row'
    case 'limit':
      return `rows ${step.first} to ${step.count === undefined ? 'the last' : step.first + step.count}`
    case 'pull':
      return 'pull'
  }
}

const HEAD = ['expected', 'rows', 'ms', 'kB'] as const
const COLUMN_WIDTH = 11

/** A line a part, those inside indented. */
function explanationText({
  engine,
  mode,
  parts,
  class: kind,
  sql,
  rowCount,
  timeMs,
  memoryBytes,
  workerCount,
}: Omit<Explanation, 'text'>): string {
  const isRun = mode === 'run'
  const line = (cells: readonly (string | undefined)[], text: string): string => {
    const shown = isRun ? cells : cells.slice(0, 1)
    return `${shown.map((cell) => (cell ?? '').padStart(COLUMN_WIDTH)).join('')}  ${text}`.trimEnd()
  }
  const lines: string[] = []
  const visit = (part: ExplainedPart, depth: number): void => {
    const access =
      part.access === undefined ? '' : part.access === 'scan' ? '  (scan)' : `  (by ${part.access})`
    const cells = [
      part.expectedRowCount?.toLocaleString('en'),
      part.rowCount?.toLocaleString('en'),
      part.timeMs?.toFixed(2),
      part.memoryBytes === undefined ? undefined : kilobytes(part.memoryBytes),
    ]
    lines.push(line(cells, `${'  '.repeat(depth)}${part.text}${access}`))
    for (const inside of part.parts ?? []) visit(inside, depth + 1)
  }
  if (parts.length > 0) lines.push(line(HEAD, ''))
  for (const part of parts) visit(part, 0)
  const answer =
    rowCount === undefined
      ? ''
      : `, ${rowCount.toLocaleString('en')} ${rowCount === 1 ? 'row' : 'rows'} in ${timeMs?.toFixed(2)} ms`
  const held = memoryBytes === undefined ? '' : `, ${kilobytes(memoryBytes)} kB`
  const workers = workerCount === undefined ? '' : `, by ${workerCount} workers`
  const classed = kind === undefined ? '' : `, class: ${kind}`
  lines.push(`engine: ${engine}${classed}${answer}${held}${workers}`)
  return `${lines.join('\n')}\n${sql === undefined ? '' : `\n${sql}`}`
}

function kilobytes(bytes: number): string {
  return Math.ceil(bytes / 1_000).toLocaleString('en')
}
