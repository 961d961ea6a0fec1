// What a query worker does: a thread that follows the databases of its folders by itself, as any reader process
// would, and answers one query at a time. The writer's thread goes on meanwhile.
//
// A query is cancelled through shared memory, which the evaluator looks at: while it computes, this thread
// hears no message.

import { askingSignal } from '../base/asking-signal.ts'
import type { Env, WorkerPort } from '../base/env.ts'
import { Span, traced } from '../base/span.ts'
import { Catalog } from '../database/catalog.ts'
import type { DatabaseRef, DatabaseValue } from '../database/database-value.ts'
import type { Engine } from '../plan/engine.ts'
import { SandboxThread } from '../procedures/sandbox-thread.ts'
import type { JobInput, QueryJob } from './ask.ts'
import { checkRules, NO_RULES } from './check-rules.ts'
import { queryOfWritten, rulesOfWritten } from './parsed.ts'
import type { WorkerStart } from './query-worker.ts'
import { checkOf, InThreadRunner } from './run-here.ts'
import {
  receiveEdn,
  receiveRef,
  sendAnswer,
  sendFailure,
  type SentAnswer,
  type SentInput,
  type SentJob,
  type WorkerReply,
  type WorkerRequest,
} from './transport.ts'
import type { Edn } from '../fact/value.ts'
import { WorkerWords } from './worker-words.ts'

/** Answers what comes through the port, by the engine. */
export async function serveQueries(
  env: Env,
  port: WorkerPort,
  engine: Engine,
  /** Told when a question is begun, and when that ends. */
  team?: { begin(): Disposable },
): Promise<void> {
  // Whoever started this thread gave these (query-worker.ts).
  const { folders, words: given, procedures } = port.data as WorkerStart
  const words = new WorkerWords(given)
  const [folder, ...followedFolders] = folders
  const catalog = await Catalog.openFolder(env, folder, { isReadOnly: true, followedFolders })
  const sandbox = procedures === undefined ? undefined : new SandboxThread(env, new URL(procedures))
  const runner = new InThreadRunner(engine, env.clock, sandbox)
  port.onMessage((message) => void answer(message as WorkerRequest))

  async function answer({ id, job: sent, wanted, isTraced }: WorkerRequest): Promise<void> {
    words.begin(id)
    using _work = team?.begin()
    const span = isTraced ? Span.root('worker', () => env.clock.monotonicMs()) : undefined
    const post = (sent: SentAnswer, transfer: readonly ArrayBuffer[] = []): void => {
      span?.end()
      port.post({ id, sent, recorded: span?.toData() } satisfies WorkerReply, transfer)
    }
    try {
      const signal = askingSignal(() => words.isCancelled(id))
      const received = await traced(span, 'read question', () => receiveJob(sent, catalog, signal))
      const job = span === undefined ? received : { ...received, span }
      const check = checkOf(job, env.clock)
      switch (wanted.kind) {
        case 'answer':
          return post(sendAnswer(await runner.run(job), check))
        case 'written': {
          const written = await runner.write(job, wanted.format)
          const buffers = written.pieces.map(({ buffer }) => buffer)
          return post({ kind: 'written', ...written }, buffers)
        }
        case 'explained': {
          const explanation = await runner.explain(job, wanted.mode)
          return post({ kind: 'explained', explanation })
        }
      }
    } catch (error) {
      post(sendFailure(error))
    }
  }
}

async function receiveJob(sent: SentJob, catalog: Catalog, signal: AbortSignal): Promise<QueryJob> {
  const parsed = queryOfWritten(sent.query)
  const inputs = await Promise.all(sent.inputs.map((input) => receiveInput(input, catalog)))
  const rules = inputs.find((input) => input.kind === 'rules')
  const databases = new Map(
    await Promise.all(
      sent.catalog.map(async ([name, ref]) => [name, await valueOf(catalog, receiveRef(ref))] as const),
    ),
  )
  return {
    form: parsed.form,
    query: checkRules(parsed.query, rules?.rules ?? NO_RULES),
    inputs,
    catalog: databases,
    timeoutMs: sent.timeoutMs,
    rowCountMax: sent.rowCountMax,
    memoryBytesMax: sent.memoryBytesMax,
    answerBytesMax: sent.answerBytesMax,
    limit: sent.limit,
    engine: sent.engine,
    procedures: sent.procedures,
    signal,
  }
}

async function receiveInput(input: SentInput, catalog: Catalog): Promise<JobInput> {
  switch (input.kind) {
    case 'facts':
      return { kind: 'facts', value: await valueOf(catalog, receiveRef(input.ref)) }
    case 'rows':
      return { kind: 'rows', rows: receiveEdn(input.text) as readonly (readonly Edn[])[] }
    case 'rules':
      return { kind: 'rules', ...rulesOfWritten(input.text) }
    case 'value':
      return { kind: 'value', value: receiveEdn(input.text) }
  }
}

async function valueOf(catalog: Catalog, ref: DatabaseRef): Promise<DatabaseValue> {
  return (await catalog.connection(ref.database)).resolve(ref)
}
