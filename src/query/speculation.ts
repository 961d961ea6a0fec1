// A transaction that is speculated on top of a database, as a question says it: with the moment at which it is taken to be made,
// so that the database after it is the same however often it is made anew, and as one text for receipts.

import { VarveError } from '../base/errors.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../fact/limits.ts'
import { type Edn, EdnMap, keyword } from '../fact/value.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import type { TransactRequest } from '../database/writer.ts'

export type Speculation = {
  readonly request: Pick<TransactRequest, 'tx' | 'meta' | 'isStrict' | 'isPlainData'>
  readonly atMs: number
}

/** The value with the speculation that stands at this place of the request on top. */
export type Speculate = (value: DatabaseValue, place: number) => Promise<DatabaseValue>

/** EDN text from which `readSpeculation` makes an equal one. */
export function writeSpeculation({ request, atMs }: Speculation): string {
  const { tx, meta, isStrict, isPlainData } = request
  const entries: (readonly [Edn, Edn])[] = [
    [keyword('tx'), tx],
    [keyword('at'), new Date(atMs)],
  ]
  if (meta !== undefined) entries.push([keyword('meta'), meta])
  if (isStrict === true) entries.push([keyword('strict'), true])
  if (isPlainData === true) entries.push([keyword('plain-data'), true])
  return writeEdn(new EdnMap(entries))
}

/** Throws `varve.error/receipt-invalid`. */
export function readSpeculation(text: string): Speculation {
  const { value } = readEdn(text, WRITTEN_BY_VARVE)
  const field = (name: string): Edn => (value instanceof EdnMap ? (value.get(keyword(name)) ?? null) : null)
  const [tx, at, meta] = [field('tx'), field('at'), field('meta')]
  if (!Array.isArray(tx) || !(at instanceof Date) || !(meta === null || meta instanceof EdnMap))
    throw speculationInvalid(text)
  return {
    request: {
      tx,
      ...(meta !== null && { meta }),
      ...(field('strict') === true && { isStrict: true }),
      ...(field('plain-data') === true && { isPlainData: true }),
    },
    atMs: at.getTime(),
  }
}

function speculationInvalid(text: string): VarveError {
  return new VarveError({
    code: 'varve.error/receipt-invalid',
    kind: 'incorrect',
    message: `This is no speculation that Varve wrote: ${text.slice(0, 200)}`,
    fix: 'Send the receipt whole, as it came with its answer',
    data: { text: text.slice(0, 200) },
  })
}
