// The stored procedures that a question calls, found before it is run: by the names in its clauses, its rules and its
// find, which carry a namespace and are no function of the language. What is wrong with such a call whatever the facts
// are (nobody has stored it, it is of another kind, too few arguments) is said here, where it can be pointed at.

import type { Place } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { functionUnknown, withPlace } from '../engine/errors.ts'
import { aggregateNamed, AGGREGATES, FUNCTIONS, functionNamed } from '../plan/functions.ts'
import type { Argument, Clause, Query, RuleSet } from '../plan/syntax.ts'
import { procedureArgumentsWrong, procedureKindWrong } from '../procedures/errors.ts'
import { pinnedName, type Procedure, type ProcedureKind } from '../procedures/procedure.ts'
import type { ProcedureSet } from '../procedures/procedure-set.ts'
import { arityOf, signature } from '../procedures/sandbox-values.ts'

/** By the names that the question calls them with. */
export type CalledProcedures = ReadonlyMap<string, Procedure>

export const NOTHING_CALLED: CalledProcedures = new Map()

type Call = { readonly name: string; readonly argumentCount: number; readonly place: Place | undefined }

type Known = {
  readonly find: Query['find']
  readonly rules: RuleSet
  readonly procedures: ProcedureSet
  readonly called: CalledProcedures
}

/** Of queries that are asked again: the same clauses and rules call the same of the same set. */
const known = new WeakMap<Query['where'], Known>()

/** Throws what is wrong with the calls. */
export function calledProcedures(query: Query, rules: RuleSet, procedures: ProcedureSet): CalledProcedures {
  if (procedures.all.length === 0) return NOTHING_CALLED
  const { find, where } = query
  const before = known.get(where)
  if (before?.find === find && before.rules === rules && before.procedures === procedures)
    return before.called
  const called = foundProcedures(query, rules, procedures)
  known.set(where, { find, rules, procedures, called })
  return called
}

function foundProcedures(query: Query, rules: RuleSet, procedures: ProcedureSet): CalledProcedures {
  const called = new Map<string, Procedure>()
  const bodies = [...rules.values()].flat().flatMap(({ body }) => body)
  for (const call of callsIn([...query.where, ...bodies])) {
    if (functionNamed(call.name) !== undefined || call.name === 'q') continue
    called.set(call.name, procedureOf(call, procedures, FUNCTIONS.keys(), ['function', 'predicate']))
  }
  for (const element of query.find.elements) {
    if (element.kind !== 'aggregate' || aggregateNamed(element.name) !== undefined) continue
    // The values of a group are one argument.
    const call = { name: element.name, argumentCount: element.args.length + 1, place: element.place }
    called.set(call.name, procedureOf(call, procedures, AGGREGATES.keys(), ['aggregate']))
  }
  return called
}

function procedureOf(
  { name, argumentCount, place }: Call,
  procedures: ProcedureSet,
  builtin: Iterable<string>,
  kinds: readonly ProcedureKind[],
): Procedure {
  const procedure = procedures.named(name)
  if (procedure === undefined)
    throw functionUnknown(name, nearest(name, [...builtin, ...procedures.names]), place)
  const where = kinds.includes('aggregate') ? 'in :find' : 'in :where'
  if (!kinds.includes(procedure.kind)) throw withPlace(procedureKindWrong(procedure, where), place)
  const [min, max] = arityOf(procedure)
  if (argumentCount >= min && argumentCount <= max) return procedure
  const given = `${argumentCount} arguments are given`
  throw withPlace(procedureArgumentsWrong(procedure, given, signature(procedure)), place)
}

function* callsIn(clauses: readonly Clause[]): Iterable<Call> {
  for (const clause of clauses) {
    if (clause.kind === 'not') yield* callsIn(clause.clauses)
    else if (clause.kind === 'or') for (const branch of clause.branches) yield* callsIn(branch)
    else if (clause.kind === 'predicate' || clause.kind === 'function') {
      yield { name: clause.name, argumentCount: clause.args.length, place: clause.place }
      yield* callsWithin(clause.args, clause.place)
    }
  }
}

function* callsWithin(args: readonly Argument[], place: Place | undefined): Iterable<Call> {
  for (const arg of args) {
    if (arg.kind !== 'call') continue
    yield { name: arg.name, argumentCount: arg.args.length, place }
    yield* callsWithin(arg.args, place)
  }
}

/** `name` and `hash` of each, for receipts: what a question called, and what that was. */
export function toldProcedures(
  called: CalledProcedures,
): readonly { readonly name: string; readonly hash: string }[] {
  return [...new Set(called.values())].map((procedure) => ({
    name: pinnedName(procedure),
    hash: procedure.hash,
  }))
}
