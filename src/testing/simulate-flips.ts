// One bit of one file of a database is another than it was: in the log, in a segment, in the root, in the position.
// Whoever opens and reads it all must be told, or get exactly the facts that were there.

import { VarveError } from '../base/errors.ts'
import type { Env } from '../base/env.ts'
import { Follower } from '../database/connection.ts'
import { Writer } from '../database/writer.ts'
import { verifyLog } from '../log/folder-log.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { DatabaseModel, keptTextOf, textOf } from './database-model.ts'
import { SIMULATED_SCHEMA } from './random-requests.ts'
import { SimulatedMachine } from './simulated-env.ts'
import { simulatedStorage, TINY_COMMIT, TINY_FOLDER, TINY_INDEXING } from './simulated-storage.ts'

export type FlipCounters = {
  flips: number
  found: number
  harmless: number
  /** Flips in the log, in segments, in the root. */
  logFlips: number
  segmentFlips: number
  rootFlips: number
  /** Different errors that told of them. */
  readonly codes: Record<string, number>
}

export async function simulateFlips(options: {
  readonly seed: number
  readonly flipCount: number
}): Promise<FlipCounters> {
  const machine = new SimulatedMachine({ seed: options.seed })
  const counters: FlipCounters = {
    flips: 0,
    found: 0,
    harmless: 0,
    logFlips: 0,
    segmentFlips: 0,
    rootFlips: 0,
    codes: {},
  }
  await machine.run(async () => {
    await write(machine)
    const env = machine.startProcess()
    const paths = filesBelow(env, TINY_FOLDER).filter((path) => (env.files.stat(path)?.byteCount ?? 0) > 0)
    const before = await readAll(env)
    for (let flip = 0; flip < options.flipCount; flip++) {
      const path = paths[machine.random.below(paths.length)]!
      const at = machine.random.below(env.files.stat(path)!.byteCount)
      const bit = 1 << machine.random.below(8)
      const toggle = (): void => machine.disk.damage(path, (bytes) => void (bytes[at]! ^= bit))
      toggle()
      counters.flips++
      if (path.includes('/segments/')) counters.segmentFlips++
      else if (path.includes('/index/')) counters.rootFlips++
      else counters.logFlips++
      await judge(env, before, `seed ${options.seed}: byte ${at} of ${path}`, counters)
      toggle()
    }
    check((await readAll(env)).text === before.text, 'without a flip all is as before')
  })
  return counters
}

/** Two lives of a writer, so that there are sealed files, an open one, and an index behind the log. */
async function write(machine: SimulatedMachine): Promise<void> {
  const model = new DatabaseModel()
  for (let session = 0; session < 2; session++) {
    const env = machine.startProcess()
    const options = { schema: SIMULATED_SCHEMA, indexing: TINY_INDEXING, commit: TINY_COMMIT }
    const writer = await Writer.open(env, simulatedStorage(env), options)
    for (let step = 0; step < 12; step++) {
      const { request } = model.give(machine.random)
      await writer
        .transact(request)
        .catch((error: unknown) => check(error instanceof VarveError, String(error)))
      if (step % 5 === 4) await writer.index()
    }
    if (session === 0) await writer[Symbol.asyncDispose]()
    else machine.kill(env)
  }
}

async function judge(env: Env, before: Reading, what: string, counters: FlipCounters): Promise<void> {
  try {
    const now = await readAll(env)
    if (!isSameOrEarlier(now, before, what))
      throw new BrokenPromise(`${what}: other facts, and nobody noticed`)
    counters.harmless++
  } catch (error) {
    if (!(error instanceof VarveError)) throw new BrokenPromise(`${what}: ${String(error)}`, { cause: error })
    counters.found++
    counters.codes[error.code] = (counters.codes[error.code] ?? 0) + 1
  }
}

// Without the newest published position a reader takes the one before it, until the writer publishes again.
function isSameOrEarlier(now: Reading, before: Reading, what: string): boolean {
  if (!what.includes('/position-')) return now.text === before.text
  const count = now.transactions.length
  const isPrefix = now.transactions.join('\n') === before.transactions.slice(0, count).join('\n')
  return isPrefix && now.factsAt(count - 1) === before.factsAt(count - 1)
}

type Reading = {
  /** Every fact, in several views and orders, and every transaction. */
  readonly text: string
  readonly transactions: readonly string[]
  /** What held as of a t. */
  readonly factsAt: (t: number) => string
}

/** Opens the database as a reader and reads every transaction and every fact. */
async function readAll(env: Env): Promise<Reading> {
  await verifyLog(env, `${TINY_FOLDER}/log`)
  const follower = await Follower.open(env, simulatedStorage(env, { openFileCountMax: 100 }))
  try {
    const { facts } = follower.value()
    const views = [
      keptTextOf(facts),
      keptTextOf(facts.history()),
      textOf(facts.range('avet', { prefix: [] })),
    ]
    const transactions: string[] = []
    for await (const { datoms } of follower.transactions({ from: 0, to: Infinity, isLive: false })) {
      transactions.push(textOf(datoms))
    }
    const text = [...views, ...transactions].join('\n')
    return { text, transactions, factsAt: (t) => keptTextOf(facts.asOf(t)) }
  } finally {
    await follower[Symbol.asyncDispose]()
  }
}

function filesBelow(env: Env, folder: string): string[] {
  return env.files.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`
    return env.files.stat(path)?.kind === 'folder' ? filesBelow(env, path) : [path]
  })
}
