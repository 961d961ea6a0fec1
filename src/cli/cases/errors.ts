// What can be wrong with a case file itself.

import { type Place, VarveError } from '../../base/errors.ts'

export function caseInvalid(message: string, fix: string, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/case-invalid',
    kind: 'incorrect',
    message,
    fix,
    data: { place },
  })
}

export function tempidUnresolved(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/case-tempid-unresolved',
    kind: 'incorrect',
    message: `No earlier transaction of the case resolved the tempid ${name}`,
    fix: 'Use the tempid as :db/id in an earlier transaction of :tx',
    data: { name },
  })
}
