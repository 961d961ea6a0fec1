// What can be wrong with a question before any database is asked: its grammar, its names, and variables that
// nothing can bind. Codes that an engine gives as well (insufficient-binding, rule-unknown …) come from there.

import { VarveError, type Place } from '../base/errors.ts'
import type { Spot } from '../plan/spot.ts'

/** Anything that does not follow the grammar. */
export function queryMalformed(spot: Spot, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/query-malformed',
    kind: 'incorrect',
    message,
    fix,
    data: { place: spot.place() },
  })
}

export function queryKeyUnknown(
  spot: Spot,
  key: string,
  near: string | undefined,
  known: string,
): VarveError {
  return new VarveError({
    code: 'varve.error/query-key-unknown',
    kind: 'incorrect',
    message: `A query has no part ${key}`,
    fix: near === undefined ? `The parts of a query are ${known}` : `Did you mean ${near}?`,
    data: { key, nearest: near, place: spot.place() },
  })
}

export function queryKeyTwice(spot: Spot, key: string): VarveError {
  return new VarveError({
    code: 'varve.error/query-key-twice',
    kind: 'incorrect',
    message: `${key} stands twice in one query`,
    fix: `Put everything under one ${key}`,
    data: { key, place: spot.place() },
  })
}

/** :keys, :strs or :syms that do not fit the find. */
export function returnKeysWrong(spot: Spot, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/return-keys-wrong',
    kind: 'incorrect',
    message,
    fix,
    data: { place: spot.place() },
  })
}

/** A call of a built-in function or aggregate with too few or too many arguments. */
export function callArityWrong(spot: Spot, name: string, expected: string, givenCount: number): VarveError {
  return new VarveError({
    code: 'varve.error/call-arity-wrong',
    kind: 'incorrect',
    message: `${name} takes ${expected}, this call has ${givenCount}`,
    fix: 'Give the arguments that the reference of functions names',
    data: { name, givenCount, place: spot.place() },
  })
}

export function aggregateInWhere(spot: Spot, name: string): VarveError {
  return new VarveError({
    code: 'varve.error/aggregate-in-where',
    kind: 'incorrect',
    message: `${name} is an aggregate and cannot stand in :where`,
    fix: `Put (${name} ?x) into :find`,
    data: { name, place: spot.place() },
  })
}

/** A variable of :find or :with that nothing binds. */
export function findVariableUnbound(
  name: string,
  near: string | undefined,
  place: Place | undefined,
): VarveError {
  return new VarveError({
    code: 'db.error/unbound-query-variables',
    kind: 'incorrect',
    message: `${name} is asked for, but no clause and no input binds it`,
    fix: near === undefined ? `Add a clause that binds ${name}, or leave it out` : `Did you mean ${near}?`,
    data: { variables: [name], nearest: near, ...(place && { place }) },
  })
}

/** The count of `(min ?n ?x)`, when it is no input. */
export function countNotAnInput(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'db.error/unbound-query-variables',
    kind: 'incorrect',
    message: `${name} says how many to give, and :in does not bring it`,
    fix: `Write the number, or add ${name} to :in`,
    data: { variables: [name], ...(place && { place }) },
  })
}

/** nil where only a value has a meaning. */
export function nilConstant(spot: Spot, where: string): VarveError {
  return new VarveError({
    code: 'varve.error/nil-constant',
    kind: 'incorrect',
    message: `nil stands ${where}, and no fact has it`,
    fix: 'For a missing value write [(missing? $ ?e :a)]',
    data: { place: spot.place() },
  })
}

/** A clause that reads `$` where there is none. */
export function defaultSourceMissing(clause: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/default-source-missing',
    kind: 'incorrect',
    message: `${clause} reads the source $, which :in does not declare`,
    fix: 'Add $ to :in, or name the source in the clause: [$name ?e :a ?v]',
    data: { clause, ...(place && { place }) },
  })
}

export function orBranchesDiffer(
  clause: string,
  variable: string,
  branchNumber: number,
  place: Place | undefined,
): VarveError {
  return new VarveError({
    code: 'varve.error/or-branches-differ',
    kind: 'incorrect',
    message: `Branch ${branchNumber} of ${clause} does not name ${variable}, another branch does`,
    fix: 'Name the same variables in every branch, or say with or-join which of them matter',
    data: { clause, variable, branch: branchNumber, ...(place && { place }) },
  })
}

/** Rules that do not follow the grammar, or that no call could ever satisfy. */
export function ruleMalformed(spot: Spot, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/rule-malformed',
    kind: 'incorrect',
    message,
    fix,
    data: { place: spot.place() },
  })
}

export function ruleHeadsDiffer(name: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/rule-heads-differ',
    kind: 'incorrect',
    message: `The heads of rule ${name} have different numbers of parameters`,
    fix: 'Give all rules of one name the same number of parameters, or use two names',
    data: { name, ...(place && { place }) },
  })
}

export function ruleParameterUnused(name: string, parameter: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/rule-parameter-unused',
    kind: 'incorrect',
    message: `${parameter} stands in the head of rule ${name} and nowhere in its body`,
    fix: 'Use it in the body, or take it out of the head',
    data: { name, parameter, ...(place && { place }) },
  })
}

/** A rule called by a query whose `:in` has no `%`. */
export function rulesNotDeclared(name: string, fix: string, place: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/rules-not-declared',
    kind: 'incorrect',
    message: `(${name} …) calls a rule, and :in has no %`,
    fix,
    data: { name, ...(place && { place }) },
  })
}

export function requestMalformed(spot: Spot, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/request-malformed',
    kind: 'incorrect',
    message,
    fix,
    data: { place: spot.place() },
  })
}
