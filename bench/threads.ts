// The questions of the people suite over a folder, with one query worker and with two: one question after another, which
// both workers share, and all of them at once. An answer is there when its columns are in the thread that asked. Both
// must answer alike, with as many rows as the loop that somebody would write by hand.

import { join } from 'node:path'
import { connectLocal } from '../src/api/connect.ts'
import type { LocalDatabase, LocalVarve } from '../src/api/varve.ts'
import { inTurns, type Work } from './ask/ask.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { makePeople, type People } from './people/people.ts'
import { type PeopleQuestion, QUESTIONS } from './people/questions.ts'
import { storePeople } from './people/stored.ts'

const PEOPLE_COUNT = 1_000_000
const WORKER_COUNTS = [1, 2] as const
/** A loop that runs over chunks is compiled for good after three thousand of them. */
const TURNS = { warmUpMs: 3_000, runCount: 9 }
const RATIO_MIN = 1.7

type Asker = { readonly varve: LocalVarve; readonly database: LocalDatabase; readonly name: string }

await runBench(
  { name: 'threads', about: 'the people suite with one query worker and with two', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const people = makePeople(Math.round(PEOPLE_COUNT * scale))
  const data = join(folder, 'data')
  await storePeople(people, data)
  say('stored')
  note('people', people.count)
  note('datoms', people.count * 5)
  await using opened = new AsyncDisposableStack()
  const askers: Asker[] = []
  for (const workers of WORKER_COUNTS) {
    const varve = opened.use(await connectLocal(`file:${data}`, { readOnly: true, workers }))
    const name = workers === 1 ? 'one worker' : `${workers} workers`
    askers.push({ varve, database: await varve.open('people'), name })
  }
  const figures: Figure[] = []
  const sums = askers.map((): number[] => [])
  for (const question of QUESTIONS) {
    say(question.name)
    await checkAlike(question, askers, people)
    const runs = await inTurns(
      askers.map((asker): Work => ({
        name: asker.name,
        run: async () => (await rowsOf(question, asker)).length,
      })),
      TURNS,
    )
    runs.forEach((each, at) => sums[at]!.push(median(each)))
    note(`${question.name}, workers that took part`, await workerCountOf(question, askers.at(-1)!))
    figures.push(...pairOf(question.name, askers, runs))
  }
  const totals = sums.map((each) => [each.reduce((sum, ms) => sum + ms, 0)])
  figures.push(...pairOf('sum of the medians', askers, totals, true))
  say('all at once')
  const atOnce = await inTurns(
    askers.map((asker): Work => ({ name: asker.name, run: () => allAtOnce(asker) })),
    TURNS,
  )
  return [...figures, ...pairOf('all questions at once', askers, atOnce, true)]
}

function pairOf(
  name: string,
  askers: readonly Asker[],
  runs: readonly (readonly number[])[],
  isTarget = false,
): readonly Figure[] {
  const ratio = median(runs[0]!) / median(runs[1]!)
  const text = isTarget ? `${ratio.toFixed(2)} × as fast, ≥ ${RATIO_MIN}` : `${ratio.toFixed(2)} × as fast`
  const target = { text, isMet: ratio >= RATIO_MIN }
  return askers.map((asker, at): Figure => {
    const figure = { name: `${name}: ${asker.name}`, unit: 'ms', runs: runs[at]! }
    return at === 0 ? figure : { ...figure, target }
  })
}

type Rows = Iterable<readonly unknown[]> & { readonly length: number }

async function rowsOf({ query, rules }: PeopleQuestion, { database }: Asker): Promise<Rows> {
  // Every question of the suite asks for a relation.
  return (await database.db().q(query, ...(rules === undefined ? [] : [rules]))) as Rows
}

async function allAtOnce(asker: Asker): Promise<number> {
  const answers = await Promise.all(QUESTIONS.map((question) => rowsOf(question, asker)))
  return answers.reduce((sum, { length }) => sum + length, 0)
}

async function workerCountOf({ query, rules }: PeopleQuestion, { database }: Asker): Promise<number> {
  return (await database.db().explain(query, ...(rules === undefined ? [] : [rules]))).workerCount ?? 1
}

/** Fails where the answers differ, or the loop finds another number of rows. */
async function checkAlike(question: PeopleQuestion, askers: readonly Asker[], people: People): Promise<void> {
  const [alone, together] = await Promise.all(
    askers.map(async (asker) => [...(await rowsOf(question, asker))]),
  )
  const count = question.loop(people)
  if (alone!.length !== count || together!.length !== count)
    throw new Error(
      `${question.name}: ${alone!.length} and ${together!.length} rows, the loop finds ${count}`,
    )
  alone!.forEach((row, at) => {
    const other = together![at]!
    if (row.some((value, place) => value !== other[place]))
      throw new Error(`${question.name}: row ${at} is [${row.join(' ')}] and [${other.join(' ')}]`)
  })
}
