// A query with names for its inputs: what is saved under a name and run with arguments by name. Parameters are the inputs
// of `:in` that are no sources and no rules, in their order, each named by its variables: `?id` is `id`, `[?id …]` too,
// `[[?from ?to]]` is `from-to`.

import { VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { VALUE_TYPES } from '../fact/attribute.ts'
import { coerceScalar } from '../fact/coerce.ts'
import type { FactSource } from '../fact/datom.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { compareText, type Edn, type EdnMap } from '../fact/value.ts'
import { bindingVariables } from '../plan/variables.ts'
import type { Binding, Query } from '../plan/syntax.ts'
import type { AskRequest } from './ask.ts'
import type { Databases, MomentRequest } from './moment.ts'
import { overMany } from './over-many.ts'
import { parsedQuery } from './parsed.ts'
import { typedArgument } from './plain-arguments.ts'

/** `any` takes what is given as it is. */
export const PARAMETER_TYPES = [
  'any',
  ...VALUE_TYPES.filter((type) => type !== 'tuple' && type !== 'ref'),
] as const
export type ParameterType = (typeof PARAMETER_TYPES)[number]

export type Parameter = {
  readonly name: string
  /** Of each value, where a collection is taken. */
  readonly type: ParameterType
  readonly doc?: string
  /** Undefined where an argument must be given. */
  readonly default?: Edn
}

/** The parameters of a query, as far as they were said; the others take anything, and have to be given. */
export function parametersOf(query: Query, said: readonly Parameter[]): readonly Parameter[] {
  const names = parameterInputs(query).map(({ name }) => name)
  const doubled = names.find((name, index) => names.indexOf(name) !== index)
  if (doubled !== undefined) throw parameterTwice(doubled)
  for (const { name } of said) if (!names.includes(name)) throw parameterUnknown(name, names)
  return names.map((name) => said.find((each) => each.name === name) ?? { name, type: 'any' })
}

/** The arguments of a query by the names of its parameters, in the order of its inputs; rules stand where `%` does. */
export function argumentsOf(
  query: Query,
  parameters: readonly Parameter[],
  given: ReadonlyMap<string, Edn>,
  rules: Edn | undefined,
): readonly Edn[] {
  const names = parameters.map(({ name }) => name)
  for (const name of given.keys()) if (!names.includes(name)) throw parameterUnknown(name, names)
  const inputs = new Map(parameterInputs(query).map(({ name, binding }) => [binding, name]))
  return query.inputs.flatMap((input): readonly Edn[] => {
    if (input.kind === 'source') return []
    if (input.kind === 'rules') return [rules ?? []]
    const name = inputs.get(input.binding)!
    const parameter = parameters.find((each) => each.name === name)!
    const value = given.get(name) ?? parameter.default
    if (value === undefined) throw argumentMissing(parameter)
    return [typed(parameter, input.binding, value)]
  })
}

/** One version of a saved query, as far as asking it goes. */
export type SavedVersion = {
  readonly text: string
  readonly rules: string | undefined
  /** What `$` means: a database, or `audit-*` for all whose names begin so, asked at once. */
  readonly database: string | undefined
  readonly parameters: readonly Parameter[]
}

/** Where a saved query finds its databases. */
export type SavedSources = {
  readonly sourceNamed: AskRequest['sourceNamed']
  /** Those that a pattern may mean. */
  readonly databaseNames: () => readonly string[]
}

/** All that there are for whoever asks; where cursors are given those alone, so that the answer stays what it is. */
export function savedSources(
  databases: Pick<Databases, 'list'>,
  { cursors }: MomentRequest,
  sourceNamed: AskRequest['sourceNamed'],
): SavedSources {
  const isMeant = (name: string): boolean => cursors === undefined || Object.hasOwn(cursors, name)
  return {
    sourceNamed,
    databaseNames: () =>
      databases
        .list()
        .map(({ name }) => name)
        .filter(isMeant),
  }
}

/** The question that a version asks with arguments by the names of its parameters, which are texts. */
export async function requestOfSaved(
  { text, rules, database, parameters }: SavedVersion,
  given: EdnMap,
  { sourceNamed, databaseNames }: SavedSources,
): Promise<Pick<AskRequest, 'query' | 'args' | 'sourceNamed' | 'database'>> {
  const parsed = parsedQuery(text)
  const named = new Map(given.entries.map(([name, value]) => [String(name), value]))
  const ownRules = rules === undefined ? [] : (readEdn(rules).value as readonly Edn[])
  const [first, ...others] = database === undefined ? [] : databasesMeant(database, databaseNames)
  const many = first === undefined || others.length === 0 ? undefined : overMany(parsed, [first, ...others])
  const query = many === undefined ? parsed.query : parsedQuery(many.text).query
  // What is compared stands in a rule then, where nobody looks for the types of arguments.
  if (many !== undefined) typeArguments(parsed.query, named, (await sourceNamed(first!)).facts)
  const allRules = many === undefined ? ownRules : [...ownRules, many.rule]
  const args = argumentsOf(query, parametersOf(query, parameters), named, allRules)
  return {
    query: many?.text ?? text,
    // What has no type of its own takes the one of the attribute that it is compared with.
    args: args.map((value) => ({ kind: 'value', value, isPlainData: true })),
    sourceNamed,
    ...(first !== undefined && many === undefined && { database: await sourceNamed(first) }),
  }
}

/** Gives plain values the types of the attributes that they are compared with. */
function typeArguments(query: Query, named: Map<string, Edn>, facts: FactSource): void {
  for (const { name, binding } of parameterInputs(query)) {
    const value = named.get(name)
    if (value !== undefined) named.set(name, typedArgument(query, binding, () => facts)(value))
  }
}

/** The database itself; of `audit-*` all whose names begin so. Of none the pattern, which then names no database. */
export function databasesMeant(database: string, databaseNames: () => readonly string[]): readonly string[] {
  if (!database.endsWith('*')) return [database]
  const begin = database.slice(0, -1)
  const found = databaseNames().filter((name) => name.startsWith(begin))
  return found.length === 0 ? [database] : [...found].sort(compareText)
}

/** The inputs that are parameters, each with its name. */
export function parameterInputs({
  inputs,
}: Pick<Query, 'inputs'>): readonly { readonly name: string; readonly binding: Binding }[] {
  return inputs.flatMap((input) =>
    input.kind === 'binding' ? [{ name: nameOf(input.binding), binding: input.binding }] : [],
  )
}

function nameOf(binding: Binding): string {
  const names = [...bindingVariables(binding)].map((variable) => variable.replace(/^\?/, ''))
  return names.length === 0 ? '_' : names.join('-')
}

function typed({ name, type }: Parameter, binding: Binding, value: Edn): Edn {
  if (type === 'any') return value
  const one = (each: Edn): Edn => {
    const scalar = coerceScalar(type, each)
    if (scalar === undefined) throw argumentInvalid(name, type)
    return scalar
  }
  if (binding.kind !== 'collection') return one(value)
  if (!Array.isArray(value)) throw argumentInvalid(name, `list of ${type}`)
  return (value as readonly Edn[]).map(one)
}

/** Lines of one text that the other does not have, in order: what is `-` is gone, what is `+` is new. */
export function lineDifference(before: string, after: string): readonly string[] {
  const [old, young] = [before.split('\n'), after.split('\n')]
  // Longest common subsequence from each pair of places on (Wagner and Fischer 1974).
  const lengths = Array.from({ length: old.length + 1 }, () => new Uint32Array(young.length + 1))
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      lengths[i]![j] =
        old[i] === young[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!)
    }
  }
  const lines: string[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      lines.push(`  ${old[i++]}`)
      j++
    } else if (j >= young.length || (i < old.length && lengths[i + 1]![j]! >= lengths[i]![j + 1]!))
      lines.push(`- ${old[i++]}`)
    else lines.push(`+ ${young[j++]}`)
  }
  return lines
}

function parameterUnknown(name: string, names: readonly string[]): VarveError {
  const meant = nearest(name, names)
  return new VarveError({
    code: 'varve.error/parameter-of-query-unknown',
    kind: 'incorrect',
    message: `The query has no parameter ${name}`,
    fix:
      meant !== undefined
        ? `Did you mean ${meant}?`
        : names.length === 0
          ? 'It takes none'
          : `Its parameters are ${names.join(', ')}`,
    data: { name, names },
  })
}

function parameterTwice(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/parameter-of-query-twice',
    kind: 'incorrect',
    message: `Two inputs of the query would both be the parameter ${name}`,
    fix: 'Give the variables of :in names of their own',
    data: { name },
  })
}

function argumentMissing({ name, type, doc }: Parameter): VarveError {
  return new VarveError({
    code: 'varve.error/argument-missing',
    kind: 'incorrect',
    message: `The query wants ${name} (${type}${doc === undefined ? '' : `: ${doc}`})`,
    fix: `Give it among the arguments, or save the query with a default`,
    data: { name, type },
  })
}

function argumentInvalid(name: string, type: string): VarveError {
  return new VarveError({
    code: 'varve.error/argument-invalid',
    kind: 'incorrect',
    message: `The argument ${name} is no ${type}`,
    fix: `Give a ${type}`,
    data: { name, type },
  })
}
