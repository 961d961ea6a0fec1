// The first reading of a file: every row is looked at, so that what is inferred holds for all of them. A file that says
// its types itself need not be looked at, only read: a broken one is refused before anything is written.

import { sha256 } from '../base/checksum.ts'
import type { Env } from '../base/env.ts'
import { ColumnSurvey, type InferredColumn } from './infer-type.ts'
import type { DateOrder } from './moment-text.ts'
import type { RowConverter } from './convert-rows.ts'
import type { RowSource } from './source.ts'

export type Report = (done: number, total: number) => void

export type Survey = {
  readonly rowCount: number
  readonly malformedCount: number
  /** In the order of the source's columns. */
  readonly inferred: readonly InferredColumn[]
}

export async function surveyRows(
  source: RowSource,
  dates: DateOrder | undefined,
  report: Report,
): Promise<Survey> {
  if (source.countRows !== undefined) {
    const rowCount = await source.countRows()
    report(source.extent, source.extent)
    return { rowCount, malformedCount: 0, inferred: inferredColumns(source, [], dates) }
  }
  const surveys: ColumnSurvey[] = []
  let rowCount = 0
  let malformedCount = 0
  for await (const { lines, columns, malformed, position } of source.rows()) {
    while (surveys.length < source.columns.length) surveys.push(new ColumnSurvey(source.typing))
    rowCount += lines.length
    malformedCount += malformed.size
    columns.forEach((cells, index) => surveys[index]!.addAll(cells))
    report(position, source.extent)
  }
  return { rowCount, malformedCount, inferred: inferredColumns(source, surveys, dates) }
}

function inferredColumns(
  { columns, typing }: RowSource,
  surveys: readonly ColumnSurvey[],
  dates: DateOrder | undefined,
): readonly InferredColumn[] {
  return columns.map(({ type, isMany }, index) => {
    const found = (surveys[index] ?? new ColumnSurvey(typing)).result(dates)
    // A file that has types says them itself, also where all cells are empty. Tuples are in no file.
    return type === undefined || type === 'tuple' ? found : { ...found, type, isMany: isMany ?? false }
  })
}

export type Moments = {
  readonly isSorted: boolean
  readonly firstMs: number | undefined
}

/** Whether rows come in the order of their moments, and the least of them. */
export async function surveyMoments(
  source: RowSource,
  converter: RowConverter,
  report: Report,
): Promise<Moments> {
  let isSorted = true
  let lastMs = -Infinity
  let firstMs = Infinity
  for await (const batch of source.rows()) {
    for (const ms of converter.momentsOf(batch)) {
      if (ms === undefined) continue
      if (ms < lastMs) isSorted = false
      lastMs = ms
      firstMs = Math.min(firstMs, ms)
    }
    report(batch.position, source.extent)
  }
  return { isSorted, firstMs: firstMs === Infinity ? undefined : firstMs }
}

const CHUNK_BYTES = 1 << 22

/** Tells the content of a file from any other: a hash over the hashes of its chunks, so that memory stays small. */
export async function contentHash(env: Env, path: string): Promise<Uint8Array> {
  using file = env.files.open(path, 'read')
  const extent = file.byteCount()
  const bytes = new Uint8Array(Math.min(CHUNK_BYTES, extent))
  let hash = sha256(new TextEncoder().encode(String(extent)))
  for (let position = 0; position < extent;) {
    const count = file.read(position, bytes)
    if (count === 0) break
    position += count
    const both = new Uint8Array(hash.byteLength * 2)
    both.set(hash)
    both.set(sha256(bytes.subarray(0, count)), hash.byteLength)
    hash = sha256(both)
    await env.timers.sleep(0)
  }
  return hash
}
