// Runs cases over layouts and tells which did not answer as they should.

import { SANDBOX_MODULE } from '../../adapter/quickjs/sandbox-module.ts'
import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { Catalog } from '../../database/catalog.ts'
import type { DatabaseValue } from '../../database/database-value.ts'
import { createEngine } from '../../engine/create.ts'
import { shapeAnswer } from '../../engine/shape.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { type Edn, EdnMap, EdnSet, textKey } from '../../fact/value.ts'
import { ProcedureSet } from '../../procedures/procedure-set.ts'
import { SandboxThread } from '../../procedures/sandbox-thread.ts'
import { starterProcedures } from '../../procedures/starter/starter.ts'
import { ask, type AskArgument } from '../../query/ask.ts'
import type { Engine } from '../../plan/engine.ts'
import { parsedQuery } from '../../query/parsed.ts'
import { pullEntity } from '../../query/pull.ts'
import { InThreadRunner } from '../../query/run-here.ts'
import type { Case } from './case-file.ts'
import { type Layout, LAYOUTS, makeFacts, viewed } from './layouts.ts'

export type CaseFailure = {
  readonly name: string
  readonly layout: Layout
  readonly expected: string
  readonly got: string
}

/** Cases may call those that come with Varve. */
const procedures = new ProcedureSet(starterProcedures)

type Outcome =
  | {
      readonly kind: 'answer'
      readonly value: Edn
      readonly expected: Edn | undefined
      /** A relation or a collection: its items have no order. */
      readonly isBag: boolean
    }
  | { readonly kind: 'error'; readonly error: unknown }

/** `folder` is where the layout `reopened` makes its databases; the caller removes it. */
/** An engine that gives no answer, with a reason: it is no failure. */
export type CaseRefusal = { readonly name: string; readonly layout: Layout; readonly reason: string }

export type RunCasesOptions = {
  readonly folder: string
  readonly layouts?: readonly Layout[]
  /** The one of this process where none is given. */
  readonly engine?: Engine
  /** Told of refusals; without it they are failures. */
  readonly refused?: (refusal: CaseRefusal) => void
}

/** The failure of a case on the first layout that shows one, or undefined. */
export async function runCase(
  env: Env,
  made: Case,
  options: RunCasesOptions,
): Promise<CaseFailure | undefined> {
  for (const layout of options.layouts ?? LAYOUTS) {
    const outcome = await outcomeOf(env, made, layout, options)
    const reason = options.refused && refusalOf(outcome)
    if (reason !== undefined) {
      options.refused?.({ name: made.name, layout, reason })
      continue
    }
    const failure = judge(made, outcome)
    if (failure !== undefined) return { name: made.name, layout, ...failure }
  }
  return undefined
}

function refusalOf(outcome: Outcome): string | undefined {
  const { error } = outcome.kind === 'error' ? outcome : { error: undefined }
  if (!(error instanceof VarveError) || error.code !== 'varve.error/engine-refused') return undefined
  return String(error.data['reason'])
}

let folderCount = 0

async function outcomeOf(
  env: Env,
  made: Case,
  layout: Layout,
  { folder, engine = createEngine(env) }: RunCasesOptions,
): Promise<Outcome> {
  const data = `${folder}/${++folderCount}`
  const isReopened = layout === 'reopened'
  const catalogs: Catalog[] = [isReopened ? await Catalog.openFolder(env, data) : Catalog.openMemory(env)]
  const reopen = async (): Promise<Catalog> => {
    await catalogs.at(-1)![Symbol.asyncDispose]()
    catalogs.push(await Catalog.openFolder(env, data))
    return catalogs.at(-1)!
  }
  try {
    return await answer(env, { made, layout, engine }, catalogs[0]!, reopen)
  } catch (error) {
    return { kind: 'error', error }
  } finally {
    await catalogs.at(-1)![Symbol.asyncDispose]()
    if (isReopened) env.files.remove(data)
  }
}

async function answer(
  env: Env,
  { made, layout, engine }: { readonly made: Case; readonly layout: Layout; readonly engine: Engine },
  catalog: Catalog,
  reopen: () => Promise<Catalog>,
): Promise<Outcome> {
  const extra = made.extra instanceof Map ? [...made.extra] : []
  const others = new Map<string, DatabaseValue>()
  for (const [i, [source, facts]] of extra.entries()) {
    // Others lie in novelty: only the first is closed and opened again.
    const other = await makeFacts(
      Catalog.openMemory(env),
      `other${i}`,
      facts,
      layout === 'reopened' ? 'novelty' : layout,
      reopen,
    )
    others.set(source, other.value)
  }
  const { value, settle } = await makeFacts(catalog, 'facts', made.facts, layout, reopen)
  const expected = made.expectation.kind === 'value' ? settle(made.expectation.value) : undefined
  if (made.ask.kind === 'pull') {
    const { result } = await pullEntity(value, made.ask.pattern, settle(made.ask.eid))
    return { kind: 'answer', value: result, expected, isBag: false }
  }
  // A thread starts where a case calls a procedure.
  await using sandbox = new SandboxThread(env, SANDBOX_MODULE)
  const runner = new InThreadRunner(engine, env.clock, sandbox)
  const query = settle(made.ask.query)
  const views = Array.isArray(made.extra) ? [...(made.extra as readonly Edn[])] : []
  const values = made.ask.args.map(settle)
  const args: AskArgument[] = []
  for (const input of parsedQuery(query).query.inputs) {
    if (input.kind !== 'source') {
      if (values.length > 0) args.push({ kind: 'value', value: values.shift()! })
    } else if (input.name === '$') args.push({ kind: 'database', value })
    else if (others.has(input.name)) args.push({ kind: 'database', value: others.get(input.name)! })
    else if (views.length > 0) args.push({ kind: 'database', value: viewed(value.newest(), views.shift()) })
    else if (values.length > 0) args.push({ kind: 'value', value: values.shift()! })
  }
  args.push(...values.map((rest): AskArgument => ({ kind: 'value', value: rest })))
  const sourceNamed = (): Promise<DatabaseValue> => Promise.resolve(value)
  const asked = await ask(
    { query, args, database: value, sourceNamed, procedures, timeoutMs: 10_000 },
    runner,
  )
  const { kind } = asked.query.find
  const isBag = kind === 'relation' || kind === 'collection'
  return { kind: 'answer', value: shapeAnswer(asked.query, asked.answer), expected, isBag }
}

function judge(
  made: Case,
  outcome: Outcome,
): { readonly expected: string; readonly got: string } | undefined {
  const { expectation } = made
  const got = outcome.kind === 'answer' ? shown(outcome.value) : errorText(outcome.error)
  if (expectation.kind === 'error') {
    const expected = `error ${expectation.code ?? ''}`.trim()
    if (outcome.kind === 'answer') return { expected, got }
    if (!(outcome.error instanceof VarveError)) return { expected, got }
    return expectation.code === undefined || outcome.error.code === expectation.code
      ? undefined
      : { expected, got }
  }
  if (expectation.kind === 'count') {
    const expected = `${expectation.count} items`
    return outcome.kind === 'answer' && itemsOf(outcome.value)?.length === expectation.count
      ? undefined
      : { expected, got }
  }
  const expected = shown(outcome.kind === 'answer' ? (outcome.expected ?? null) : expectation.value)
  if (outcome.kind === 'error') return { expected, got }
  return isSame(outcome.expected ?? null, outcome.value, outcome.isBag) ? undefined : { expected, got }
}

/** Items of a bag in any order; nothing found may be nil or empty. */
function isSame(expected: Edn, value: Edn, isBag: boolean): boolean {
  const wanted = itemsOf(expected)
  const got = itemsOf(value)
  if (isBag && wanted !== undefined && got !== undefined) return bag(wanted) === bag(got)
  if (expected === null) return value === null || got?.length === 0
  if (value === null) return wanted?.length === 0
  return textKey(asValue(expected)) === textKey(asValue(value))
}

function itemsOf(value: Edn): readonly Edn[] | undefined {
  if (value instanceof EdnSet) return value.items
  return Array.isArray(value) ? (value as readonly Edn[]) : undefined
}

function bag(items: readonly Edn[]): string {
  return items
    .map((item) => textKey(asValue(item)))
    .sort()
    .join('\n')
}

/** Sets inside become sorted vectors, so that a set and a vector of the same items compare equal. */
function asValue(value: Edn): Edn {
  if (value instanceof EdnMap) return new EdnMap(value.entries.map(([key, item]) => [key, asValue(item)]))
  if (Array.isArray(value)) return (value as readonly Edn[]).map(asValue)
  return value
}

function shown(value: Edn): string {
  const text = writeEdn(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}

function errorText(error: unknown): string {
  if (error instanceof VarveError) return `error ${error.code}: ${error.message}`
  return `CRASH ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
