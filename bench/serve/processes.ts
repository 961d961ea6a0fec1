// What Linux tells of the processes of a benchmark: processor time and memory, and which files they hold for writing.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Of user and system, as /proc counts it. */
const TICKS_PER_SECOND = 100

/** Processor time of all threads of a process so far. */
export function processorMs(processId: number): number {
  const stat = readFileSync(`/proc/${processId}/stat`, 'utf8')
  // The name of the program may have spaces; fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}

/** Resident now, and at most so far. */
export function memoryMiB(processId: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${processId}/status`, 'utf8')
  const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024
  return { now: of('VmRSS'), peak: of('VmHWM') }
}

/** Share of the time of all cores in which none of them had anything to do, between two looks. */
export class IdleShare {
  #last = coreTicks()

  /** Since it was asked last. */
  take(): number {
    const [now, last] = [coreTicks(), this.#last]
    this.#last = now
    return (now.idle - last.idle) / (now.all - last.all)
  }
}

function coreTicks(): { readonly idle: number; readonly all: number } {
  const [line] = readFileSync('/proc/stat', 'utf8').split('\n')
  const ticks = line!.trim().split(/\s+/).slice(1, 9).map(Number)
  // Waiting for the disk is idle as well.
  return { idle: ticks[3]! + ticks[4]!, all: ticks.reduce((sum, each) => sum + each, 0) }
}

/** Files below `folder` that a process has open: all, and those that it could write. */
export function openFiles(
  processId: number,
  folder: string,
): { readonly count: number; readonly writableCount: number } {
  let [count, writableCount] = [0, 0]
  for (const descriptor of readdirSync(`/proc/${processId}/fd`)) {
    const target = linkOrNone(`/proc/${processId}/fd/${descriptor}`)
    if (!target.startsWith(`${folder}/`)) continue
    const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/${processId}/fdinfo/${descriptor}`, 'utf8'))?.[1]
    count++
    if ((Number.parseInt(flags ?? '0', 8) & 3) !== 0) writableCount++
  }
  return { count, writableCount }
}

/** The descriptor with which the folder is listed is gone when its turn comes. */
function linkOrNone(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/** Holds all threads of a process on these cores, `0` or `0-3`, as an operator does with one whose cores are its own. */
export function holdOn(processId: number, cores: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', cores, String(processId)], { stdio: 'ignore' })
}

/**
 * Gives the main thread of a process the real-time class, so that nobody else keeps it waiting for a core, or the usual one again.
 * Threads that it makes are of the usual class. False where the machine refuses: it takes a right to do so.
 */
export function goFirst(processId: number, isFirst: boolean): boolean {
  const how = isFirst ? ['--reset-on-fork', '--rr', '--pid', '1'] : ['--other', '--pid', '0']
  try {
    execFileSync('chrt', [...how, String(processId)], { stdio: 'ignore' })
    return true
  } catch {
    return !isFirst
  }
}
