import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { keyword } from '../fact/value.ts'
import { RowConverter } from './convert-row.ts'
import type { ImportPlan } from './import-plan.ts'
import { sortedRows } from './sort-rows.ts'
import type { RowBatch, RowSource, SourceRow } from './source.ts'

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

class GivenRows implements RowSource {
  readonly about = 'rows'
  readonly typing = 'text'
  readonly columns = [{ name: 'at' }, { name: 'text' }]
  readonly extent = 0
  readonly #rows: readonly SourceRow[]
  constructor(rows: readonly SourceRow[]) {
    this.#rows = rows
  }
  async *rows(): AsyncGenerator<RowBatch> {
    for (let first = 0; first < this.#rows.length; first += 3) {
      yield await Promise.resolve({ rows: this.#rows.slice(first, first + 3), position: first })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

it('sorts by moment with little memory; equal moments and rows without one keep the order of the file', async () => {
  const cell = fc.tuple(
    fc.constantFrom('2010-01-01', '2010-01-02', '2009-12-31 8:00', 'never', ''),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { maxLength: 40 }), async (cells) => {
      const rows = cells.map((texts, index): SourceRow => ({ line: index + 1, cells: texts }))
      const source = new GivenRows(rows)
      const converter = new RowConverter(plan, source)
      const limits = { stretchTextMax: 60, batchRowCount: 7, readBytes: 16 }
      const sorted: SourceRow[] = []
      for await (const batch of sortedRows(nodeEnv(), source, converter, limits)) sorted.push(...batch.rows)
      const moment = (row: SourceRow): number => converter.momentOf(row) ?? -Infinity
      expect(sorted).toEqual(rows.toSorted((x, y) => (moment(x) === moment(y) ? 0 : moment(x) - moment(y))))
    }),
    { numRuns: 60 },
  )
})
