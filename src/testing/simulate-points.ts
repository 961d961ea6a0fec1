// Every point of one short life of a database: it is made, written to, indexed, collected, closed, opened again. For
// each operation on the disk the same life is lived again, and there the power goes, or the operation fails; then,
// for each operation of the recovery, the power goes once more. What must hold stands in database-model.ts.

import { BrokenPromise } from './broken-promise.ts'
import { type DatabaseCounters, databaseCounters, DatabaseRun } from './simulate-database.ts'
import type { Fault, SimulatedMachine } from './simulated-env.ts'

const FAULTS: readonly Fault[] = ['EIO', 'ENOSPC', 'short']

export type PointCounters = {
  /** Operations of the life: commits, publications of an index, openings. */
  operations: number
  powerCuts: number
  recoveryPowerCuts: number
  faults: number
  readFaults: number
  readonly database: DatabaseCounters
}

export type PointSimulation = {
  readonly seed: number
  /** Each so many-th point only, from the first one given; 1 and 0 for all of them. */
  readonly stride: number
  readonly first: number
}

export async function simulateEveryPoint({ seed, stride, first }: PointSimulation): Promise<PointCounters> {
  const database = databaseCounters()
  const calm = new DatabaseRun(seed, database)
  await calm.guarded(() => calm.live())
  const { operationCount: operations, readCount } = calm.machine
  const counters: PointCounters = {
    operations,
    powerCuts: 0,
    recoveryPowerCuts: 0,
    faults: 0,
    readFaults: 0,
    database,
  }
  for (let at = first; at < operations; at += stride) {
    const recoveryOperations = await cutAt(seed, at, undefined, counters)
    // One point of the recovery for every point of the life, all of them in turn.
    await cutAt(seed, at, at % recoveryOperations, counters)
    for (const fault of FAULTS) {
      await failOnce(seed, `${fault} at operation ${at}`, counters, (machine) => machine.failAt(at, fault))
      counters.faults++
    }
  }
  for (let at = first; at < readCount; at += stride) {
    await failOnce(seed, `EIO at read ${at}`, counters, (machine) => machine.failReadAt(at))
    counters.readFaults++
  }
  return counters
}

/** Cuts the power once, or once more during the recovery; the operations that the recovery took. */
async function cutAt(
  seed: number,
  at: number,
  againAt: number | undefined,
  counters: PointCounters,
): Promise<number> {
  const run = new DatabaseRun(seed, counters.database)
  let recoveryOperations = 0
  await named(run, `power cut at operation ${at}, in recovery at ${String(againAt)}`, async () => {
    const { machine } = run
    machine.cutPowerAt(at)
    await run.live()
    if (machine.isDown) counters.powerCuts++
    // What survives differs from point to point, with the chance that was used up.
    run.restart()
    if (againAt !== undefined) {
      machine.cutPowerAt(machine.operationCount + againAt)
      await run.recoverIfPowered()
      if (machine.isDown) counters.recoveryPowerCuts++
      run.restart()
    }
    const before = machine.operationCount
    await run.recover()
    recoveryOperations = machine.operationCount - before
  })
  return recoveryOperations
}

/** One operation fails, once; the process goes on as it can, and at last loses its power. */
async function failOnce(
  seed: number,
  what: string,
  counters: PointCounters,
  arm: (machine: SimulatedMachine) => void,
): Promise<void> {
  const run = new DatabaseRun(seed, counters.database)
  await named(run, what, async () => {
    arm(run.machine)
    await run.live()
    run.machine.clearFaults()
    await run.recover()
    run.restart()
    await run.recover()
  })
}

async function named(run: DatabaseRun, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await run.guarded(work)
  } catch (cause) {
    throw new BrokenPromise(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
