// Bytes of a log that change on the disk: each flip is found (`log-corrupt`, nothing changed) or harmless (the
// same frames as before). Truncation likewise.
//
// Not among the promises, because nothing can tell the two apart: a last frame that is damaged after a power cut
// also took the published position, and one that the cut tore.

import { VarveError } from '../base/errors.ts'
import { openLog, verifyLog, type LogLimits } from '../log/folder-log.ts'
import { BrokenPromise, check } from './broken-promise.ts'
import { SimulatedMachine } from './simulated-env.ts'

const FOLDER = '/data/log'
const LIMITS: LogLimits = { fileBytesMax: 3_000, fillBytesMax: 2_048, fillBytesMin: 1_024 }

export type DamageCounters = { flips: number; cuts: number; found: number; harmless: number }

export type DamageSimulation = {
  readonly firstSeed: number
  readonly damageCount: number
}

/** Damages a small log in one place, again and again. Throws `BrokenPromise` if wrong frames come out. */
export async function simulateDamage(options: DamageSimulation): Promise<DamageCounters> {
  const counters: DamageCounters = { flips: 0, cuts: 0, found: 0, harmless: 0 }
  for (let index = 0; index < options.damageCount; index++) {
    const seed = options.firstSeed + index
    const machine = new SimulatedMachine({ seed })
    try {
      await machine.run(() => damageOnce(machine, counters))
    } catch (cause) {
      throw new BrokenPromise(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      })
    }
  }
  return counters
}

async function damageOnce(machine: SimulatedMachine, counters: DamageCounters): Promise<void> {
  const { random } = machine
  const { texts: before, isClosed } = await writeSome(machine)
  const env = machine.startProcess()
  const names = env.files.list(FOLDER).filter((name) => /log$|sealed$|position/.test(name))
  const name = names[random.below(names.length)] ?? ''
  const path = `${FOLDER}/${name}`
  const byteCount = env.files.stat(path)?.byteCount ?? 0
  const isCut = random.next() < 0.2
  if (isCut) {
    counters.cuts++
    using file = env.files.open(path, 'write')
    file.truncate(random.below(byteCount))
  } else {
    counters.flips++
    const at = random.below(byteCount)
    machine.disk.damage(path, (bytes) => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    })
  }
  if (isClosed && random.next() < 0.5) machine.restart()
  await judge(machine, before, counters)
}

type Written = { readonly texts: readonly string[]; readonly isClosed: boolean }

async function writeSome(machine: SimulatedMachine): Promise<Written> {
  const { random } = machine
  const texts: string[] = []
  let isClosed = false
  const env = machine.startProcess()
  for (let session = 1 + random.below(2); session > 0; session--) {
    const log = await openLog(env, FOLDER, { mode: 'write', limits: LIMITS })
    for (let count = 1 + random.below(8); count > 0; count--) {
      const payload = random.bytes(random.pick([4, 60, 900]))
      await log.append({ firstT: texts.length, lastT: texts.length, epoch: log.epoch, payload })
      texts.push(Buffer.from(payload).toString('hex'))
    }
    isClosed = session > 1 || random.next() < 0.5
    if (isClosed) await log[Symbol.asyncDispose]()
    else machine.kill(env)
  }
  return { texts, isClosed }
}

async function judge(
  machine: SimulatedMachine,
  before: readonly string[],
  counters: DamageCounters,
): Promise<void> {
  const env = machine.startProcess()
  try {
    // A reader may see less where the position is damaged, never anything else.
    const reader = await openLog(env, FOLDER, { mode: 'read' })
    const seen = [...reader.read(0, Infinity)].map(({ payload }) => Buffer.from(payload).toString('hex'))
    check(
      seen.every((text, t) => text === before[t]),
      'a reader saw what was never written',
    )
    await verifyLog(env, FOLDER)
    const log = await openLog(env, FOLDER, { mode: 'write', limits: LIMITS })
    const frames = [...log.read(0, Infinity)].map(({ payload }) => Buffer.from(payload).toString('hex'))
    check(frames.length === before.length, `of ${before.length} frames ${frames.length} are there`)
    check(
      frames.every((text, t) => text === before[t]),
      'a frame is another than before',
    )
    await log[Symbol.asyncDispose]()
    counters.harmless++
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'varve.error/log-corrupt') throw error
    counters.found++
  }
}
