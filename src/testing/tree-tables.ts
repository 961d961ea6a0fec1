// What the solver runs: plans, which are lists of steps, and the tables in which rules and `or` keep what they found.
// A call in a plan is a consumer of a table: its rows wait there, by the seed they wait for.

import { equalValues, type Edn } from '../fact/value.ts'
import type { Term, Variable } from '../plan/syntax.ts'
import type { Failed } from './tree-call.ts'
import { wholeKey, type Row, type RowKey } from '../engine/relation.ts'
import type { Goal, Scope } from '../plan/scope.ts'

export type MapStep = {
  readonly kind: 'map'
  readonly columns: readonly Variable[]
  readonly mayRepeat: boolean
  apply(rows: readonly Row[], failed: Failed): readonly Row[]
}

export type CallStep = {
  readonly kind: 'call'
  readonly columns: readonly Variable[]
  readonly mayRepeat: boolean
  readonly consumer: Consumer
  /** The same call, looked for from its starts alone (tree-walks.ts), where that is possible. */
  readonly open: Consumer | undefined
}

export type Step = MapStep | CallStep

/** Where the rows that reach the end of a plan go, and those whose failure nobody rejects. */
export type Sink = {
  readonly outputs: readonly Variable[]
  /** Variables that tell to whom a failure belongs. */
  readonly seeds: readonly Variable[]
  rows(rows: readonly Row[], columns: readonly Variable[]): void
  failures(rows: readonly Row[], columns: readonly Variable[]): void
}

export class Plan {
  readonly goals: readonly Goal[]
  readonly steps: readonly Step[]
  readonly scope: Scope
  readonly sink: Sink
  /** Columns before the first step. */
  readonly start: readonly Variable[]
  readonly isSidePath: boolean
  readonly sidePaths = new Map<number, Plan>()

  constructor(init: Pick<Plan, 'goals' | 'steps' | 'scope' | 'sink' | 'start' | 'isSidePath'>) {
    this.goals = init.goals
    this.steps = init.steps
    this.scope = init.scope
    this.sink = init.sink
    this.start = init.start
    this.isSidePath = init.isSidePath
  }

  columnsBefore(index: number): readonly Variable[] {
    return index === 0 ? this.start : this.steps[index - 1]!.columns
  }
}

/** From up to this many starts a rule is asked as a walk; more share what they find. */
export const WALK_SEED_COUNT_MAX = 16

/** Who takes these rows: the call left open where few starts stand for many rows. */
export function consumerFor({ consumer, open }: CallStep, rows: readonly Row[]): Consumer {
  if (open === undefined) return consumer
  const starts = new Set<RowKey>()
  for (const row of rows) {
    starts.add(wholeKey(open.seedOf(row)))
    if (starts.size > WALK_SEED_COUNT_MAX) return consumer
  }
  return starts.size < rows.length ? open : consumer
}

/** One call in one plan: the rows that wait there, by the seed they wait for. */
export class Consumer {
  readonly table: Table
  /** For each bound argument: a column of the row, or a constant. */
  readonly #seed: readonly ({ readonly index: number } | { readonly value: Edn })[]
  /** For each outgoing column: a column of the row, or a place of the answer. */
  readonly #outputs: readonly { readonly from: 'row' | 'answer'; readonly index: number }[]
  /** Places of the answer that must be equal: one unbound variable as several arguments. */
  readonly #equalities: readonly (readonly [number, number])[]
  /** Places of the answer that are bound here and that the table leaves open. */
  readonly #tests: readonly { readonly place: number; readonly index: number; readonly value: Edn }[]
  readonly waiting = new Map<RowKey, Row[]>()
  plan: Plan | undefined
  index = 0

  constructor(
    table: Table,
    args: readonly Term[],
    columns: readonly Variable[],
    outColumns: readonly Variable[],
  ) {
    this.table = table
    this.#seed = table.boundPlaces.map((place) => {
      const arg = args[place]!
      return arg.kind === 'constant'
        ? { value: arg.value }
        : { index: columns.indexOf(arg.kind === 'variable' ? arg.name : '') }
    })
    const placeOf = (name: Variable): number =>
      args.findIndex((arg) => arg.kind === 'variable' && arg.name === name)
    this.#outputs = outColumns.map((name) =>
      columns.includes(name)
        ? { from: 'row', index: columns.indexOf(name) }
        : { from: 'answer', index: placeOf(name) },
    )
    this.#equalities = args.flatMap((arg, place) =>
      arg.kind === 'variable' && !columns.includes(arg.name) && placeOf(arg.name) !== place
        ? [[placeOf(arg.name), place] as const]
        : [],
    )
    this.#tests = args.flatMap((arg, place) => {
      if (table.boundPlaces.includes(place) || arg.kind === 'blank') return []
      if (arg.kind === 'constant') return [{ place, index: -1, value: arg.value }]
      return columns.includes(arg.name) ? [{ place, index: columns.indexOf(arg.name), value: null }] : []
    })
  }

  seedOf(row: Row): Row {
    return this.#seed.map((part) => ('index' in part ? row[part.index]! : part.value))
  }

  join(row: Row, answer: Row): Row | undefined {
    for (const [x, y] of this.#equalities) if (!equalValues(answer[x]!, answer[y]!)) return undefined
    for (const { place, index, value } of this.#tests) {
      if (!equalValues(answer[place]!, index < 0 ? value : row[index]!)) return undefined
    }
    return this.#outputs.map(({ from, index }) => (from === 'row' ? row[index]! : answer[index]!))
  }
}

/** The answers of one rule (or `or`) for the seeds it was given. */
export class Table {
  readonly name: string
  readonly boundPlaces: readonly number[]
  readonly consumers: Consumer[] = []
  readonly answers = new Map<RowKey, Row[]>()
  readonly failures = new Map<RowKey, number>()
  readonly seeds = new Set<RowKey>()
  newSeeds: Row[] = []
  newAnswers: Row[] = []
  newFailures: [RowKey, number][] = []
  readonly #known = new Set<RowKey>()

  bodies: readonly Plan[] = []
  /** The same, asked as a walk; none for most. */
  walks: readonly Plan[] = []

  constructor(name: string, boundPlaces: readonly number[]) {
    this.name = name
    this.boundPlaces = boundPlaces
  }

  addAnswer(answer: Row): boolean {
    const key = wholeKey(answer)
    if (this.#known.has(key)) return false
    this.#known.add(key)
    this.newAnswers.push(answer)
    return true
  }

  get answerCount(): number {
    return this.#known.size
  }

  get hasWork(): boolean {
    return this.newSeeds.length + this.newAnswers.length + this.newFailures.length > 0
  }
}
