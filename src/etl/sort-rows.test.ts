import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { keyword } from '../fact/value.ts'
import { RowConverter } from './convert-rows.ts'
import type { ImportPlan } from './import-plan.ts'
import { momentMs } from './moment-text.ts'
import { rowMalformed } from './reject.ts'
import { sortedRows } from './sort-rows.ts'
import { RowGatherer } from './row-gatherer.ts'
import type { Cell, RowBatch, RowSource } from './source.ts'

const plan: ImportPlan = {
  columns: [
    {
      column: 'text',
      index: 1,
      attribute: keyword('x/text'),
      type: 'string',
      isMany: false,
      unique: undefined,
      order: 'mdy',
      isOrderAssumed: false,
      isNew: true,
    },
  ],
  composite: undefined,
  identity: [],
  moment: { index: 0, column: 'at', order: 'mdy' },
  separator: ';',
}

/** A row without cells is one that could not be taken apart. */
type Row = { readonly line: number; readonly cells: readonly Cell[] }

class GivenRows implements RowSource {
  readonly about = 'rows'
  readonly typing = 'text'
  readonly columns = [{ name: 'at' }, { name: 'text' }]
  readonly extent = 0
  readonly #rows: readonly Row[]
  constructor(rows: readonly Row[]) {
    this.#rows = rows
  }
  async *rows(): AsyncGenerator<RowBatch> {
    for (let first = 0; first < this.#rows.length; first += 3) {
      const gatherer = new RowGatherer()
      for (const row of this.#rows.slice(first, first + 3)) {
        if (row.cells.length > 0) gatherer.add(row.line, row.cells)
        else gatherer.addMalformed(row.line, rowMalformed('bad'), `row ${row.line}`)
      }
      yield await Promise.resolve(gatherer.batch(first))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

it('sorts by moment with little memory; equal moments and rows without one keep the order of the file', async () => {
  const cell = fc.oneof(
    fc.tuple(fc.constantFrom('2010-01-01', '2010-01-02', '2009-12-31 8:00', 'never', ''), fc.string()),
    fc.constant([]),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { maxLength: 40 }), async (cells) => {
      const rows = cells.map((texts, index): Row => ({ line: index + 1, cells: texts }))
      const source = new GivenRows(rows)
      const converter = new RowConverter(plan, source, Infinity)
      const limits = { stretchTextMax: 60, batchRowCount: 7, readBytes: 16 }
      const sorted: Row[] = []
      for await (const { lines, columns, malformed } of sortedRows(nodeEnv(), source, converter, limits)) {
        lines.forEach((line, row) => {
          const bad = malformed.get(row)
          if (bad !== undefined) expect(bad).toEqual({ complaint: rowMalformed('bad'), text: `row ${line}` })
          sorted.push({ line, cells: bad === undefined ? columns.map((column) => column[row]) : [] })
        })
      }
      const moment = ({ cells: [text] }: Row): number =>
        typeof text === 'string' ? (momentMs(text, 'mdy') ?? -Infinity) : -Infinity
      expect(sorted).toEqual(rows.toSorted((x, y) => (moment(x) === moment(y) ? 0 : moment(x) - moment(y))))
    }),
    { numRuns: 60 },
  )
})
