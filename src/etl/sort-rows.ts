// Rows in the order of their moments, with bounded memory: stretches are sorted and written to a temporary folder,
// then merged. Rows of one moment keep the order of the file. Rows without a moment come first: they will be
// rejected, and the order of rejects is to be the same every time.

import type { Env, File } from '../base/env.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import type { Edn } from '../fact/value.ts'
import type { RowConverter } from './convert-rows.ts'
import { RowGatherer } from './row-gatherer.ts'
import type { RowBatch, RowSource } from './source.ts'

export type SortLimits = {
  /** Text of rows that is sorted in memory at once. */
  readonly stretchTextMax: number
  /** Rows given out together. */
  readonly batchRowCount: number
  /** What is read of each stretch at once while merging. */
  readonly readBytes: number
}
export const SORT_LIMITS: SortLimits = { stretchTextMax: 32 << 20, batchRowCount: 1_000, readBytes: 1 << 18 }

type Placed = { readonly ms: number; readonly line: number; readonly text: string }

const NO_MOMENT = -Infinity

export async function* sortedRows(
  env: Env,
  source: RowSource,
  converter: RowConverter,
  limits: SortLimits = SORT_LIMITS,
): AsyncGenerator<RowBatch> {
  const folder = env.files.makeTemporaryFolder('varve-import')
  const stretches: Stretch[] = []
  try {
    let placed: Placed[] = []
    let textLength = 0
    for await (const batch of source.rows()) {
      const momentsMs = converter.momentsOf(batch)
      for (let row = 0; row < batch.lines.length; row++) {
        const text = writeEdn(ednOf(batch, row))
        placed.push({ ms: momentsMs[row] ?? NO_MOMENT, line: batch.lines[row]!, text })
        textLength += text.length
      }
      if (textLength < limits.stretchTextMax) continue
      stretches.push(writeStretch(env, `${folder}/${stretches.length}`, placed, limits))
      placed = []
      textLength = 0
    }
    stretches.push(writeStretch(env, `${folder}/${stretches.length}`, placed, limits))
    let rows = new RowGatherer()
    for (const text of merged(stretches)) {
      gather(readEdn(text).value, rows)
      if (rows.rowCount < limits.batchRowCount) continue
      // Sorting has read the whole file; how much of it was given out since is not known in bytes.
      yield rows.batch(source.extent)
      rows = new RowGatherer()
    }
    yield rows.batch(source.extent)
  } finally {
    for (const stretch of stretches) stretch[Symbol.dispose]()
    env.files.remove(folder)
  }
}

function* merged(stretches: readonly Stretch[]): Generator<string> {
  for (;;) {
    let least: Stretch | undefined
    // Stretches stand in the order of the file, so that of equal moments the earlier one wins.
    for (const stretch of stretches) {
      if (stretch.head !== undefined && (least === undefined || stretch.head.ms < least.head!.ms))
        least = stretch
    }
    if (least === undefined) return
    yield least.head!.text
    least.advance()
  }
}

function writeStretch(env: Env, path: string, placed: Placed[], { readBytes }: SortLimits): Stretch {
  placed.sort((x, y) => (x.ms < y.ms ? -1 : x.ms > y.ms ? 1 : x.line - y.line))
  const file = env.files.open(path, 'replace')
  const encoder = new TextEncoder()
  let position = 0
  for (const { ms, text } of placed) {
    // EDN text has no line ends outside of strings, and strings are written with escapes.
    const bytes = encoder.encode(`${ms} ${text}\n`)
    file.write(position, bytes)
    position += bytes.byteLength
  }
  return new Stretch(file, position, readBytes)
}

/** A sorted stretch on disk, read from its beginning. */
class Stretch implements Disposable {
  head: { readonly ms: number; readonly text: string } | undefined
  readonly #file: File
  readonly #byteCount: number
  readonly #bytes: Uint8Array
  readonly #decoder = new TextDecoder()
  #position = 0
  #lines: string[] = []
  #next = 0
  #rest = ''

  constructor(file: File, byteCount: number, readBytes: number) {
    this.#file = file
    this.#byteCount = byteCount
    this.#bytes = new Uint8Array(readBytes)
    this.advance()
  }

  advance(): void {
    while (this.#next >= this.#lines.length && this.#position < this.#byteCount) this.#fill()
    const line = this.#lines[this.#next++]
    if (line === undefined) this.head = undefined
    else {
      const space = line.indexOf(' ')
      this.head = { ms: Number(line.slice(0, space)), text: line.slice(space + 1) }
    }
  }

  [Symbol.dispose](): void {
    this.#file.close()
  }

  #fill(): void {
    const count = this.#file.read(this.#position, this.#bytes)
    this.#position += count
    const text = this.#rest + this.#decoder.decode(this.#bytes.subarray(0, count), { stream: true })
    this.#lines = text.split('\n')
    this.#rest = this.#lines.pop()!
    this.#next = 0
  }
}

function ednOf({ lines, columns, malformed }: RowBatch, row: number): Edn {
  const bad = malformed.get(row)
  const cells = bad === undefined ? columns.map((column) => column[row] ?? null) : []
  return [
    lines[row]!,
    cells,
    bad === undefined ? null : [bad.complaint.code, bad.complaint.message, bad.text],
  ]
}

function gather(form: Edn, rows: RowGatherer): void {
  // What `ednOf` made.
  const [line, cells, bad] = form as [number, readonly Edn[], readonly [string, string, string] | null]
  if (bad === null) rows.add(line, cells)
  else rows.addMalformed(line, { code: bad[0], message: bad[1] }, bad[2])
}
