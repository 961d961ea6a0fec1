// Recursive rules that follow references, over enough facts that the engine chooses between seeking and tables, against
// a search by hand: from one thing and from many, from either end, both ends, and nothing given.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database, Varve } from 'varve'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { edgeForm, openNet } from './net.ts'

const NODE_COUNT = 700
const EDGE_COUNT = 800
const RULES = '[[(reach ?x ?y) [?x :node/to ?y]] [(reach ?x ?y) [?x :node/to ?z] (reach ?z ?y)]]'

let varve: Varve
let database: Database
/** What each node leads to at once, and what leads to it. */
const onward = Array.from({ length: NODE_COUNT }, () => new Set<number>())
const back = Array.from({ length: NODE_COUNT }, () => new Set<number>())

beforeAll(async () => {
  const random = new SeededRandom(6)
  for (let i = 0; i < EDGE_COUNT; i++) {
    const [x, y] = [random.below(NODE_COUNT), random.below(NODE_COUNT)]
    onward[x]!.add(y)
    back[y]!.add(x)
  }
  ;({ varve, database } = await openNet(NODE_COUNT))
  await database.transact(onward.flatMap((to, x) => [...to].map((y) => edgeForm([x, y]))))
})

afterAll(() => varve.close())

/** Everything that hangs on a node in one direction, the node itself where it stands in a circle. */
function reached(node: number, edges: readonly ReadonlySet<number>[] = onward): readonly number[] {
  const found = new Set<number>()
  const waiting = [node]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const to of edges[next]!) if (!found.has(to)) waiting.push(to)
    for (const to of edges[next]!) found.add(to)
  }
  return [...found].sort((x, y) => x - y)
}

/** Nodes of the least, the largest and other reaches. */
const NODES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

async function asked(text: string, ...args: readonly unknown[]): Promise<unknown> {
  return database.db().q(`[:find ${text}`, RULES, ...args)
}

it('from one node, which is sought while no table is there', async () => {
  const question = '[?i ...] :in $ % ?code :where [?x :node/code ?code] (reach ?x ?y) [?y :node/code ?i]]'
  expect(Math.max(...NODES.map((node) => reached(node).length))).toBeGreaterThan(50)
  for (const node of NODES) expect(await asked(question, node)).toEqual(reached(node))
})

it('to one node', async () => {
  const question = '[?i ...] :in $ % ?code :where [?y :node/code ?code] (reach ?x ?y) [?x :node/code ?i]]'
  for (const node of NODES) expect(await asked(question, node)).toEqual(reached(node, back))
})

it('from many nodes', async () => {
  const question = '(count ?y) . :in $ % [?code ...] :with ?x :where [?x :node/code ?code] (reach ?x ?y)]'
  const nodes = Array.from({ length: NODE_COUNT / 2 }, (_, i) => 2 * i)
  const expected = nodes.reduce((sum, node) => sum + reached(node).length, 0)
  expect(await asked(question, nodes)).toBe(expected)
})

it('every pair', async () => {
  const expected = onward.reduce((sum, _, node) => sum + reached(node).length, 0)
  expect(await asked('(count ?y) . :in $ % :with ?x :where (reach ?x ?y)]')).toBe(expected)
  const ends = onward.flatMap((_, node) => reached(node))
  expect(await asked('(count ?y) . :in $ % :where (reach _ ?y)]')).toBe(new Set(ends).size)
})

it('whether one leads to the other', async () => {
  const question =
    '(count ?i) . :in $ % [[?i ?j]] :with ?j :where [?x :node/code ?i] [?y :node/code ?j] (reach ?x ?y)]'
  const pairs = NODES.flatMap((i) => Array.from({ length: 100 }, (_, j) => [i, j] as const))
  const expected = pairs.filter(([i, j]) => reached(i).includes(j)).length
  expect(expected).toBeGreaterThan(20)
  expect(await asked(question, pairs)).toBe(expected)
})
