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

/** A clause whose inputs nothing binds. */
export function insufficientBinding(
  variables: readonly string[],
  clause: string,
  place: Place | undefined,
): VarveError {
  const names = variables.join(' ')
  const isAre = variables.length === 1 ? 'is' : 'are'
  return new VarveError({
    code: 'db.error/insufficient-binding',
    kind: 'incorrect',
    message:
      variables.length === 0
        ? `Nothing binds what ${clause} needs`
        : `${names} ${isAre} not bound in ${clause}`,
    fix: 'Bind every variable that the clause needs by :in or by another clause; in a not, write _ or use not-join',
    data: { variables, clause, ...(place && { place }) },
  })
}

/** A `$name` that neither :in nor the catalog knows. */
export function sourceUnknown(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/source-unknown',
    kind: 'incorrect',
    message: `No source is called ${name}`,
    fix: 'Declare it in :in and give its database, or open a database with this alias',
    data: { name, ...(place && { place }) },
  })
}

/** A function of facts asked of a vector of rows. */
export function sourceNotDatabase(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/source-not-a-database',
    kind: 'incorrect',
    message: `${name} is a vector of rows, and this needs a database`,
    fix: 'Name a source that is a database',
    data: { name },
  })
}
