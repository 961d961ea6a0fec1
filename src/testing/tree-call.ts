// Predicates and functions: each runs once per row. A row on which one fails is not an error yet: another
// clause may reject it (tree-solver.ts), so failures are handed over instead of thrown.

import { type Place, VarveError } from '../base/errors.ts'
import { equalValues, Tagged, type Edn } from '../fact/value.ts'
import type { Argument, Clause, Variable } from '../plan/syntax.ts'
import { functionNamed } from '../plan/functions.ts'
import { bindingVariables } from '../plan/variables.ts'
import { resultRows } from '../engine/binding.ts'
import { functionFor } from '../engine/call.ts'
import { EntityReader } from '../plan/entity-reader.ts'
import { isLookupRef } from '../plan/entity.ts'
import { functionUnsupported, withPlace } from '../engine/errors.ts'
import { SOURCE_FUNCTIONS } from '../engine/functions-source.ts'
import { failureOf, isTruthy } from '../engine/functions.ts'
import type { Layout } from './tree-pattern.ts'
import type { PlaceMap } from '../plan/places.ts'
import type { Row } from '../engine/relation.ts'
import { factsNamed, type Scope } from '../plan/scope.ts'
import type { QueryContext } from '../engine/context.ts'

export type Failed = (row: Row, error: VarveError) => void

export type CallStep = {
  readonly columns: readonly Variable[]
  readonly mayRepeat: boolean
  apply(rows: readonly Row[], failed: Failed): readonly Row[]
}

export type CallSetting = { readonly context: QueryContext; readonly scope: Scope; readonly places: PlaceMap }

type Evaluate = (row: Row) => Edn

export function predicateStep(
  goal: Extract<Clause, { kind: 'predicate' }>,
  layout: Layout,
  setting: CallSetting,
): CallStep {
  const evaluate = compileCall(goal, layout.columns, setting)
  const kept = layout.columns.filter((name) => layout.needed.has(name))
  const keptIndexes = kept.map((name) => layout.columns.indexOf(name))
  const isWhole = kept.length === layout.columns.length
  return {
    columns: kept,
    mayRepeat: !isWhole,
    apply(rows, failed) {
      const out: Row[] = []
      for (const row of rows) {
        setting.context.budget.step()
        try {
          if (isTruthy(evaluate(row))) out.push(isWhole ? row : keptIndexes.map((index) => row[index]!))
        } catch (error) {
          failed(row, rowFailure(goal, error))
        }
      }
      return out
    },
  }
}

export function functionStep(
  goal: Extract<Clause, { kind: 'function' }>,
  layout: Layout,
  setting: CallSetting,
): CallStep {
  const evaluate = compileCall(goal, layout.columns, setting)
  const names = bindingVariables(goal.binding)
  const fresh = names.filter((name) => !layout.columns.includes(name) && layout.needed.has(name))
  const freshIndexes = fresh.map((name) => names.indexOf(name))
  const tests = names.flatMap((name, index) =>
    layout.columns.includes(name) ? [{ index, column: layout.columns.indexOf(name) }] : [],
  )
  const kept = layout.columns.filter((name) => layout.needed.has(name))
  const keptIndexes = kept.map((name) => layout.columns.indexOf(name))
  const { budget } = setting.context
  return {
    columns: [...kept, ...fresh],
    mayRepeat: kept.length < layout.columns.length || goal.binding.kind !== 'variable',
    apply(rows, failed) {
      const out: Row[] = []
      for (const row of rows) {
        budget.step()
        try {
          for (const result of resultRows(goal.binding, evaluate(row))) {
            budget.step()
            if (!tests.every(({ index, column }) => equalValues(result[index]!, row[column]!))) continue
            out.push([
              ...keptIndexes.map((index) => row[index]!),
              ...freshIndexes.map((index) => result[index]!),
            ])
          }
        } catch (error) {
          failed(row, rowFailure(goal, error))
        }
        budget.holdRows(out.length, () => `the results of ${goal.name}`)
      }
      return out
    },
  }
}

type Call = { readonly name: string; readonly args: readonly Argument[]; readonly place?: Place }

/** The failure of one row; what is not about the row (a lost blob, a deadline) goes through. */
function rowFailure({ name, place }: Call, error: unknown): VarveError {
  const failure = withPlace(failureOf(name, error), place)
  if (!(failure instanceof VarveError) || failure.kind !== 'incorrect') throw failure
  return failure
}

function compileCall(call: Call, columns: readonly Variable[], setting: CallSetting): Evaluate {
  const ofSource = SOURCE_FUNCTIONS.get(functionNamed(call.name)?.name ?? call.name)
  const [first, ...rest] = call.args
  if (ofSource !== undefined && first?.kind === 'source') {
    const facts = factsNamed(setting.context, setting.scope, first.name, call.place)
    const args = rest.map((arg) => compileArgument(arg, columns, setting))
    const run = ofSource(facts)
    return (row) => run(args.map((arg) => arg(row)))
  }
  const run = functionFor(call.name, setting.context, call.place)
  const args = comparesIdentity(call.name)
    ? call.args.map((arg) => compileCompared(arg, call.args, columns, setting))
    : call.args.map((arg) => compileArgument(arg, columns, setting))
  return (row) => run(args.map((arg) => arg(row)))
}

function compileArgument(arg: Argument, columns: readonly Variable[], setting: CallSetting): Evaluate {
  switch (arg.kind) {
    case 'constant':
      return () => arg.value
    case 'variable': {
      const index = columns.indexOf(arg.name)
      return (row) => row[index]!
    }
    case 'call':
      return compileCall(arg, columns, setting)
    case 'source':
      throw functionUnsupported(`a function of ${arg.name}`, undefined)
  }
}

function comparesIdentity(name: string): boolean {
  return name === '=' || name === '==' || name === '!=' || name === 'not='
}

const NOBODY = new Tagged('varve/nobody', null)

/**
 * An argument of `=` and its kin. An input that holds a lookup ref, compared with a variable that is an entity,
 * stands for the entity it names; otherwise predicates see inputs raw.
 */
function compileCompared(
  arg: Argument,
  args: readonly Argument[],
  columns: readonly Variable[],
  setting: CallSetting,
): Evaluate {
  const plain = compileArgument(arg, columns, setting)
  if (arg.kind !== 'variable' || !setting.scope.inputs.has(arg.name)) return plain
  const source = args
    .flatMap((other) => (other.kind === 'variable' ? [other.name] : []))
    .filter((name) => name !== arg.name && !setting.scope.inputs.has(name))
    .map((name) => setting.places.get(name)?.entityIn)
    .find((name) => name !== undefined)
  if (source === undefined) return plain
  const entities = new EntityReader(factsNamed(setting.context, setting.scope, source, undefined))
  return (row) => {
    const value = plain(row)
    return isLookupRef(value) ? (entities.read(value) ?? NOBODY) : value
  }
}
