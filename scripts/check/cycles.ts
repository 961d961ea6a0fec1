// Import cycles: between files, and between folders. A cycle has no first piece to load, to test or to move.
// Inside a folder two types may refer to each other (such imports are erased); folders are apart in types, too.

import { folderOf } from './layers.ts'
import type { Problem } from './problem.ts'
import { isTest, type SourceFile } from './source.ts'

type Edge = { readonly from: string; readonly to: string; readonly file: string; readonly line: number }

export function checkCycles(files: readonly SourceFile[]): Problem[] {
  const imports = files
    .filter((file) => !isTest(file.path))
    .flatMap((file) =>
      file.imports.flatMap(({ target, kind, line }) =>
        target === undefined ? [] : [{ from: file.path, to: target, kind, file: file.path, line }],
      ),
    )
  const atRunTime = imports.filter(({ kind }) => kind !== 'type')
  const folders = imports
    .map((edge) => ({ ...edge, from: folderOf(edge.from), to: folderOf(edge.to) }))
    .filter(({ from, to }) => from !== to)
  return [...cyclesOf(atRunTime, 'files'), ...cyclesOf(folders, 'folders')]
}

/** One problem for each group of places that all reach each other, told by one shortest way round. */
function cyclesOf(edges: readonly Edge[], noun: string): Problem[] {
  const next = new Map<string, Edge[]>()
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge])
  const told = new Set<string>()
  const problems: Problem[] = []
  for (const start of [...next.keys()].sort()) {
    if (told.has(start)) continue
    const way = shortestWayRound(start, next)
    if (way === undefined) continue
    for (const edge of way) told.add(edge.from)
    const first = way[0]!
    problems.push({
      file: first.file,
      line: first.line,
      message: `${noun} import each other: ${[...way.map((edge) => edge.from), start].join(' → ')}`,
      fix: 'Move what both need into a third place that imports neither',
    })
  }
  return problems
}

function shortestWayRound(start: string, next: ReadonlyMap<string, readonly Edge[]>): Edge[] | undefined {
  const cameBy = new Map<string, Edge>()
  let places = [start]
  while (places.length > 0) {
    const reached: string[] = []
    for (const edge of places.flatMap((place) => next.get(place) ?? [])) {
      if (cameBy.has(edge.to)) continue
      cameBy.set(edge.to, edge)
      if (edge.to === start) return wayBack(start, cameBy)
      reached.push(edge.to)
    }
    places = reached
  }
  return undefined
}

function wayBack(start: string, cameBy: ReadonlyMap<string, Edge>): Edge[] {
  const way: Edge[] = []
  let place = start
  do {
    const edge = cameBy.get(place)!
    way.unshift(edge)
    place = edge.from
  } while (place !== start)
  return way
}
