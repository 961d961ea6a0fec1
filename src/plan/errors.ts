// What can be wrong with a form before any database is asked, as far as pull patterns and text go.

import { VarveError, type Place } from '../base/errors.ts'

/** A pull pattern that does not follow the grammar. */
export function patternMalformed(message: string, fix: string, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/pull-malformed',
    kind: 'incorrect',
    message,
    fix,
    data: { place },
  })
}

export function pullAttributeTwice(attribute: string, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/pull-attribute-twice',
    kind: 'incorrect',
    message: `The pattern asks for ${attribute} twice`,
    fix: 'Ask once; options and a nested pattern go together as {[:a :limit 5] [:b]}',
    data: { attribute, place },
  })
}

/** Two attributes that would stand under one key of the answer. */
export function pullKeyTwice(key: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/pull-key-twice',
    kind: 'incorrect',
    message: `Two attributes of the pattern would both stand under ${key}`,
    fix: 'Give one of them another name with :as',
    data: { key, ...(place && { place }) },
  })
}

export function pullOptionUnknown(option: string, near: string | undefined, place: Place): VarveError {
  return new VarveError({
    code: 'varve.error/pull-option-unknown',
    kind: 'incorrect',
    message: `An attribute of a pattern has no option ${option}`,
    fix: near === undefined ? 'The options are :as, :limit, :default and :xform' : `Did you mean ${near}?`,
    data: { option, nearest: near, place },
  })
}
