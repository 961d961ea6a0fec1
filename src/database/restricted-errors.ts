// What cannot be done with a restricted value, and restrictions that cannot be.

import { VarveError } from '../base/errors.ts'
import type { Attribute } from '../fact/attribute.ts'
import type { MaskName } from './mask.ts'

/** Whether a transaction would succeed tells of facts that do not show: a unique value that somebody hidden holds. */
export function restrictedSpeculation(database: string): VarveError {
  return new VarveError({
    code: 'varve.error/restricted-speculation',
    kind: 'forbidden',
    message: `Of database ${database} not everything shows, so nobody can say what a transaction would do to it`,
    fix: 'Ask somebody who may see the whole database, or ask for it to be shown whole',
    data: { database },
  })
}

export function maskUnfit(mask: MaskName, { ident, valueType }: Attribute): VarveError {
  return new VarveError({
    code: 'varve.error/mask-unfit',
    kind: 'incorrect',
    message: `Values of ${String(ident)} are of type ${valueType}, which has no mask ${mask}`,
    fix: 'Mask them by null, or choose a mask that the reference lists for this type',
    data: { mask, attribute: String(ident), valueType },
  })
}
