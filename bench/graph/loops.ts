// The loops over adjacency that somebody would write by hand: each visits every triangle, square or ancestor once.

import type { Adjacency } from './network.ts'

/** a → b → c and a → c. */
export function countTriangles({ first, to }: Adjacency): number {
  let count = 0
  for (let a = 0; a + 1 < first.length; a++) {
    for (let at = first[a]!; at < first[a + 1]!; at++) count += countCommon(first, to, a, to[at]!)
  }
  return count
}

/** a → b → d and a → c → d, where b < c: of each a, the ways to d that were there before. */
export function countSquares({ first, to }: Adjacency): number {
  const wayCounts = new Uint32Array(first.length)
  let count = 0
  for (let a = 0; a + 1 < first.length; a++) {
    for (let at = first[a]!; at < first[a + 1]!; at++) {
      const b = to[at]!
      for (let next = first[b]!; next < first[b + 1]!; next++) count += wayCounts[to[next]!]!++
    }
    for (let at = first[a]!; at < first[a + 1]!; at++) {
      const b = to[at]!
      for (let next = first[b]!; next < first[b + 1]!; next++) wayCounts[to[next]!] = 0
    }
  }
  return count
}

/** Targets that both nodes have. */
function countCommon(first: Uint32Array, to: Uint32Array, x: number, y: number): number {
  let count = 0
  let [i, j] = [first[x]!, first[y]!]
  const [iEnd, jEnd] = [first[x + 1]!, first[y + 1]!]
  while (i < iEnd && j < jEnd) {
    const [u, v] = [to[i]!, to[j]!]
    if (u === v) count++
    if (u <= v) i++
    if (v <= u) j++
  }
  return count
}

/** How many ancestors a node has. `seen` holds no more than one mark for each node, and another mark each time. */
export function countAncestors(
  { first, to }: Adjacency,
  node: number,
  seen: Uint32Array,
  mark: number,
): number {
  const reached = [node]
  let count = 0
  for (let next = reached.pop(); next !== undefined; next = reached.pop()) {
    for (let at = first[next]!; at < first[next + 1]!; at++) {
      const parent = to[at]!
      if (seen[parent] === mark) continue
      seen[parent] = mark
      count++
      reached.push(parent)
    }
  }
  return count
}
