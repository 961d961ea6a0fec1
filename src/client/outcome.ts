// What a transaction did, or would do, as the service tells it.

import { toPlain } from '../fact/plain.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'
import { exactValue, type ExactNames } from '../interface/exact.ts'
import type { LogDatom, TransactResult } from '../interface/types/interfaces.ts'
import { fieldIn, listIn, numberIn, warningsIn } from './wire.ts'

export function outcomeOf(answer: EdnMap, exact: ExactNames): Omit<TransactResult, 'dbBefore' | 'dbAfter'> {
  return {
    t: numberIn(answer, 't'),
    txInstant: fieldIn(answer, 'tx-instant') as Date,
    tempids: toPlain(fieldIn(answer, 'tempids') ?? new EdnMap([])) as TransactResult['tempids'],
    datoms: datomsIn(answer).map((row) => logDatom(row, exact)),
    warnings: warningsIn(answer),
  }
}

export function datomsIn(map: EdnMap): readonly (readonly Edn[])[] {
  return listIn(map, 'datoms') as readonly (readonly Edn[])[]
}

export function logDatom([e, attribute, v, added]: readonly Edn[], exact: ExactNames): LogDatom {
  const isExact = attribute instanceof Keyword && exact.has(attribute.text)
  return [
    e as number,
    attribute instanceof Keyword ? attribute.toString() : `:${String(attribute)}`,
    toPlain(isExact ? exactValue(v!) : v!),
    added === true,
  ]
}
