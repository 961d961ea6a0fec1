// Rows of a file with one JSON object a line. Keys are columns, in the order in which they are first met; keys of
// objects within are joined by dots; a list is several values of one column.

import type { Env } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { formFromJson, readJson } from '../fact/json-form.ts'
import type { JsonNode } from '../fact/json-reader.ts'
import type { Edn } from '../fact/value.ts'
import { ROW_LENGTH_MAX } from './csv-records.ts'
import { rowTooLong } from './errors.ts'
import { type Encoding, readText, UNREADABLE_CHARACTER } from './read-text.ts'
import { rowMalformed } from './reject.ts'
import { RowGatherer } from './row-gatherer.ts'
import type { Cell, RowBatch, RowSource, SourceColumn } from './source.ts'

export class JsonLinesSource implements RowSource {
  readonly about = 'JSON lines'
  readonly typing = 'json'
  readonly extent: number
  readonly #env: Env
  readonly #path: string
  readonly #encoding: Encoding
  readonly #columns: SourceColumn[] = []
  readonly #places = new Map<string, number>()

  constructor(env: Env, path: string, encoding: Encoding) {
    this.#env = env
    this.#path = path
    this.#encoding = encoding
    this.extent = env.files.stat(path)?.byteCount ?? 0
  }

  get columns(): readonly SourceColumn[] {
    return this.#columns
  }

  async *rows(): AsyncGenerator<RowBatch> {
    let rest = ''
    let line = 0
    for await (const { text, position, isLast } of readText(this.#env, this.#path, this.#encoding)) {
      const lines = (rest + text).split('\n')
      rest = isLast ? '' : (lines.pop() ?? '')
      if (rest.length > ROW_LENGTH_MAX) throw rowTooLong(this.#path, ROW_LENGTH_MAX)
      const rows = new RowGatherer()
      for (const content of lines) {
        line++
        if (content.trim() !== '') this.#gather(content, line, rows)
      }
      yield rows.batch(position)
    }
  }

  #gather(text: string, line: number, rows: RowGatherer): void {
    const cells = this.#cellsOf(text)
    if (typeof cells === 'string') rows.addMalformed(line, rowMalformed(cells), text)
    else rows.add(line, cells)
  }

  /** The cells of a row, or what is wrong with it. */
  #cellsOf(text: string): readonly Cell[] | string {
    if (text.includes(UNREADABLE_CHARACTER)) return 'The line holds bytes that are no text of this encoding'
    try {
      const node = readJson(text)
      if (node.kind !== 'object') return 'The line is no JSON object'
      const cells: Cell[] = []
      this.#fill(node, '', cells)
      return cells
    } catch (error) {
      if (error instanceof VarveError) return error.message
      throw error
    }
  }

  #fill(node: JsonNode & { kind: 'object' }, prefix: string, cells: Cell[]): void {
    for (const { key, value } of node.entries) {
      const name = `${prefix}${key}`
      if (value.kind === 'object' && value.entries[0]?.key.startsWith('#') !== true) {
        this.#fill(value, `${name}.`, cells)
        continue
      }
      const cell: Edn = formFromJson(value, 'value')
      if (cell === null) continue
      cells[this.#place(name)] = cell
    }
  }

  #place(name: string): number {
    let place = this.#places.get(name)
    if (place === undefined) {
      place = this.#columns.length
      this.#places.set(name, place)
      this.#columns.push({ name })
    }
    return place
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
