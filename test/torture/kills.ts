// Real processes, real files, real SIGKILL: a child ends at an exact operation, again and again over the same
// folder, and after each time everything that it acknowledged is there and nothing else is.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Writer } from '../../src/database/writer.ts'
import { BrokenPromise, check } from '../../src/testing/broken-promise.ts'
import { DatabaseModel } from '../../src/testing/database-model.ts'
import { SIMULATED_SCHEMA } from '../../src/testing/random-requests.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { simulatedStorage, TINY_COMMIT, TINY_INDEXING } from '../../src/testing/simulated-storage.ts'

export type KillCounters = { kills: number; ends: number; acknowledged: number; unacknowledged: number }

const REQUEST_COUNT = 25
/** Operations that a child does at most, by and large: later ones let it come to its end. */
const OPERATION_COUNT = 200

/** One folder and a row of children in it. */
export async function killChildren(options: {
  readonly seed: number
  readonly childCount: number
}): Promise<KillCounters> {
  const counters: KillCounters = { kills: 0, ends: 0, acknowledged: 0, unacknowledged: 0 }
  const above = mkdtempSync(join(tmpdir(), 'varve-kill-'))
  try {
    await killInFolder(join(above, 'things'), options, counters)
  } catch (cause) {
    throw new BrokenPromise(`kills of seed ${options.seed}: ${String(cause)}`, { cause })
  } finally {
    rmSync(above, { recursive: true, force: true })
  }
  return counters
}

async function killInFolder(
  folder: string,
  { seed, childCount }: { readonly seed: number; readonly childCount: number },
  counters: KillCounters,
): Promise<void> {
  const requests = new SeededRandom(seed)
  const chance = new SeededRandom(seed + 1)
  const model = new DatabaseModel()
  const env = nodeEnv()
  for (let child = 0; child < childCount; child++) {
    const skip = child * REQUEST_COUNT
    const given = Array.from({ length: REQUEST_COUNT }, () => model.give(requests))
    const killAt = chance.below(OPERATION_COUNT)
    const { lines, isKilled } = await runChild([folder, seed, skip, REQUEST_COUNT, killAt].map(String))
    if (isKilled) counters.kills++
    else counters.ends++
    const acknowledged = new Map<number, number>()
    for (const line of lines) {
      const [word, serial = 0, t = 0] = line
        .split(' ')
        .map((part, index) => (index === 0 ? part : Number(part)))
      if (word === 'acknowledged') acknowledged.set(Number(serial), Number(t))
      else model.refuse(given.find((one) => one.serial === serial)!)
    }
    counters.acknowledged += acknowledged.size
    const knownT = Math.max(model.promisedT, ...acknowledged.values())
    const writer = await Writer.open(env, simulatedStorage(env, { folder }), {
      schema: SIMULATED_SCHEMA,
      indexing: TINY_INDEXING,
      commit: TINY_COMMIT,
    })
    await model.verify(writer, chance)
    for (const [serial, t] of acknowledged)
      check(model.tOf(serial) === t, `request ${serial} of t ${t} is lost`)
    counters.unacknowledged += model.verifiedT - knownT
    await writer[Symbol.asyncDispose]()
  }
}

function runChild(
  args: readonly string[],
): Promise<{ readonly lines: readonly string[]; readonly isKilled: boolean }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'kill-child.ts'), ...args])
  const out: string[] = []
  const err: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => out.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => err.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const lines = out.join('').split('\n').slice(0, -1)
      if (signal === 'SIGKILL' || code === 0) resolve({ lines, isKilled: signal === 'SIGKILL' })
      else reject(new Error(`the child ended with ${String(code ?? signal)}:\n${err.join('')}`))
    })
  })
}
