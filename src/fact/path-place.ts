// From the path of a form to where it stood in the text: errors that know only which form is wrong learn its line
// and column where the text is still at hand.

import { type Place, VarveError, type Warning } from '../base/errors.ts'
import type { Places } from './places.ts'
import { type Edn, EdnList, EdnMap, EdnSet, Keyword } from './value.ts'

/** The error with line and column, if its place is a path into `form`; else the error as it is. */
export function withLine(error: unknown, form: Edn, placeOf: Places['placeOf']): unknown {
  if (!(error instanceof VarveError)) return error
  const place = error.data['place'] as Place | undefined
  if (place?.path === undefined || place.line !== undefined) return error
  const found = placeOfPath(form, place.path, placeOf)
  if (found === undefined) return error
  const { code, kind, message, fix, data, cause } = error
  return new VarveError({ code, kind, message, fix, data: { ...data, place: { ...found, ...place } }, cause })
}

/** The same of a warning. */
export function warningWithLine(warning: Warning, form: Edn, placeOf: Places['placeOf']): Warning {
  const { place } = warning
  if (place?.path === undefined || place.line !== undefined) return warning
  return { ...warning, place: { ...placeOfPath(form, place.path, placeOf), ...place } }
}

/** Where the innermost form that the path still finds was read. */
function placeOfPath(
  form: Edn,
  path: readonly (string | number)[],
  placeOf: Places['placeOf'],
): Place | undefined {
  let place: Place | undefined
  let current: Edn | undefined = form
  for (const step of path) {
    if (typeof current !== 'object' || current === null) break
    const index = childIndex(current, step)
    if (index === undefined) break
    place = placeOf(current, index) ?? place
    current = childAt(current, index)
  }
  return place
}

/** Children of a map count as key, value, key, value; a step into a map means the value. */
function childIndex(collection: object, step: string | number): number | undefined {
  if (!(collection instanceof EdnMap)) return typeof step === 'number' ? step : undefined
  const index = collection.entries.findIndex(
    ([key], i) =>
      i === step || (key instanceof Keyword ? String(key) === step || key.text === step : key === step),
  )
  return index < 0 ? undefined : 2 * index + 1
}

function childAt(collection: object, index: number): Edn | undefined {
  if (Array.isArray(collection)) return (collection as readonly Edn[])[index]
  if (collection instanceof EdnList || collection instanceof EdnSet) return collection.items[index]
  return collection instanceof EdnMap ? collection.entries[index >> 1]?.[index % 2] : undefined
}
