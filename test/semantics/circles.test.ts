// Questions whose variables stand in circles, over enough facts that the engine chooses between seeking and tables,
// against loops by hand: triangles, squares, mutual pairs and cliques, whole and of one thing, at any moment.

import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Database, Varve } from 'varve'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { edgeForm, openNet } from './net.ts'

const NODE_COUNT = 300
const EDGE_COUNT = 1_500

type Edges = readonly ReadonlySet<number>[]

let varve: Varve
let database: Database
let edges: Edges
/** The edges of the first transaction alone. */
let early: Edges
let earlyT: number

beforeAll(async () => {
  ;({ varve, database } = await openNet(NODE_COUNT))
  const random = new SeededRandom(5)
  const node = (): number => Math.floor(NODE_COUNT * (random.below(1_000) / 1_000) ** 2)
  const drawn = Array.from({ length: EDGE_COUNT }, (): readonly [number, number] => [node(), node()])
  const half = drawn.slice(0, EDGE_COUNT / 2)
  earlyT = (await database.transact(half.map(edgeForm))).t
  await database.transact(drawn.slice(EDGE_COUNT / 2).map(edgeForm))
  early = edgesOf(half)
  edges = edgesOf(drawn)
})

afterAll(() => varve.close())

function edgesOf(pairs: readonly (readonly [number, number])[]): Edges {
  const sets = Array.from({ length: NODE_COUNT }, () => new Set<number>())
  for (const [x, y] of pairs) sets[x]!.add(y)
  return sets
}

/** How many ways there are to give these edges, by places among nodes, whatever is wanted of them. */
function countWays(
  to: Edges,
  pairs: readonly (readonly [number, number])[],
  nodes: readonly number[] = [],
): number {
  const place = nodes.length
  if (!pairs.some((pair) => pair.includes(place))) return 1
  let count = 0
  for (let node = 0; node < NODE_COUNT; node++) {
    const chosen = [...nodes, node]
    const holds = pairs.every(([x, y]) => Math.max(x, y) !== place || to[chosen[x]!]!.has(chosen[y]!))
    if (holds) count += countWays(to, pairs, chosen)
  }
  return count
}

/** Places among nodes: the circles that are asked. */
const CIRCLES = {
  'mutual pairs': [
    [0, 1],
    [1, 0],
  ],
  triangles: [
    [0, 1],
    [1, 2],
    [0, 2],
  ],
  'triangles that go round': [
    [0, 1],
    [1, 2],
    [2, 0],
  ],
  squares: [
    [0, 1],
    [1, 2],
    [0, 3],
    [3, 2],
  ],
  cliques: [
    [0, 1],
    [0, 2],
    [0, 3],
    [1, 2],
    [1, 3],
    [2, 3],
  ],
} as const

const NAMES = ['?a', '?b', '?c', '?d']

function whereOf(pairs: readonly (readonly [number, number])[]): string {
  return pairs.map(([x, y]) => `[${NAMES[x]} :node/to ${NAMES[y]}]`).join(' ')
}

function questionOf(pairs: readonly (readonly [number, number])[]): string {
  const used = NAMES.filter(
    (_, place) => place > 0 && pairs.some((pair) => pair.some((one) => one === place)),
  )
  return `[:find (count ?a) . :with ${used.join(' ')} :where ${whereOf(pairs)}]`
}

it.each(Object.entries(CIRCLES))('%s', async (_, pairs) => {
  const expected = countWays(edges, pairs)
  expect(expected).toBeGreaterThan(0)
  expect(await database.db().q(questionOf(pairs))).toBe(expected)
  const corners = edges.filter((_, node) => countWays(edges, pairs, [node]) > 0)
  expect(await database.db().q(`[:find (count ?a) . :where ${whereOf(pairs)}]`)).toBe(corners.length)
  const then = countWays(early, pairs)
  expect(await database.db().asOf(earlyT).q(questionOf(pairs))).toBe(then === 0 ? null : then)
})

it.each(['<', '<=', '>', '>='])('squares whose sides stand in order: %s', async (sign) => {
  const holds = (x: number, y: number): boolean =>
    sign === '<' ? x < y : sign === '<=' ? x <= y : sign === '>' ? x > y : x >= y
  let count = 0
  const corners = new Set<number>()
  for (let a = 0; a < NODE_COUNT; a++) {
    for (const b of edges[a]!) {
      for (const d of edges[a]!) {
        for (const c of edges[b]!) {
          if (!holds(b, d) || !edges[d]!.has(c)) continue
          count++
          corners.add(a)
        }
      }
    }
  }
  const where = `${whereOf(CIRCLES.squares)} [(${sign} ?b ?d)]`
  expect(await database.db().q(`[:find (count ?a) . :with ?b ?c ?d :where ${where}]`)).toBe(count)
  expect(await database.db().q(`[:find (count ?a) . :where ${where}]`)).toBe(corners.size)
})

it('squares that begin where others end', async () => {
  const squaresFrom = (a: number): readonly number[] => {
    const ends: number[] = []
    for (const b of edges[a]!)
      for (const d of edges[a]!) if (b < d) for (const c of edges[b]!) if (edges[d]!.has(c)) ends.push(c)
    return ends
  }
  const counts = edges.map((_, a) => squaresFrom(a).length)
  const expected = edges.flatMap((_, a) => squaresFrom(a)).reduce((sum, c) => sum + counts[c]!, 0)
  expect(expected).toBeGreaterThan(0)
  const second = '[?c :node/to ?e] [?e :node/to ?f] [?c :node/to ?g] [?g :node/to ?f] [(< ?e ?g)]'
  const where = `${whereOf(CIRCLES.squares)} [(< ?b ?d)] ${second}`
  const found = await database.db().q(`[:find (count ?a) . :with ?b ?c ?d ?e ?f ?g :where ${where}]`)
  expect(found).toBe(expected)
})

it('the triangles of one thing, which is sought while no table is there', async () => {
  const { varve: fresh, database: copy } = await openNet(NODE_COUNT)
  await copy.transact(edges.flatMap((to, x) => [...to].map((y) => edgeForm([x, y]))))
  const question = `[:find (count ?b) . :in $ ?code :with ?c :where [?a :node/code ?code] ${whereOf(CIRCLES.triangles)}]`
  for (const code of [0, 3, 40]) {
    const expected = trianglesOf(code)
    expect(await copy.db().q(question, code)).toBe(expected === 0 ? null : expected)
  }
  await fresh.close()
})

function trianglesOf(a: number): number {
  let count = 0
  for (const b of edges[a]!) for (const c of edges[b]!) if (edges[a]!.has(c)) count++
  return count
}

it('what closes a circle is taken at once, and explained so', async () => {
  const explained = await database.db().explain(questionOf(CIRCLES.triangles))
  expect(explained.text).toMatch(/\?[abc] in all of\n.*:node\/to.*\n.*:node\/to/)
})
