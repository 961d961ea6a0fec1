// DuckDB as an engine: the plan of a question compiled to SQL over the same facts. It gives Varve's answer or refuses
// with a reason (`varve.error/engine-refused`); it never approximates. It serves as judge of the native engine, and for
// questions whose way to the answer does not fit in memory.

import type { Env } from '../../base/env.ts'
import { engineOptions } from '../../engine/create.ts'
import { prepare, type UserFunctions } from '../../engine/naive.ts'
import type { FindSetting } from '../../engine/find.ts'
import type { Answer, Engine } from '../../plan/engine.ts'
import { explainedPlan, type ExplainMode, type Explanation, explanationOf } from '../../plan/explain.ts'
import type { Plan } from '../../plan/plan.ts'
import { planOf } from '../../plan/planner.ts'
import { Refusal } from '../../plan/refusal.ts'
import { queryQueueFull } from '../../query/run-errors.ts'
import { Compiler } from './compiler.ts'
import { boundCounts } from './counts.ts'
import { engineRefused } from './errors.ts'
import { FactViews } from './fact-views.ts'
import { type Finish, finishOf } from './finish.ts'
import type { SqlProgram, SqlSettings, SqlStep } from './protocol.ts'
import { SegmentFiles } from './segment-files.ts'
import { SqlClient } from './sql-client.ts'
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
    return this.#inTurn(async () => {
      const { program, answer, setting } = this.#compile(question)
      const { columns, rowCount } = await this.#open().client.ask(program, question[3])
      return answer(columns, rowCount, setting)
    })
  }

  explain(...[query, inputs, catalog, limits, mode]: [...Asking, ExplainMode]): Promise<Explanation> {
    return this.#inTurn(async () => {
      const sinceMs = this.#env.clock.monotonicMs()
      const { plan, program, answer, setting } = this.#compile([query, inputs, catalog, limits])
      const told = { engine: this.name, mode, parts: explainedPlan(plan), sql: sqlOf(program) }
      if (mode === 'plan') return explanationOf({ ...told, warnings: [] })
      const { columns, rowCount } = await this.#open().client.ask(program, limits)
      const { rows, warnings } = answer(columns, rowCount, setting)
      const timeMs = this.#env.clock.monotonicMs() - sinceMs
      return explanationOf({ ...told, rowCount: rows.length, timeMs, warnings })
    })
  }

  /** One question at a time; a refusal becomes an error that says why. */
  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waitingCount >= this.#limits.queueCountMax) throw queryQueueFull(this.#waitingCount)
    this.#waitingCount++
    const working = this.#last.then(work)
    this.#last = working.catch(() => undefined)
    try {
      return await working
    } catch (error) {
      throw error instanceof Refusal ? engineRefused(error.reason) : error
    } finally {
      this.#waitingCount--
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = this.#opened
    this.#opened = undefined
    if (opened === undefined) return
    await opened.client[Symbol.asyncDispose]()
    this.#env.files.remove(opened.folder)
  }

  #compile([query, inputs, catalog, limits]: Asking): Compiled {
    const options = engineOptions(this.#env, this.#functions)
    const { goals, setting } = prepare({ query, inputs, catalog, limits }, options)
    const { context, scope } = setting
    const plan = planOf(query, goals, scope, { context, counts: boundCounts })
    const views = new FactViews(this.#open().files)
    const writer = new SqlWriter()
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
      kinds,
    }
    return { plan, program, answer, setting }
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

type Compiled = {
  readonly plan: Plan
  readonly program: SqlProgram
  readonly answer: Finish['answer']
  readonly setting: FindSetting
}

type Opened = { readonly folder: string; readonly files: SegmentFiles; readonly client: SqlClient }
