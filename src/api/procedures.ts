// Stored procedures as a connection holds them: the set that questions may call, and those of them that transactions may
// call, as functions of the writer. Another set may take its place at any time; what runs meanwhile keeps the old one.

import { SANDBOX_MODULE } from '../adapter/quickjs/sandbox-module.ts'
import { NEVER_ENDS } from '../base/batches.ts'
import type { Env } from '../base/env.ts'
import type { RegisteredFunction } from '../database/functions.ts'
import { engineOptions } from '../engine/create.ts'
import { formFromJson, readJson } from '../fact/json-form.ts'
import type { Edn } from '../fact/value.ts'
import { MAIL_BYTES_MAX } from '../procedures/mailbox.ts'
import type { Procedure } from '../procedures/procedure.ts'
import { NO_PROCEDURES, type ProcedureSet } from '../procedures/procedure-set.ts'
import type { ProcedureRuntime, RunBounds } from '../procedures/runtime.ts'
import { SandboxThread } from '../procedures/sandbox-thread.ts'
import { resultsOf, rowsText } from '../procedures/sandbox-values.ts'
import { answerRead } from './procedure-reads.ts'

/** What one call gets in which everybody waits who writes. */
export const TRANSACTION_CALL_MS_MAX = 1_000
/** What a predicate of an attribute gets for one value. */
export const PREDICATE_CALL_MS_MAX = 500

export class HeldProcedures implements AsyncDisposable {
  readonly runtime: ProcedureRuntime
  /** What transactions call by name: the functions of the program, and the procedures. */
  readonly registry: ReadonlyMap<string, RegisteredFunction>
  readonly #registry: Map<string, RegisteredFunction>
  readonly #own: ReadonlySet<string>
  readonly #env: Env
  #set = NO_PROCEDURES

  /** `functions` are those that the program registered; a procedure of the same name stands behind them. */
  constructor(env: Env, functions: ReadonlyMap<string, RegisteredFunction>) {
    this.#env = env
    this.runtime = new SandboxThread(env, SANDBOX_MODULE)
    this.registry = this.#registry = new Map(functions)
    this.#own = new Set(functions.keys())
  }

  get set(): ProcedureSet {
    return this.#set
  }

  use(set: ProcedureSet): void {
    this.#set = set
    for (const name of this.#registry.keys()) if (!this.#own.has(name)) this.#registry.delete(name)
    for (const name of set.names) {
      const registered = this.#own.has(name) ? undefined : this.#registered(set.named(name)!)
      if (registered !== undefined) this.#registry.set(name, registered)
    }
    // Whoever writes should not wait for a thread to start.
    if (set.all.some(({ kind }) => kind === 'transaction')) this.runtime.warm()
  }

  /**
   * Reads the source of a procedure that is to be stored. Throws `varve.error/procedure-source-invalid`, or
   * `varve.error/procedure-failed` where it gives no function.
   */
  check(procedure: Procedure): void {
    this.runtime.run(procedure, '[]', { check: NEVER_ENDS, timeoutMs: PREDICATE_CALL_MS_MAX })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]()
  }

  #registered(procedure: Procedure): RegisteredFunction | undefined {
    if (procedure.kind === 'transaction') {
      const engine = engineOptions(this.#env)
      return {
        kind: 'transaction',
        run: (facts, ...args) =>
          this.#operations(procedure, args, (question, timeoutMs) =>
            answerRead(facts, question, { engine, timeoutMs }),
          ),
      }
    }
    if (procedure.kind === 'predicate') {
      return { kind: 'attribute-predicate', run: (value) => this.#judged(procedure, value) }
    }
    return undefined
  }

  #operations(procedure: Procedure, args: readonly Edn[], read: NonNullable<RunBounds['read']>): Edn {
    const bounds = { check: NEVER_ENDS, timeoutMs: TRANSACTION_CALL_MS_MAX, read }
    const results = readJson(this.runtime.run(procedure, rowsText(procedure, [args]), bounds), {
      textBytesMax: MAIL_BYTES_MAX,
    })
    // The sandbox gives an array with a value for each row.
    const operations = results.kind === 'array' ? results.items[0]! : results
    return operations.kind === 'null' ? [] : formFromJson(operations, 'transaction')
  }

  #judged(procedure: Procedure, value: Edn): boolean | string {
    const bounds = { check: NEVER_ENDS, timeoutMs: PREDICATE_CALL_MS_MAX }
    const [answer] = resultsOf(
      procedure,
      this.runtime.run(procedure, rowsText(procedure, [[value]]), bounds),
      1,
    )
    return typeof answer === 'string' ? answer : answer === true
  }
}
