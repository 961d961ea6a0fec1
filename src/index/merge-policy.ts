// Which runs of an attribute are written anew when rows are added: small attributes whole, the rest in tiers, the
// largest run when enough of it is dead or enough has gathered beside it. And when a generation ends: then present
// and history are written whole, and what held at that moment is kept. Simulated before it was chosen: with a
// fan-in of 8 and a base rewritten at half, 3.4 rows are written per datom and 7 to 15 runs stand at a time.

import { SEGMENT_LIMITS, type SegmentLimits } from '../segment/segment-writer.ts'

export type IndexLimits = {
  /** An attribute with at most this many rows is kept as one run. */
  readonly smallRowCountMax: number
  /** So many runs of one size become one. */
  readonly fanIn: number
  /** The largest run is rewritten when this share of it is dead, … */
  readonly baseDeadShareMax: number
  /** … or when the runs beside it come to this share of it. */
  readonly baseNewShareMax: number
  /** A run of at most this many rows is packed with others into one file. */
  readonly packedRunRowCountMax: number
  /** A pack is closed at this size. */
  readonly packRowCountMax: number
  /** A pack is rewritten when less than this share of its rows is used. */
  readonly packUsedShareMin: number
  /** So many packs of one shape become one. */
  readonly packCountMax: number
  /** A generation begins when the history since the last is this many times the present, … */
  readonly generationShareMax: number
  /** … or this, where the present is written anew anyway. */
  readonly generationShareMin: number
  /** And not before it is this part of all history, so that there are no more generations than that and a few. */
  readonly generationCountMax: number
  readonly segment: SegmentLimits
}

export const INDEX_LIMITS: IndexLimits = {
  smallRowCountMax: 16_384,
  fanIn: 8,
  baseDeadShareMax: 0.3,
  baseNewShareMax: 0.5,
  packedRunRowCountMax: 65_536,
  packRowCountMax: 1 << 20,
  packUsedShareMin: 0.5,
  packCountMax: 8,
  generationShareMax: 1,
  generationShareMin: 0.5,
  generationCountMax: 64,
  segment: SEGMENT_LIMITS,
}

export type RunSize = { readonly rowCount: number; readonly deadCount: number }

/** Runs, the oldest first, from this one on are to be merged with `newRowCount` rows; their count for none. */
export function firstMergedRun(runs: readonly RunSize[], newRowCount: number, limits: IndexLimits): number {
  const live = runs.map(({ rowCount, deadCount }) => rowCount - deadCount)
  const total = live.reduce((sum, count) => sum + count, newRowCount)
  const base = runs[0]
  if (base === undefined || total <= limits.smallRowCountMax) return 0
  if (base.deadCount > base.rowCount * limits.baseDeadShareMax) return 0
  if (total - live[0]! > live[0]! * limits.baseNewShareMax) return 0
  let first = runs.length
  let merged = newRowCount
  for (;;) {
    const size = tier(merged, limits)
    let start = first
    // Runs with many dead rows are as good as smaller ones: they are due.
    while (start > 1 && tier(live[start - 1]!, limits) <= size) start--
    if (first - start + 1 < limits.fanIn) return first
    for (let run = start; run < first; run++) merged += live[run]!
    first = start
  }
}

export type HistorySize = {
  readonly presentCount: number
  /** Facts that ended since the last generation, and all that ever ended. */
  readonly recentCount: number
  readonly historyCount: number
  readonly isPresentRewritten: boolean
}

/** True where what ended since the last generation is enough for one of its own. */
export function isGenerationDue(size: HistorySize, limits: IndexLimits): boolean {
  const { presentCount, recentCount, historyCount, isPresentRewritten } = size
  const share = isPresentRewritten ? limits.generationShareMin : limits.generationShareMax
  return (
    recentCount > limits.smallRowCountMax &&
    recentCount >= presentCount * share &&
    recentCount >= historyCount / limits.generationCountMax
  )
}

function tier(rowCount: number, { smallRowCountMax, fanIn }: IndexLimits): number {
  return Math.max(0, Math.ceil(Math.log(rowCount / smallRowCountMax) / Math.log(fanIn)))
}
