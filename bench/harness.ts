// What every benchmark shares: it repeats work, prints each run's figure with minimum, median and maximum beside
// the machine and the versions, compares with a peer or a ceiling measured in the same run, and appends all of
// it to bench/results/NAME.jsonl. A benchmark checks its answers before it reports a figure.

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'

export type Figure = {
  readonly name: string
  readonly unit: string
  /** One figure per run, in order. */
  readonly runs: readonly number[]
  /** What the figure should be, as written in the targets; and whether the median meets it. */
  readonly target?: { readonly text: string; readonly isMet: boolean }
}

export type Bench = {
  readonly name: string
  /** One line: the work that is timed. */
  readonly about: string
  run(context: BenchContext): Promise<readonly Figure[]>
}

export type BenchContext = {
  /** A fresh folder that is removed at the end. */
  readonly folder: string
  /** Scale of the data, 1 being the target's own size. */
  readonly scale: number
  /** Progress, to stderr. */
  readonly say: (text: string) => void
  /** Facts about the run that belong beside its figures: data size, settings. */
  readonly note: (name: string, value: string | number) => void
}

export function median(runs: readonly number[]): number {
  const sorted = [...runs].sort((x, y) => x - y)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function percentile(sorted: ArrayLike<number>, fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]!
}

/** Milliseconds that `work` takes. */
export async function timed<X>(
  work: () => Promise<X> | X,
): Promise<{ readonly ms: number; readonly result: X }> {
  const from = performance.now()
  const result = await work()
  return { ms: performance.now() - from, result }
}

const EXIT_CODE_OF_SIGINT = 130

export async function runBench(bench: Bench, scale: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), `varve-bench-${bench.name}-`))
  const notes: Record<string, string | number> = {}
  // Its own end, so that 'exit' is told and whatever was started beside it ends as well.
  process.once('SIGINT', () => process.exit(EXIT_CODE_OF_SIGINT))
  const machine = {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    varve: packageVersion(),
    scale,
  }
  console.log(`${bench.name}: ${bench.about}`)
  console.log(
    Object.entries(machine)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
  )
  try {
    const figures = await bench.run({
      folder,
      scale,
      say: (text) => console.error(`  ${text}`),
      note: (name, value) => (notes[name] = value),
    })
    for (const [name, value] of Object.entries(notes)) console.log(`  ${name}: ${value}`)
    for (const figure of figures) console.log(`  ${lineOf(figure)}`)
    const results = join(import.meta.dirname, 'results')
    mkdirSync(results, { recursive: true })
    const record = { at: new Date().toISOString(), machine, notes, figures }
    appendFileSync(join(results, `${bench.name}.jsonl`), `${JSON.stringify(record)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lineOf({ name, unit, runs, target }: Figure): string {
  const sorted = [...runs].sort((x, y) => x - y)
  const spread =
    runs.length > 1 ? ` (min ${shown(sorted[0]!)}, max ${shown(sorted.at(-1)!)}, ${runs.length} runs)` : ''
  const verdict = target ? `  target ${target.text}: ${target.isMet ? 'met' : 'MISSED'}` : ''
  return `${name.padEnd(42)} ${shown(median(runs))} ${unit}${spread}${verdict}`
}

function shown(x: number): string {
  return Math.abs(x) >= 100 ? Math.round(x).toLocaleString('en') : x.toPrecision(3)
}

function packageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
