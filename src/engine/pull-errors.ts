// What pull and entity answer when they cannot.

import { VarveError, type Place, type Warning } from '../base/errors.ts'

function placed(place: Place | undefined): Readonly<Record<string, unknown>> {
  return place === undefined ? {} : { place }
}

export function historyHasNoEntities(): VarveError {
  return new VarveError({
    code: 'varve.error/history-has-no-entities',
    kind: 'incorrect',
    message: 'A history cannot be pulled: it shows what was taken back beside what holds',
    fix: 'Pull from the database as of a t, or ask the history with a query of five places',
    data: {},
  })
}

/** A reverse attribute, or an attribute with a nested pattern, whose values are not entities. */
export function pullNotReference(attribute: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/pull-not-a-reference',
    kind: 'incorrect',
    message: `${attribute} is no reference, so the pattern cannot follow it`,
    fix: 'Ask for the plain attribute, or give it :db.type/ref',
    data: { attribute, ...placed(place) },
  })
}

export function xformUnknown(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/xform-unknown',
    kind: 'incorrect',
    message: `No function ${name} is registered for :xform`,
    fix: 'Register it with the database, or use one of the documented functions',
    data: { name, ...placed(place) },
  })
}

export function pullTooLarge(entityCountMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/pull-too-large',
    kind: 'incorrect',
    message: `The pull reaches more than ${entityCountMax} entities`,
    fix: 'Bound the recursion ({:a 3}), give a :limit, or ask with a query',
    data: { entityCountMax },
  })
}

export function pullWasCut(attribute: string, limit: number, place: Place | undefined): Warning {
  return {
    code: 'varve.warning/pull-cut',
    message: `${attribute} has more than ${limit} values, and only the first ${limit} were pulled`,
    fix: `Say how many: [${attribute} :limit 5000], or [${attribute} :limit nil] for all`,
    ...placed(place),
  }
}
