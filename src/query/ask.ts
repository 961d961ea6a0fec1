// From a request to an answer: parses the query once, finds the databases that its sources mean, binds the
// arguments to its inputs, and hands the job to a runner (in this thread or in a worker).

import type { Warning } from '../base/errors.ts'
import type { Span } from '../base/span.ts'
import { nearest } from '../base/nearest.ts'
import type { T } from '../fact/attribute.ts'
import { warningWithLine, withLine } from '../fact/path-place.ts'
import { withPlace } from '../engine/errors.ts'
import type { Edn } from '../fact/value.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { type Answer, ENGINE_NAMES, type EngineName } from '../plan/engine.ts'
import type { ExplainMode, Explanation } from '../plan/explain.ts'
import type { Query, RuleSet, SourceName } from '../plan/syntax.ts'
import { NO_PROCEDURES, type ProcedureSet } from '../procedures/procedure-set.ts'
import { argumentCountWrong, engineUnknown, sourceMissing } from './ask-errors.ts'
import { basisOf } from './basis.ts'
import { parsedQuery, type ParsedQuery, parsedRules } from './parsed.ts'
import { type CalledProcedures, calledProcedures, toldProcedures } from './called-procedures.ts'
import { checkRules, NO_RULES } from './check-rules.ts'
import { type FactsNamed, typedArgument } from './plain-arguments.ts'
import { sourcesOf } from './variables.ts'
import type { Asker, QuestionBounds } from './asker.ts'
import type { Format, WrittenAnswer } from './written.ts'

/** An argument: a value, or a database for a source that `:in` declares. */
export type AskArgument =
  | {
      readonly kind: 'value'
      readonly value: Edn
      /** Made of JSON or JavaScript, where text may stand for values of other types. */
      readonly isPlainData?: boolean
    }
  | { readonly kind: 'database'; readonly value: DatabaseValue }

export type AskRequest = {
  /** EDN text or form of a query, vector or map. */
  readonly query: Edn
  readonly args: readonly AskArgument[]
  /** What `$` means where no argument says it. */
  readonly database?: DatabaseValue
  /** The database of a `$alias` that no argument brings, at the moment asked. */
  readonly sourceNamed: (name: string) => Promise<DatabaseValue>
  readonly timeoutMs?: number
  /** Memory that the query may hold while it runs. */
  readonly memoryBytes?: number
  /** Keeps the first rows in the total order. */
  readonly limit?: number
  /** Who answers: one of `ENGINE_NAMES`. */
  readonly engine?: string
  readonly asker?: Asker
  readonly signal?: AbortSignal
  /** What answering it is a part of, where that is traced. */
  readonly span?: Span
  /** What it may call beside what is built in. */
  readonly procedures?: ProcedureSet
}

export type JobInput =
  | {
      readonly kind: 'facts'
      readonly value: DatabaseValue
      /** It came as an argument. */
      readonly isGiven?: boolean
    }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Edn[])[] }
  | { readonly kind: 'rules'; readonly form: Edn; readonly rules: RuleSet }
  | { readonly kind: 'value'; readonly value: Edn; readonly isPlainData?: boolean }

/** A query with everything it is asked over. The bytes of its bounds are those of the answer as text, where text is wanted. */
export type QueryJob = QuestionBounds & {
  readonly form: Edn
  readonly query: Query
  readonly inputs: readonly JobInput[]
  readonly catalog: ReadonlyMap<SourceName, DatabaseValue>
  readonly limit: number | undefined
  readonly engine: EngineName
  readonly asker?: Asker
  readonly signal?: AbortSignal
  readonly span?: Span
  readonly procedures: CalledProcedures
}

export interface QueryRunner extends AsyncDisposable {
  /** Gets ready, so that the first query does not wait for it. */
  warm(): void
  run(job: QueryJob): Promise<Answer>
  /** The same, with the result written. */
  write(job: QueryJob, format: Format): Promise<WrittenAnswer>
  explain(job: QueryJob, mode: ExplainMode): Promise<Explanation>
}

export type AskLimits = {
  readonly timeoutMs: number
  readonly timeoutMsMax: number
  readonly rowCountMax: number
  /** What a query may hold that does not say it, and what it may say at most. */
  readonly memoryBytes: number
  readonly memoryBytesMax: number
  readonly answerBytesMax: number
}
export const ASK_LIMITS: AskLimits = {
  timeoutMs: 60_000,
  timeoutMsMax: 3_600_000,
  rowCountMax: 5_000_000,
  memoryBytes: 2 ** 30,
  memoryBytesMax: 2 ** 36,
  answerBytesMax: 256 << 20,
}

export type Asked<A = Answer> = {
  readonly query: Query
  readonly answer: A
  /** The t of every database that was asked, by name. */
  readonly basis: Readonly<Record<string, T>>
  /** The name of the database that each source meant. */
  readonly databases: ReadonlyMap<SourceName, string>
  /** What it called, by name and version, and the hash of each. */
  readonly procedures: readonly { readonly name: string; readonly hash: string }[]
  readonly warnings: readonly Warning[]
}

export async function ask(
  request: AskRequest,
  runner: QueryRunner,
  limits: AskLimits = ASK_LIMITS,
): Promise<Asked> {
  const prepared = await prepareQuestion(request, limits)
  return asked(prepared, await pointed(prepared, runner.run(prepared.job)))
}

/** As `ask`, with the result written. */
export async function askWritten(
  request: AskRequest,
  runner: QueryRunner,
  format: Format,
  limits: AskLimits = ASK_LIMITS,
): Promise<Asked<WrittenAnswer>> {
  return askPrepared(await prepareQuestion(request, limits), runner, format)
}

/** The same of a question that is prepared already. */
export async function askPrepared(
  prepared: PreparedQuestion,
  runner: QueryRunner,
  format: Format,
): Promise<Asked<WrittenAnswer>> {
  return asked(prepared, await pointed(prepared, runner.write(prepared.job, format)))
}

/** What asking would do, or what it did: `answer` of the result is the explanation. */
export async function explain(
  request: AskRequest,
  runner: QueryRunner,
  mode: ExplainMode,
  limits: AskLimits = ASK_LIMITS,
): Promise<Asked<Explanation>> {
  return explainPrepared(await prepareQuestion(request, limits), runner, mode)
}

export async function explainPrepared(
  prepared: PreparedQuestion,
  runner: QueryRunner,
  mode: ExplainMode,
): Promise<Asked<Explanation>> {
  return asked(prepared, await pointed(prepared, runner.explain(prepared.job, mode)))
}

/** A question with its databases at their moment and its arguments, before anything is read for it. */
export type PreparedQuestion = { readonly job: QueryJob; readonly parsed: ParsedQuery }

/** What is wrong with a query while it runs is known by its path in the form; the text is known here. */
async function pointed<A extends { readonly warnings: readonly Warning[] }>(
  { parsed }: PreparedQuestion,
  running: Promise<A>,
): Promise<A> {
  const { form, placeOf } = parsed
  try {
    const answer = await running
    if (placeOf === undefined || answer.warnings.length === 0) return answer
    return { ...answer, warnings: answer.warnings.map((each) => warningWithLine(each, form, placeOf)) }
  } catch (error) {
    throw placeOf === undefined ? error : withLine(error, form, placeOf)
  }
}

export async function prepareQuestion(
  request: AskRequest,
  limits: AskLimits = ASK_LIMITS,
): Promise<PreparedQuestion> {
  const parsed = parsedQuery(request.query)
  const inputs = await bindInputs(parsed, request)
  // Rules come as an argument, so what they demand of the query is checked only now.
  const rules = inputs.find((input) => input.kind === 'rules')
  const query = checkRules(parsed.query, rules?.rules ?? NO_RULES)
  const catalog = new Map<SourceName, DatabaseValue>()
  for (const source of query.catalogSources) {
    catalog.set(
      source,
      source === '$' && request.database !== undefined
        ? request.database
        : await sourceFromCatalog(source, query, request),
    )
  }
  const job: QueryJob = {
    form: parsed.form,
    query,
    inputs: typedInputs(query, inputs, catalog),
    catalog,
    timeoutMs: Math.min(request.timeoutMs ?? limits.timeoutMs, limits.timeoutMsMax),
    rowCountMax: limits.rowCountMax,
    memoryBytesMax: Math.min(request.memoryBytes ?? limits.memoryBytes, limits.memoryBytesMax),
    answerBytesMax: limits.answerBytesMax,
    limit: request.limit,
    engine: engineNamed(request.engine ?? 'auto'),
    procedures: calledProcedures(query, rules?.rules ?? NO_RULES, request.procedures ?? NO_PROCEDURES),
    ...(request.asker && { asker: request.asker }),
    ...(request.signal && { signal: request.signal }),
    ...(request.span && { span: request.span }),
  }
  return { job, parsed }
}

function engineNamed(name: string): EngineName {
  const known = ENGINE_NAMES.find((each) => each === name)
  if (known === undefined) throw engineUnknown(name, nearest(name, ENGINE_NAMES))
  return known
}

/** Inputs of plain data, with the types of the attributes that they are compared with. */
function typedInputs(
  query: Query,
  inputs: readonly JobInput[],
  catalog: ReadonlyMap<SourceName, DatabaseValue>,
): readonly JobInput[] {
  if (!inputs.some((input) => input.kind === 'value' && input.isPlainData)) return inputs
  const factsNamed: FactsNamed = (name) => {
    const index = query.inputs.findIndex((input) => input.kind === 'source' && input.name === name)
    const given = inputs[index]
    return (given?.kind === 'facts' ? given.value : catalog.get(name))?.facts
  }
  return inputs.map((input, index): JobInput => {
    const asked = query.inputs[index]
    if (input.kind !== 'value' || !input.isPlainData || asked?.kind !== 'binding') return input
    return { kind: 'value', value: typedArgument(query, asked.binding, factsNamed)(input.value) }
  })
}

function asked<A extends { readonly warnings: readonly Warning[] }>(
  { job, parsed }: PreparedQuestion,
  answer: A,
): Asked<A> {
  const basis: Record<string, T> = {}
  const databases = new Map<SourceName, string>()
  for (const [source, value] of databasesOf(job)) {
    basis[value.database] = basisOf(value)
    databases.set(source, value.database)
  }
  return {
    query: job.query,
    answer,
    basis,
    databases,
    procedures: toldProcedures(job.procedures),
    warnings: [...parsed.warnings, ...answer.warnings],
  }
}

/** The databases that are asked, with the sources that mean them. */
export function databasesOf({
  query,
  inputs,
  catalog,
}: QueryJob): readonly (readonly [SourceName, DatabaseValue])[] {
  const given = inputs.flatMap((input, index) => {
    const asked = query.inputs[index]
    return input.kind === 'facts' && asked?.kind === 'source' ? [[asked.name, input.value] as const] : []
  })
  return [...given, ...catalog]
}

/**
 * Sources take an argument only where one is meant for them: a database, or rows where there is an argument for
 * every input. All others come from the catalog, so that `:in [$pur ?id]` needs one argument.
 */
async function bindInputs(
  { query, placeOf }: ParsedQuery,
  request: AskRequest,
): Promise<readonly JobInput[]> {
  const { inputs } = query
  const valueCount = inputs.filter(({ kind }) => kind !== 'source').length
  const rest = [...request.args]
  let spare = rest.length - valueCount
  // `$` is the database that is asked, unless every source is given as an argument.
  const isDefaultKept = request.database !== undefined && spare < inputs.length - valueCount
  const bound: JobInput[] = []
  for (const input of inputs) {
    if (input.kind === 'source') {
      const [next] = rest
      if (input.name === '$' && request.database !== undefined && isDefaultKept) {
        bound.push({ kind: 'facts', value: request.database })
      } else if (next?.kind === 'database') {
        rest.shift()
        spare--
        bound.push({ kind: 'facts', value: next.value, isGiven: true })
      } else if (spare > 0 && next !== undefined) {
        rest.shift()
        spare--
        bound.push({ kind: 'rows', rows: rowsOf(next.value, input.name) })
      } else {
        bound.push({ kind: 'facts', value: await sourceOf(input.name, request) })
      }
      continue
    }
    const next = rest.shift()
    if (next === undefined || next.kind === 'database') {
      throw argumentCountWrong(inputs, request.args.length)
    }
    bound.push(
      input.kind === 'rules'
        ? { kind: 'rules', form: next.value, rules: parsedRules(next.value, placeOf) }
        : { kind: 'value', value: next.value, ...(next.isPlainData && { isPlainData: true }) },
    )
  }
  if (rest.length > 0) throw argumentCountWrong(inputs, request.args.length)
  return bound
}

async function sourceFromCatalog(
  name: SourceName,
  { where }: Query,
  request: AskRequest,
): Promise<DatabaseValue> {
  try {
    return await request.sourceNamed(name.slice(1))
  } catch (error) {
    throw withPlace(error, [...sourcesOf(where)].find(({ source }) => source === name)?.place)
  }
}

function sourceOf(name: SourceName, request: AskRequest): Promise<DatabaseValue> {
  if (name === '$') throw sourceMissing(name)
  return request.sourceNamed(name.slice(1))
}

function rowsOf(value: Edn, source: SourceName): readonly (readonly Edn[])[] {
  if (Array.isArray(value) && value.every((row) => Array.isArray(row))) {
    return value as readonly (readonly Edn[])[]
  }
  throw sourceMissing(source)
}
