// A hundred and thirteen joins over a skewed, correlated film database, each beside DuckDB over the tables of the same
// films. DuckDB judges the answers: the least title or name that joins.

import { asked, inTurns, questionOf } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { indexFilms, makeFilms, tabulateFilms } from './joins/films.ts'
import { JOIN_QUESTIONS, type JoinQuestion } from './joins/shapes.ts'

const TURNS = { warmUpMs: 200, runCount: 5 }
const RATIO_MAX = 5
const TOTAL_RATIO_MAX = 1

type Measured = {
  readonly name: string
  readonly ms: readonly number[]
  readonly duckdbMs: readonly number[]
  readonly isEmpty: boolean
}

await runBench(
  { name: 'joins', about: '113 joins over a film database, beside DuckDB', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const films = makeFilms(scale)
  const { facts, datomCount } = await indexFilms(films)
  const duckdb = await DuckDB.open()
  await tabulateFilms(films, duckdb)
  note('datoms', datomCount)
  note('questions', JOIN_QUESTIONS.length)
  const all: Measured[] = []
  for (const question of JOIN_QUESTIONS) {
    const measured = await measure(question, facts, duckdb)
    all.push(measured)
    say(
      `${measured.name}: ${median(measured.ms).toFixed(2)} ms, DuckDB ${median(measured.duckdbMs).toFixed(2)} ms`,
    )
  }
  duckdb.close()
  note('answers that are not empty', all.filter(({ isEmpty }) => !isEmpty).length)
  return figuresOf(all)
}

async function measure(
  { name, datalog, sql }: JoinQuestion,
  facts: Parameters<typeof questionOf>[1],
  duckdb: DuckDB,
): Promise<Measured> {
  const question = questionOf(datalog, facts)
  let isEmpty = false
  const ask = (): unknown => {
    const rows = asked(question)
    isEmpty = rows.length === 0
    return rows
  }
  // Where nothing joins, SQL gives one row of nulls.
  const select = async (): Promise<unknown> =>
    (await duckdb.rows(sql)).filter((row) => row.every((value) => value !== null))
  const [ms, duckdbMs] = await inTurns(
    [
      { name: `${name}, Varve`, run: ask },
      { name: `${name}, DuckDB`, run: select },
    ],
    TURNS,
  )
  return { name, ms: ms!, duckdbMs: duckdbMs!, isEmpty }
}

function figuresOf(all: readonly Measured[]): readonly Figure[] {
  const total = (of: (measured: Measured) => readonly number[]): number =>
    all.reduce((sum, measured) => sum + median(of(measured)), 0)
  const [ours, theirs] = [total(({ ms }) => ms), total(({ duckdbMs }) => duckdbMs)]
  const byRatio = all
    .map((measured) => ({ ...measured, ratio: median(measured.ms) / median(measured.duckdbMs) }))
    .sort((x, y) => y.ratio - x.ratio)
  const over = byRatio.filter(({ ratio }) => ratio > RATIO_MAX)
  return [
    {
      name: 'all together',
      unit: 'ms',
      runs: [ours],
      target: { text: `${(ours / theirs).toFixed(2)} × DuckDB, ≤ ${TOTAL_RATIO_MAX}`, isMet: ours <= theirs },
    },
    { name: 'all together: DuckDB', unit: 'ms', runs: [theirs] },
    {
      name: `questions over ${RATIO_MAX} × their DuckDB time`,
      unit: `of ${all.length}`,
      runs: [over.length],
      target: { text: 'none', isMet: over.length === 0 },
    },
    { name: 'ratio to DuckDB, of the questions', unit: '×', runs: byRatio.map(({ ratio }) => ratio) },
    ...byRatio.map(({ name, ms, ratio }) => ({
      name: `${name}, ${ratio.toFixed(2)} × DuckDB`,
      unit: 'ms',
      runs: ms,
    })),
  ]
}
