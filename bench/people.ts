// Nine questions about people, rows delivered: the engine beside DuckDB over one wide table in memory and beside the
// loop over typed arrays that somebody would write by hand. All three must find as many rows.

import { DuckDBInstance } from '@duckdb/node-api'
import { answerNow, type Question } from '../src/engine/naive.ts'
import { nativeAnswer } from '../src/engine/native/native.ts'
import { Refusal } from '../src/plan/refusal.ts'
import { readEdn } from '../src/fact/edn-reader.ts'
import type { IndexedFacts } from '../src/index/indexed-facts.ts'
import { parseQuery } from '../src/query/parse-query.ts'
import { type BenchContext, type Figure, median, runBench, timed } from './harness.ts'
import { indexPeople, lastNameOf, makePeople, nameOf, type People } from './people/people.ts'
import { QUESTIONS } from './people/questions.ts'

const PEOPLE_COUNT = 1_000_000
const RUN_COUNT = 7
const WARM_UP_COUNT = 3
/** The naive engine is asked only where it answers in seconds. */
const NAIVE_COUNT_MAX = 100_000
const OPTIONS = { clock: { nowMs: () => performance.now() }, random: { next: () => 0.5 } }

await runBench(
  { name: 'people', about: 'nine questions about people, rows delivered', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const people = makePeople(Math.round(PEOPLE_COUNT * scale))
  const facts = await indexPeople(people)
  say('indexed')
  const duckdb = await openTable(people)
  note('people', people.count)
  note('datoms', people.count * 5)
  const figures: Figure[] = []
  for (const { name, query, sql, loop } of QUESTIONS) {
    const question = questionOf(query, facts)
    const rowCount = loop(people)
    const ask = (): number => answered(nativeAnswer(question, OPTIONS))
    const select = async (): Promise<number> => (await duckdb.runAndReadAll(sql)).getRows().length
    const runs = await inTurns([ask, select, () => loop(people)], rowCount)
    const [native, other, byHand] = runs.map(median) as [number, number, number]
    figures.push(
      { name, unit: `ms, ${rowCount.toLocaleString('en')} rows`, runs: runs[0]! },
      { name: `${name}: DuckDB`, unit: 'ms', runs: runs[1]!, target: atMost(native / other, 1, 'of DuckDB') },
      {
        name: `${name}: loop by hand`,
        unit: 'ms',
        runs: runs[2]!,
        target: atMost(native / byHand, 3, 'of the loop'),
      },
    )
    if (people.count <= NAIVE_COUNT_MAX) {
      const naive = await inTurns([() => answerNow(question, OPTIONS).rows.length], rowCount)
      figures.push({ name: `${name}: naive engine`, unit: 'ms', runs: naive[0]! })
    }
  }
  return figures
}

function atMost(ratio: number, max: number, what: string): Figure['target'] {
  return { text: `${ratio.toFixed(2)} × ${what}, ≤ ${max}`, isMet: ratio <= max }
}

function answered(answer: ReturnType<typeof nativeAnswer>): number {
  if (answer instanceof Refusal) throw new Error(`The native engine refused: ${answer.reason}`)
  // Every row as an array of values, as the loop by hand makes them.
  return answer.rows.toArray().length
}

/** Milliseconds of each run of each work, taking turns, after a warm-up. */
async function inTurns(
  works: readonly (() => number | Promise<number>)[],
  rowCount: number,
): Promise<number[][]> {
  const runs: number[][] = works.map(() => [])
  for (let turn = 0; turn < WARM_UP_COUNT + RUN_COUNT; turn++) {
    for (const [at, work] of works.entries()) {
      const { ms, result } = await timed(work)
      if (result !== rowCount) throw new Error(`${result} rows instead of ${rowCount}`)
      if (turn >= WARM_UP_COUNT) runs[at]!.push(ms)
    }
  }
  return runs
}

function questionOf(text: string, facts: IndexedFacts): Question {
  return {
    query: parseQuery(readEdn(text).value),
    inputs: [{ kind: 'facts', facts }],
    catalog: new Map(),
    limits: { deadlineMs: Infinity, rowCountMax: 10_000_000 },
  }
}

async function openTable(people: People) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run(
    'CREATE TABLE people (e INTEGER, name VARCHAR, last_name VARCHAR, sex VARCHAR, age INTEGER, salary INTEGER)',
  )
  const appender = await connection.createAppender('people')
  for (let i = 0; i < people.count; i++) {
    appender.appendInteger(i)
    appender.appendVarchar(nameOf(people.names[i]!))
    appender.appendVarchar(lastNameOf(people.lastNames[i]!))
    appender.appendVarchar(people.sexes[i] === 0 ? 'male' : 'female')
    appender.appendInteger(people.ages[i]!)
    appender.appendInteger(people.salaries[i]!)
    appender.endRow()
  }
  appender.closeSync()
  return connection
}
