// Nine questions about people, rows delivered: the engine beside DuckDB over one wide table in memory and beside the
// loop over typed arrays that somebody would write by hand. All three must find as many rows.

import { asked, askedNaively, atMost, inTurns, questionOf } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { indexPeople, lastNameOf, makePeople, nameOf, type People } from './people/people.ts'
import { QUESTIONS } from './people/questions.ts'

const PEOPLE_COUNT = 1_000_000
const TURNS = { warmUpCount: 3, runCount: 7 }
/** The naive engine is asked only where it answers in seconds. */
const NAIVE_COUNT_MAX = 100_000

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
    const runs = await inTurns(
      [
        { name: `${name}, loop`, run: () => loop(people) },
        { name: `${name}, Varve`, run: () => asked(question).length },
        {
          name: `${name}, DuckDB`,
          run: async () => (await duckdb.connection.runAndReadAll(sql)).getRows().length,
        },
      ],
      TURNS,
    )
    const [byHand, native, other] = runs.map(median) as [number, number, number]
    figures.push(
      { name, unit: `ms, ${rowCount.toLocaleString('en')} rows`, runs: runs[1]! },
      { name: `${name}: DuckDB`, unit: 'ms', runs: runs[2]!, target: atMost(native / other, 1, 'of DuckDB') },
      {
        name: `${name}: loop by hand`,
        unit: 'ms',
        runs: runs[0]!,
        target: atMost(native / byHand, 3, 'of the loop'),
      },
    )
    if (people.count <= NAIVE_COUNT_MAX) {
      const ask = { name: `${name}, naive engine`, run: () => askedNaively(question).length }
      const naive = await inTurns([ask], TURNS)
      figures.push({ name: `${name}: naive engine`, unit: 'ms', runs: naive[0]! })
    }
  }
  return figures
}

async function openTable(people: People): Promise<DuckDB> {
  const duckdb = await DuckDB.open()
  const { count, names, lastNames, sexes, ages, salaries } = people
  await duckdb.addTable('people', [
    { name: 'e', type: 'INTEGER', values: Int32Array.from({ length: count }, (_, i) => i) },
    { name: 'name', type: 'VARCHAR', values: Array.from(names, nameOf) },
    { name: 'last_name', type: 'VARCHAR', values: Array.from(lastNames, lastNameOf) },
    { name: 'sex', type: 'VARCHAR', values: Array.from(sexes, (sex) => (sex === 0 ? 'male' : 'female')) },
    { name: 'age', type: 'INTEGER', values: ages },
    { name: 'salary', type: 'INTEGER', values: salaries },
  ])
  return duckdb
}
