// DuckDB as an engine: the plan of a question compiled to SQL over the same facts. It gives Varve's answer or refuses
// with a reason (`varve.error/engine-refused`); it never approximates. It serves as judge of the native engine, and for
// questions whose way to the answer does not fit in memory.

import type { Env } from '../../base/env.ts'
import { errorFromData, type Place } from '../../base/errors.ts'
import { traced } from '../../base/span.ts'
import { engineOptions } from '../../engine/create.ts'
import { prepare, type UserFunctions } from '../../engine/question.ts'
import { Budget } from '../../engine/budget.ts'
import { asksRestricted } from '../../engine/context.ts'
import { withPlace } from '../../engine/errors.ts'
import type { FindSetting } from '../../engine/find.ts'
import type { Answer, Engine, EngineLimits } from '../../plan/engine.ts'
import { explainedPlan, type ExplainMode, type Explanation, explanationOf } from '../../plan/explain.ts'
import type { Plan } from '../../plan/plan.ts'
import { planOf } from '../../plan/planner.ts'
import { Refusal } from '../../plan/refusal.ts'
import type { Segment } from '../../segment/segment.ts'
import type { Query } from '../../plan/syntax.ts'
import { queryQueueFull } from '../../query/run-errors.ts'
import { Compiler } from './compiler.ts'
import { boundCounts } from './counts.ts'
import { engineRefused } from './errors.ts'
import { FactViews } from './fact-views.ts'
import { type Finish, finishOf } from './finish.ts'
import type { SqlProgram, SqlSettings, SqlStep } from './protocol.ts'
import { withLateCalls } from './late-calls.ts'
import { SegmentFiles } from './segment-files.ts'
import { LOOK_MS, RowFailure, SqlClient, type SqlColumns } from './sql-client.ts'
import { SqlWriter } from './sql-writer.ts'

export type DuckDbLimits = {
  /** What DuckDB keeps in memory, beside the values that functions of Varve make. */
  readonly memoryBytesMax: number
  /** What it may put on disk when memory is full. */
  readonly diskBytesMax: number
  /** Questions that wait for the one before. */
  readonly queueCountMax: number
}

const MEMORY_SHARE_MAX = 0.25

export function duckDbLimits(env: Env): DuckDbLimits {
  return {
    memoryBytesMax: Math.min(2 ** 31, Math.floor(env.processes.memory().totalBytes * MEMORY_SHARE_MAX)),
    diskBytesMax: 2 ** 35,
    queueCountMax: 64,
  }
}

/** Whether the driver, an optional dependency, is there. */
export function isDuckDbInstalled(): boolean {
  try {
    import.meta.resolve('@duckdb/node-api')
    return true
  } catch {
    return false
  }
}

export class DuckDbEngine implements Engine, AsyncDisposable {
  readonly name = 'duckdb'
  readonly #env: Env
  readonly #functions: UserFunctions
  readonly #limits: DuckDbLimits
  #opened: Opened | undefined
  /** The question asked last; the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve()
  #waitingCount = 0

  constructor(env: Env, functions: UserFunctions = {}, limits: DuckDbLimits = duckDbLimits(env)) {
    this.#env = env
    this.#functions = functions
    this.#limits = limits
  }

  answer(...question: Asking): Promise<Answer> {
    return this.#inTurn(question[3], async () => {
      const planned = this.#plan(question)
      try {
        return await this.#run(planned, question[3])
      } catch (error) {
        const late = error instanceof RowFailure ? withLateCalls(planned.plan) : undefined
        if (late === undefined) throw error
        return await this.#runLate({ ...planned, plan: late }, question[3])
      }
    })
  }

  explain(...[query, inputs, catalog, limits, mode]: [...Asking, ExplainMode]): Promise<Explanation> {
    return this.#inTurn(limits, async () => {
      const sinceMs = this.#env.clock.monotonicMs()
      const planned = this.#plan([query, inputs, catalog, limits])
      const { program } = this.#compile(planned, false)
      // The statements name files and rows in them.
      const sql = asksRestricted(planned.setting.context) ? {} : { sql: sqlOf(program) }
      const told = { engine: this.name, mode, parts: explainedPlan(planned.plan), ...sql }
      if (mode === 'plan') return explanationOf({ ...told, warnings: [] })
      const { rows, warnings } = await this.#run(planned, limits)
      const timeMs = this.#env.clock.monotonicMs() - sinceMs
      return explanationOf({ ...told, rowCount: rows.length, timeMs, warnings })
    })
  }

  /** One question at a time; a refusal becomes an error that says why. */
  async #inTurn<Result>(limits: EngineLimits, work: () => Promise<Result>): Promise<Result> {
    if (this.#waitingCount >= this.#limits.queueCountMax) throw queryQueueFull(this.#waitingCount)
    const before = this.#last
    const { promise: isDone, resolve: done } = Promise.withResolvers<void>()
    this.#last = before.then(() => isDone)
    this.#waitingCount++
    try {
      if (this.#waitingCount > 1)
        await traced(limits.span, 'wait for DuckDB', () => this.#until(before, limits))
      return await work()
    } catch (error) {
      throw error instanceof Refusal ? engineRefused(error.reason) : error
    } finally {
      this.#waitingCount--
      done()
    }
  }

  /** Waits for the questions before this one, no longer than it may. */
  async #until(before: Promise<unknown>, limits: EngineLimits): Promise<void> {
    const budget = Budget.of(limits, () => this.#env.clock.monotonicMs())
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
    using _watch = this.#env.timers.repeat(LOOK_MS, () => {
      try {
        budget.check()
      } catch (error) {
        giveUp(error)
      }
    })
    await Promise.race([before, givenUp])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    await opened.client[Symbol.asyncDispose]()
    this.#env.files.remove(opened.folder)
  }

  #plan([query, inputs, catalog, limits]: Asking): Planned {
    const planning = limits.span?.begin('plan')
    const options = engineOptions(this.#env, this.#functions)
    const { goals, setting } = prepare({ query, inputs, catalog, limits }, options)
    const { context, scope } = setting
    const plan = planOf(query, goals, scope, { context, counts: boundCounts })
    planning?.end()
    return { query, setting, plan }
  }

  async #run(planned: Planned, limits: EngineLimits): Promise<Answer> {
    const compiled = this.#compile(planned, false)
    const { columns, rowCount } = await this.#ask(compiled, limits)
    return compiled.answer(columns, rowCount, planned.setting)
  }

  async #ask({ program, segments }: Compiled, limits: EngineLimits): Promise<SqlColumns> {
    const { client, files } = this.#open()
    try {
      return await traced(limits.span, 'DuckDB', () => client.ask(program, limits))
    } catch (error) {
      // A file that was collected meanwhile is to blame rather than the SQL: then the newest root names others (I3).
      for (const segment of segments) files.pathOf(segment)
      throw error
    }
  }

  /** With calls last: what fails now is an error of the question, if all that fails fails alike. */
  async #runLate(planned: Planned, limits: EngineLimits): Promise<Answer> {
    const compiled = this.#compile(planned, true)
    try {
      const { columns, rowCount } = await this.#ask(compiled, limits)
      return compiled.answer(columns, rowCount, planned.setting)
    } catch (error) {
      if (!(error instanceof RowFailure) || error.error === undefined) throw error
      throw withPlace(errorFromData(error.error.data), compiled.places[error.error.call])
    }
  }

  #compile({ query, plan, setting: { context } }: Planned, isExact: boolean): Compiled {
    const views = new FactViews(this.#open().files)
    const writer = new SqlWriter(isExact)
    const asked = { sources: context.sources, inputs: plan.inputs }
    const relation = new Compiler(asked, writer, views).conjunction(plan.body)
    const { select, kinds, answer } = finishOf(query, relation)
    const text = writer.query(select)
    const program: SqlProgram = {
      tables: [...views.tables, ...writer.tables],
      constants: writer.constants,
      calls: writer.calls,
      bindings: writer.bindings,
      steps: [...views.statements.map((sql) => ({ kind: 'run', sql }) as const), ...writer.steps],
      query: text,
      isExact,
      kinds,
    }
    return { program, answer, places: writer.places, segments: views.segments }
  }

  #open(): Opened {
    if (this.#opened === undefined) {
      const folder = this.#env.files.makeTemporaryFolder('varve-duckdb')
      const settings: SqlSettings = {
        memoryBytesMax: this.#limits.memoryBytesMax,
        diskBytesMax: this.#limits.diskBytesMax,
        threadCount: this.#env.processes.cpuCount,
        folder,
      }
      const files = new SegmentFiles(this.#env, folder)
      this.#opened = { folder, files, client: new SqlClient(this.#env, settings) }
    }
    return this.#opened
  }
}

/** The statements of a question as text, for people. */
function sqlOf({ steps, query }: SqlProgram): string {
  const text = (step: SqlStep): string =>
    step.kind === 'run'
      ? `${step.sql};\n`
      : `-- again and again, ${step.round} counting, until nothing new comes\n${step.steps.map(text).join('')}-- end\n`
  return `${steps.map(text).join('')}${query};\n`
}

type Asking = Parameters<Engine['answer']>

type Planned = { readonly query: Query; readonly plan: Plan; readonly setting: FindSetting }

type Compiled = {
  readonly program: SqlProgram
  readonly answer: Finish['answer']
  /** Where the clauses stand whose calls have these numbers. */
  readonly places: readonly (Place | undefined)[]
  /** Whose files are read. */
  readonly segments: ReadonlySet<Segment>
}

type Opened = { readonly folder: string; readonly files: SegmentFiles; readonly client: SqlClient }
