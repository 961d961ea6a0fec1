// A query worker: a thread that follows the databases of one folder by itself, as any reader process would, and
// answers one query at a time. The writer's thread goes on meanwhile.
//
// A query is cancelled through shared memory, which the evaluator looks at: while it computes, this thread
// hears no message.

import { nodeEnv, workerPort } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import type { DatabaseRef, DatabaseValue } from '../database/database-value.ts'
import { createEngine } from '../engine/create.ts'
import type { JobInput, QueryJob } from './ask.ts'
import { checkRules } from './check-rules.ts'
import { parseRules } from './parse-rules.ts'
import { parsedQuery } from './parsed.ts'
import { InThreadRunner } from './run-here.ts'
import {
  receiveEdn,
  receiveRef,
  sendAnswer,
  sendFailure,
  type SentInput,
  type SentJob,
  type WorkerRequest,
} from './transport.ts'
import type { Edn } from '../fact/value.ts'

const port = workerPort()
const { folder, cancelled } = port.data as { readonly folder: string; readonly cancelled: Int32Array }
const env = nodeEnv()
const catalog = await Catalog.openFolder(env, folder, { isReadOnly: true })
const runner = new InThreadRunner(createEngine(env), env.clock)

port.onMessage((message) => {
  void answer(message as WorkerRequest)
})

async function answer({ id, job: sent, wanted }: WorkerRequest): Promise<void> {
  try {
    const job = await receiveJob(id, sent)
    switch (wanted.kind) {
      case 'answer':
        return port.post({ id, sent: sendAnswer(await runner.run(job)) })
      case 'written': {
        const written = await runner.write(job, wanted.notation)
        const buffers = written.pieces.map(({ buffer }) => buffer)
        return port.post({ id, sent: { kind: 'written', ...written } }, buffers)
      }
      case 'explained': {
        const explanation = await runner.explain(job, wanted.mode)
        return port.post({ id, sent: { kind: 'explained', explanation } })
      }
    }
  } catch (error) {
    port.post({ id, sent: sendFailure(error) })
  }
}

async function receiveJob(id: number, sent: SentJob): Promise<QueryJob> {
  const parsed = parsedQuery(receiveEdn(sent.query))
  const inputs = await Promise.all(sent.inputs.map(receiveInput))
  const rules = inputs.find((input) => input.kind === 'rules')
  const databases = new Map(
    await Promise.all(
      sent.catalog.map(async ([name, ref]) => [name, await valueOf(receiveRef(ref))] as const),
    ),
  )
  return {
    form: parsed.form,
    query: checkRules(parsed.query, rules?.rules ?? new Map()),
    inputs,
    catalog: databases,
    timeoutMs: sent.timeoutMs,
    rowCountMax: sent.rowCountMax,
    answerBytesMax: sent.answerBytesMax,
    limit: sent.limit,
    signal: sharedSignal(id),
  }
}

async function receiveInput(input: SentInput): Promise<JobInput> {
  switch (input.kind) {
    case 'facts':
      return { kind: 'facts', value: await valueOf(receiveRef(input.ref)) }
    case 'rows':
      return { kind: 'rows', rows: receiveEdn(input.text) as readonly (readonly Edn[])[] }
    case 'rules': {
      const form = receiveEdn(input.text)
      return { kind: 'rules', form, rules: parseRules(form) }
    }
    case 'value':
      return { kind: 'value', value: receiveEdn(input.text) }
  }
}

async function valueOf(ref: DatabaseRef): Promise<DatabaseValue> {
  return (await catalog.connection(ref.database)).resolve(ref)
}

/** An abort signal whose state is a number in shared memory: the id of the last job that was cancelled. */
function sharedSignal(id: number): AbortSignal {
  const signal = new AbortController().signal
  Object.defineProperty(signal, 'aborted', { get: () => Atomics.load(cancelled, 0) >= id })
  return signal
}
