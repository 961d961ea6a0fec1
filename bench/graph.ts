// Triangles, squares and ancestors in a net of a quarter of a million nodes: the engine, the loop over adjacency that
// somebody would write by hand, and DuckDB over tables of pairs, each counting everything it finds.

import { SeededRandom } from '../src/base/seeded-random.ts'
import { asked, atMost, inTurns, questionOf, type Work } from './ask/ask.ts'
import { DuckDB } from './ask/duckdb.ts'
import { countAncestors, countSquares, countTriangles } from './graph/loops.ts'
import { indexNetwork, makeNetwork, type Network, type NetworkFacts, pairsOf } from './graph/network.ts'
import { type BenchContext, type Figure, median, runBench } from './harness.ts'

const TURNS = { warmUpMs: 500, runCount: 5 }
const RATIO_MAX = 2
const BOUND_MS_MAX = 3
const SEED_COUNT = 100
const MANY_COUNT = 1_000
const RULES = `[[(ancestor ?x ?y) [?x :node/parent ?y]]
                [(ancestor ?x ?y) [?x :node/parent ?z] (ancestor ?z ?y)]]`

await runBench(
  { name: 'graph', about: 'triangles, squares and ancestors in a net of 250 k nodes', run },
  Number(process.argv[2] ?? 1),
)

async function run({ scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const network = makeNetwork(scale)
  const indexed = await indexNetwork(network)
  const duckdb = await DuckDB.open()
  for (const [name, adjacency] of [
    ['edges', network.edges],
    ['parents', network.parents],
  ] as const) {
    const { from, to } = pairsOf(adjacency)
    await duckdb.addTable(name, [
      { name: 'x', type: 'INTEGER', values: from },
      { name: 'y', type: 'INTEGER', values: to },
    ])
  }
  note('nodes', network.nodeCount)
  note('datoms', indexed.datomCount)
  const figures: Figure[] = []
  for (const part of partsOf(network, indexed, duckdb)) {
    say(part.name)
    figures.push(...(await figuresOf(part)))
  }
  duckdb.close()
  return [...figures, ...boundFigures(network, indexed)]
}

type Part = {
  readonly name: string
  readonly ask: Work['run']
  readonly loop: Work['run']
  readonly select: Work['run']
}

function partsOf(network: Network, { facts, entity }: NetworkFacts, duckdb: DuckDB): readonly Part[] {
  const count = (text: string, options = {}): (() => unknown) => {
    const question = questionOf(text, facts, options)
    return () => asked(question)[0]![0]
  }
  const select = (sql: string) => async (): Promise<unknown> => (await duckdb.rows(sql))[0]![0]
  const random = new SeededRandom(9)
  const many = [...new Set(Array.from({ length: MANY_COUNT }, () => random.below(network.nodeCount)))]
  const seen = new Uint32Array(network.nodeCount)
  let mark = 0
  return [
    {
      name: 'triangles',
      ask: count(
        '[:find (count ?a) . :with ?b ?c :where [?a :node/to ?b] [?b :node/to ?c] [?a :node/to ?c]]',
      ),
      loop: () => countTriangles(network.edges),
      select: select(
        'SELECT count(*) FROM edges p, edges q, edges r WHERE p.y = q.x AND p.x = r.x AND q.y = r.y',
      ),
    },
    {
      name: 'squares',
      ask: count(
        '[:find (count ?a) . :with ?b ?c ?d :where [?a :node/to ?b] [?b :node/to ?d] [?a :node/to ?c] [?c :node/to ?d] [(< ?b ?c)]]',
      ),
      loop: () => countSquares(network.edges),
      select: select(
        'SELECT count(*) FROM edges p, edges q, edges r, edges s WHERE p.y = q.x AND p.x = r.x AND r.y = s.x AND q.y = s.y AND p.y < r.y',
      ),
    },
    {
      name: `ancestors of ${many.length} nodes`,
      ask: count('[:find (count ?y) . :with ?n :in $ % [?n ...] :where (ancestor ?n ?y)]', {
        rules: RULES,
        args: [many.map(entity)],
      }),
      loop: () => many.reduce((sum, node) => sum + countAncestors(network.parents, node, seen, ++mark), 0),
      select: select(
        `WITH RECURSIVE up(n, y) AS (SELECT x, y FROM parents WHERE x IN (${many.join(', ')}) UNION SELECT n, p.y FROM up, parents p WHERE up.y = p.x) SELECT count(*) FROM up`,
      ),
    },
  ]
}

async function figuresOf({ name, ask, loop, select }: Part): Promise<readonly Figure[]> {
  const found = Number(loop())
  const runs = await inTurns(
    [
      { name: `${name}, loop`, run: loop },
      { name: `${name}, Varve`, run: ask },
      { name: `${name}, DuckDB`, run: select },
    ],
    TURNS,
  )
  const [byHand, ours] = runs.map(median) as [number, number]
  return [
    {
      name,
      unit: `ms, ${found.toLocaleString('en')} found`,
      runs: runs[1]!,
      target: atMost(ours / byHand, RATIO_MAX, 'of the loop'),
    },
    { name: `${name}: loop by hand`, unit: 'ms', runs: runs[0]! },
    { name: `${name}: DuckDB`, unit: 'ms', runs: runs[2]! },
  ]
}

/** One node after another, each its own question. */
function boundFigures(network: Network, { facts, entity }: NetworkFacts): readonly Figure[] {
  const random = new SeededRandom(10)
  const question = questionOf('[:find ?y :in $ % ?n :where (ancestor ?n ?y)]', facts, {
    rules: RULES,
    args: [0],
  })
  const seen = new Uint32Array(network.nodeCount)
  const times: number[] = []
  let foundCount = 0
  for (let i = 0; i < 2 * SEED_COUNT; i++) {
    const node = random.below(network.nodeCount)
    const inputs = question.inputs.with(2, { kind: 'value', value: entity(node) })
    const from = performance.now()
    const rows = asked({ ...question, inputs })
    const ms = performance.now() - from
    const expected = countAncestors(network.parents, node, seen, i + 1)
    if (rows.length !== expected)
      throw new Error(`${rows.length} ancestors of ${node} instead of ${expected}`)
    // The first half warms up.
    if (i < SEED_COUNT) continue
    times.push(ms)
    foundCount += expected
  }
  return [
    {
      name: 'ancestors of one node',
      unit: `ms, ${Math.round(foundCount / SEED_COUNT)} found on average`,
      runs: times,
      target: { text: `≤ ${BOUND_MS_MAX}`, isMet: median(times) <= BOUND_MS_MAX },
    },
  ]
}
