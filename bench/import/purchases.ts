// Purchases of a shop as a file, from a seed: ten columns, so ten facts a row. Identities are new in every row, customers
// and articles come again, as they do.

import { closeSync, openSync, writeSync } from 'node:fs'
import { SeededRandom } from '../../src/base/seeded-random.ts'

const CUSTOMER_COUNT = 40_000
const ARTICLE_COUNT = 3_000
const STATES = ['open', 'paid', 'sent', 'returned']
const WORDS = ['blue', 'ribbon', 'of', 'cotton', 'with', 'a', 'small', 'box', 'for', 'tea']
export const COLUMN_COUNT = 10
const CHUNK_ROWS = 5_000
const START_MS = Date.UTC(2020, 0, 1)

export function writePurchases(path: string, rowCount: number, seed: number): void {
  const random = new SeededRandom(seed)
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const file = openSync(path, 'w')
  writeSync(file, 'id,customer,amount,day,article,quantity,state,price,city,note\n')
  let ms = START_MS
  for (let row = 0; row < rowCount;) {
    const lines: string[] = []
    for (const limit = Math.min(rowCount, row + CHUNK_ROWS); row < limit; row++) {
      // Every row has a moment of its own.
      ms += 1 + below(60_000)
      const note = `${WORDS[below(10)]} ${WORDS[below(10)]}, ${WORDS[below(10)]} ${below(1_000)}`
      lines.push(
        `pur-${row},cus-${below(CUSTOMER_COUNT)},${below(100_000)},${new Date(ms).toISOString()},art-${below(ARTICLE_COUNT)},` +
          `${1 + below(20)},${STATES[below(4)]},${(below(20_000) / 100).toFixed(2)},city-${below(300)},"${note}"\n`,
      )
    }
    writeSync(file, lines.join(''))
  }
  closeSync(file)
}
