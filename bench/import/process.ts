// The command line as a process that is watched: how long it ran, and the most memory that it and its children held.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const BIN = join(import.meta.dirname, '../../bin/varve.mjs')
const WATCH_MS = 50

export type Watched = {
  readonly ms: number
  /** Sum of the highest resident sets of all processes: they need not have stood at the same moment. */
  readonly peakBytes: number
  readonly out: string
}

export async function watchVarve(words: readonly string[]): Promise<Watched> {
  const startMs = performance.now()
  const child = spawn(process.execPath, [BIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  const peaks = new Map<number, number>()
  const watch = setInterval(() => {
    for (const pid of familyOf(child.pid!)) peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peakBytesOf(pid)))
  }, WATCH_MS)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(watch)
  if (code !== 0) throw new Error(`varve ${words.join(' ')} ended with ${code}:\n${texts.err}`)
  const peakBytes = [...peaks.values()].reduce((sum, bytes) => sum + bytes, 0)
  return { ms: performance.now() - startMs, peakBytes, out: texts.out }
}

function familyOf(pid: number): readonly number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).trim()
  return [pid, ...(children === '' ? [] : children.split(' ').flatMap((child) => familyOf(Number(child))))]
}

function peakBytesOf(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

/** Empty once the process is gone. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
