// What it costs to call a stored procedure once for each row of a question, beside the same computed by a function that is
// built in, and one call alone: the way to the sandbox and back.

import { SANDBOX_MODULE } from '../src/adapter/quickjs/sandbox-module.ts'
import { nodeEnv } from '../src/base/env-node.ts'
import { defineProcedure } from '../src/procedures/define-procedure.ts'
import { ProcedureSet } from '../src/procedures/procedure-set.ts'
import { SandboxThread } from '../src/procedures/sandbox-thread.ts'
import { starterProcedures } from '../src/procedures/starter/starter.ts'
import { calledProcedures } from '../src/query/called-procedures.ts'
import { NO_RULES } from '../src/query/check-rules.ts'
import { storedFunctions } from '../src/query/stored-functions.ts'
import { attributes, NaiveDatabase } from '../src/testing/naive-database.ts'
import { asked, questionOf } from './ask/ask.ts'
import { type BenchContext, type Figure, runBench, timed } from './harness.ts'

const ROW_COUNT = 100_000
const RUN_COUNT = 5
const SINGLE_COUNT = 2_000

const procedures = new ProcedureSet([
  ...starterProcedures,
  defineProcedure({ name: 'bench/add', parameters: { a: 'long', b: 'long' }, source: '(a, b) => a + b' }),
  defineProcedure({
    name: 'bench/upper',
    parameters: { text: 'string' },
    source: '(text) => text.toUpperCase()',
  }),
])

/** Questions over all rows, each with one that must find as much. */
const WORKS: readonly (readonly [name: string, query: string, sameAs: string | undefined])[] = [
  ['two longs', 'bench/add ?n ?n', '+ ?n ?n'],
  ['a text', 'bench/upper ?text', 'clojure.string/upper-case ?text'],
  ['two instants', 'finance/days-late ?due ?paid', undefined],
  ['a decimal', 'finance/round ?amount 1', undefined],
]

await runBench(
  { name: 'procedures', about: 'a stored procedure called for each of 100,000 rows', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const rowCount = Math.round(ROW_COUNT * scale)
  const { facts } = databaseOf(rowCount)
  await using sandbox = new SandboxThread(nodeEnv(), SANDBOX_MODULE)
  note('rows', rowCount)
  const figures: Figure[] = []
  for (const [name, call, sameAs] of WORKS) {
    say(name)
    const ask = (called: string): (() => readonly (readonly unknown[])[]) => {
      const question = questionOf(
        `[:find ?b ?x :where [?b :b/n ?n] [?b :b/text ?text] [?b :b/due ?due] [?b :b/paid ?paid] [?b :b/amount ?amount]
          [(${called}) ?x]]`,
        facts,
      )
      const stored = storedFunctions(calledProcedures(question.query, NO_RULES, procedures), sandbox)
      return () => asked({ ...question, limits: { ...question.limits, stored } })
    }
    const stored = await runsOf(ask(call), rowCount)
    figures.push({
      name: `${name}: calls a second`,
      unit: '/s',
      runs: stored.map((ms) => rowCount / (ms / 1000)),
    })
    if (sameAs === undefined) continue
    same(ask(call)(), ask(sameAs)())
    const builtin = await runsOf(ask(sameAs), rowCount)
    figures.push({
      name: `${name}: beside the built-in one`,
      unit: '×',
      runs: stored.map((ms, at) => ms / builtin[at]!),
    })
  }
  return [...figures, await singleFigure(sandbox)]
}

async function runsOf(work: () => readonly unknown[], rowCount: number): Promise<readonly number[]> {
  const runs: number[] = []
  for (let each = 0; each <= RUN_COUNT; each++) {
    const { ms, result } = await timed(work)
    if (result.length !== rowCount) throw new Error(`${result.length} rows instead of ${rowCount}`)
    // The first one starts the thread and compiles.
    if (each > 0) runs.push(ms)
  }
  return runs
}

async function singleFigure(sandbox: SandboxThread): Promise<Figure> {
  const add = procedures.named('bench/add')!
  const call = storedFunctions(new Map([['add', add]]), sandbox).functions.get('add')!
  const runs: number[] = []
  for (let each = 0; each < RUN_COUNT; each++) {
    const { ms } = await timed(() => {
      for (let n = 0; n < SINGLE_COUNT; n++) {
        if (call([[n, 1]], () => undefined)[0] !== n + 1) throw new Error('a wrong sum')
      }
    })
    runs.push((ms / SINGLE_COUNT) * 1000)
  }
  return { name: 'one call alone', unit: 'µs', runs }
}

function same(x: readonly (readonly unknown[])[], y: readonly (readonly unknown[])[]): void {
  const differs = x.findIndex((row, at) => String(row) !== String(y[at]))
  if (differs >= 0 || x.length !== y.length)
    throw new Error(`Row ${differs} is ${String(x[differs])}, not ${String(y[differs])}`)
}

function databaseOf(rowCount: number): NaiveDatabase {
  const database = new NaiveDatabase(
    attributes('b/n long', 'b/text string', 'b/due instant', 'b/paid instant', 'b/amount bigdec'),
  )
  const day = (n: number): string => new Date(1_700_000_000_000 + n * 86_400_000).toISOString()
  const rows: string[] = []
  for (let n = 0; n < rowCount; n++) {
    rows.push(
      `{:db/id "b${n}" :b/n ${n} :b/text "text ${n}" :b/amount ${n}.25M :b/due #inst "${day(n % 300)}" :b/paid #inst "${day((n * 7) % 400)}"}`,
    )
  }
  for (let first = 0; first < rowCount; first += 10_000) {
    database.transact(`[${rows.slice(first, first + 10_000).join(' ')}]`)
  }
  return database
}
