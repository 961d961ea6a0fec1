// A net from a seed: edges lead from lower to higher nodes and crowd on few of them, so that nobody stands in a circle
// and each triangle is found once; parents are a tree with shortcuts. Once as adjacency in typed arrays, as somebody
// who writes loops by hand would have it, once as facts.

import { SeededRandom } from '../../src/base/seeded-random.ts'
import type { EntityId } from '../../src/fact/attribute.ts'
import type { IndexedFacts } from '../../src/index/indexed-facts.ts'
import { FactsMaker } from '../ask/facts.ts'

const NODE_COUNT = 250_000

/** The targets of node n are `to[first[n]]` … `to[first[n + 1] - 1]`, ascending. */
export type Adjacency = { readonly first: Uint32Array; readonly to: Uint32Array }

export type Network = {
  readonly nodeCount: number
  readonly edges: Adjacency
  readonly parents: Adjacency
}

export function makeNetwork(scale: number): Network {
  const nodeCount = Math.max(1_000, Math.round(NODE_COUNT * scale))
  const random = new SeededRandom(4)
  const edges: Set<number>[] = Array.from({ length: nodeCount }, () => new Set())
  for (let count = 0; count < nodeCount; count++) {
    const x = Math.floor(nodeCount * random.next() ** 3)
    const y = Math.floor(nodeCount * random.next() ** 3)
    if (x !== y) edges[Math.min(x, y)]!.add(Math.max(x, y))
  }
  const parents = edges.map((_, node) => {
    const of = new Set<number>()
    if (node > 0) of.add(random.below(node))
    if (node > 0 && random.below(10) < 3) of.add(random.below(node))
    return of
  })
  return { nodeCount, edges: adjacencyOf(edges), parents: adjacencyOf(parents) }
}

function adjacencyOf(sets: readonly ReadonlySet<number>[]): Adjacency {
  const first = new Uint32Array(sets.length + 1)
  sets.forEach((set, node) => (first[node + 1] = first[node]! + set.size))
  const to = new Uint32Array(first[sets.length]!)
  sets.forEach((set, node) =>
    to.set(
      [...set].sort((x, y) => x - y),
      first[node],
    ),
  )
  return { first, to }
}

export type NetworkFacts = {
  readonly facts: IndexedFacts
  readonly datomCount: number
  readonly entity: (node: number) => EntityId
}

export async function indexNetwork({ nodeCount, edges, parents }: Network): Promise<NetworkFacts> {
  const maker = new FactsMaker(['node/to ref many', 'node/parent ref many'])
  const entity = (node: number): EntityId => maker.entity('node/to', node)
  for (let node = 0; node < nodeCount; node++) {
    for (const [name, { first, to }] of [
      ['node/to', edges],
      ['node/parent', parents],
    ] as const) {
      for (let at = first[node]!; at < first[node + 1]!; at++) {
        maker.add(entity(node), maker.id(name), entity(to[at]!))
      }
    }
  }
  await maker.index()
  return { facts: maker.facts(), datomCount: maker.datomCount, entity }
}

/** Columns of a table of the pairs. */
export function pairsOf({ first, to }: Adjacency): { readonly from: Uint32Array; readonly to: Uint32Array } {
  const from = new Uint32Array(to.length)
  for (let node = 0; node + 1 < first.length; node++) from.fill(node, first[node], first[node + 1])
  return { from, to }
}
