// `with`: what a transaction would do to a value, be it old or itself a speculation.

import type { Catalog } from '../database/catalog.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { speculateTransaction, type TransactOutcome, type TransactRequest } from '../database/writer.ts'

export function speculate(
  catalog: Catalog,
  value: DatabaseValue,
  request: TransactRequest,
): Promise<TransactOutcome> {
  const nowMs = catalog.env.clock.nowMs()
  return value.read((of) => speculateTransaction(of, request, nowMs, catalog.functions))
}
