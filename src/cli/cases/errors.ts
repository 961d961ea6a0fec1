// What can be wrong with a case file itself.

import { VarveError } from '../../base/errors.ts'

export function caseInvalid(place: string, rule: string): VarveError {
  return new VarveError({
    code: 'varve.error/case-invalid',
    kind: 'incorrect',
    message: `${place}: ${rule}`,
    fix: 'See docs/reference/cases.md for the format',
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
