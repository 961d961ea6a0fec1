// The questions of the people suite, rows delivered: the engine beside DuckDB over one wide table in memory, the loop
// over typed arrays that somebody would write by hand, npm's DataScript and Datomic's in-memory peer where they can
// be had. All must find as many rows.

import { asked, askedNaively, atMost, inTurns, questionOf, TimedElsewhere, type Work } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'
import { startDataScript } from './peers/datascript.ts'
import { startDatomic } from './peers/datomic.ts'
import { type Peer, peerOrNone } from './peers/peer.ts'
import { indexPeople, lastNameOf, makePeople, nameOf, type People, sexOf } from './people/people.ts'
import { type PeopleQuestion, QUESTIONS } from './people/questions.ts'

const PEOPLE_COUNT = 1_000_000
const TURNS = { warmUpMs: 1_000, runCount: 7 }
/** The naive engine and DataScript are asked only where they answer in seconds. */
const SLOW_COUNT_MAX = 50_000
/** DuckDB and the loop by hand are what is aimed at with many people, DataScript with few. */
const MANY_COUNT = 500_000
const DATASCRIPT_RATIO_MIN = 100
const DATASCRIPT_QUESTIONS = /^q\d|salary >|predicates/

await runBench(
  { name: 'people', about: 'the people suite, rows delivered', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const people = makePeople(Math.round(PEOPLE_COUNT * scale))
  const facts = await indexPeople(people)
  say('indexed')
  const duckdb = await openTable(people)
  note('people', people.count)
  note('datoms', people.count * 5)
  await using peers = new AsyncDisposableStack()
  const started: Peer[] = []
  const offered = [
    ['Datomic', () => startDatomic(people, folder)],
    ...(people.count <= SLOW_COUNT_MAX ? ([['DataScript', () => startDataScript(people)]] as const) : []),
  ] as const
  for (const [name, start] of offered) {
    const peer = await peerOrNone(name, start, say)
    note(name, peer === undefined ? 'passed over' : 'asked in turns')
    if (peer !== undefined) started.push(peers.use(peer))
  }
  const figures: Figure[] = []
  for (const question of QUESTIONS) {
    say(question.name)
    const works = worksOf(question, people, { facts, duckdb, peers: started })
    const runs = await inTurns(works, TURNS)
    figures.push(...figuresOf(question.name, works, runs, people.count))
  }
  duckdb.close()
  return figures
}

type Asked = {
  readonly facts: Parameters<typeof questionOf>[1]
  readonly duckdb: DuckDB
  readonly peers: readonly Peer[]
}

/** Varve first. */
function worksOf(
  { query, rules, sql, loop }: PeopleQuestion,
  people: People,
  { facts, duckdb, peers }: Asked,
): readonly Work[] {
  const question = questionOf(query, facts, rules === undefined ? {} : { rules })
  const naive: Work = { name: 'naive engine', run: () => askedNaively(question).length }
  return [
    { name: 'Varve', run: () => asked(question).length },
    { name: 'DuckDB', run: async () => (await duckdb.connection.runAndReadAll(sql)).getRows().length },
    { name: 'loop by hand', run: () => loop(people) },
    ...(people.count <= SLOW_COUNT_MAX ? [naive] : []),
    ...peers.map((peer): Work => {
      const ask = async (): Promise<TimedElsewhere> => {
        const { rowCount, ms } = await peer.ask(query, rules)
        return new TimedElsewhere(rowCount, ms)
      }
      return { name: peer.name, run: ask }
    }),
  ]
}

function figuresOf(
  name: string,
  works: readonly Work[],
  runs: readonly (readonly number[])[],
  peopleCount: number,
): readonly Figure[] {
  const ours = median(runs[0]!)
  return works.map((work, at): Figure => {
    if (at === 0) return { name, unit: 'ms', runs: runs[0]! }
    const target = targetOf(name, work.name, ours / median(runs[at]!), peopleCount)
    return { name: `${name}: ${work.name}`, unit: 'ms', runs: runs[at]!, ...(target && { target }) }
  })
}

/** What Varve's time should be beside that of the other. */
function targetOf(name: string, other: string, ratio: number, peopleCount: number): Figure['target'] {
  switch (other) {
    case 'DuckDB':
      return peopleCount < MANY_COUNT ? undefined : atMost(ratio, 1, 'of DuckDB')
    case 'loop by hand':
      return peopleCount < MANY_COUNT ? undefined : atMost(ratio, 3, 'of the loop')
    case 'Datomic':
      return atMost(ratio, 1, 'of Datomic')
    case 'DataScript':
      if (!DATASCRIPT_QUESTIONS.test(name)) return undefined
      return {
        text: `${(1 / ratio).toPrecision(3)} times as fast, ≥ ${DATASCRIPT_RATIO_MIN}`,
        isMet: 1 / ratio >= DATASCRIPT_RATIO_MIN,
      }
    default:
      return undefined
  }
}

async function openTable(people: People): Promise<DuckDB> {
  const duckdb = await DuckDB.open()
  const { count, names, lastNames, sexes, ages, salaries } = people
  await duckdb.addTable('people', [
    { name: 'e', type: 'INTEGER', values: Int32Array.from({ length: count }, (_, i) => i) },
    { name: 'name', type: 'VARCHAR', values: Array.from(names, nameOf) },
    { name: 'last_name', type: 'VARCHAR', values: Array.from(lastNames, lastNameOf) },
    { name: 'sex', type: 'VARCHAR', values: Array.from(sexes, sexOf) },
    { name: 'age', type: 'INTEGER', values: ages },
    { name: 'salary', type: 'INTEGER', values: salaries },
  ])
  return duckdb
}
