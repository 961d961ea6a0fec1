// A question that says all that its answer depends on: the query, its arguments, and of each database the t at which it
// was asked and the t of its schema. Asked again, it has the same answer for ever (I2).

import { sha256Hex } from '../base/checksum.ts'
import { Recent } from '../base/recent.ts'
import type { T } from '../fact/attribute.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { compareText, type Edn, Tagged } from '../fact/value.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { aggregateNamed } from '../plan/functions.ts'
import type { Query } from '../plan/syntax.ts'
import {
  type AskArgument,
  type AskRequest,
  databasesOf,
  type JobInput,
  type PreparedQuestion,
} from './ask.ts'
import { basisOf } from './basis.ts'
import { type CalledProcedures, toldProcedures } from './called-procedures.ts'
import { textOfForm } from './parsed.ts'
import { DATABASE_TAG, databaseArgument, isSpeculative, isViewed, viewedNameOf } from './viewed-name.ts'

export type PinnedQuestion = {
  /** EDN text. */
  readonly query: string
  /** For the inputs of `:in`, with the types that they were asked with; databases that the query itself names need none. */
  readonly args: readonly Edn[]
  /** What `$` means, where it is a database; with what is seen of it, where that is not all up to a moment. */
  readonly database?: string
  readonly basis: Readonly<Record<string, T>>
  /** The last t that changed the schema by which each database was asked. */
  readonly schemaT: Readonly<Record<string, T>>
  /** Rows that are kept, where the request says it beside the query. */
  readonly limit?: number
  /** What `with PLACE` behind a database means, as texts (speculation.ts). */
  readonly speculations?: readonly string[]
  /** Stored procedures that are called, by name and version, with the hash of each. */
  readonly procedures?: Readonly<Record<string, string>>
}

export function pinnedQuestion({ job, parsed }: PreparedQuestion): PinnedQuestion {
  const basis: Record<string, T> = {}
  const schemaT: Record<string, T> = {}
  const speculations: string[] = []
  let database: string | undefined
  for (const [source, value] of databasesOf(job)) {
    basis[value.database] = Math.max(basisOf(value), basis[value.database] ?? 0)
    schemaT[value.database] = schemaTOf(value)
    if (source === '$') database = isViewed(value) ? viewedNameOf(value, speculations) : value.database
  }
  return {
    query: textOfForm(parsed.form),
    args: job.inputs.flatMap((input) => argumentOf(input, speculations)),
    ...(database !== undefined && { database }),
    basis,
    schemaT,
    ...(job.limit !== undefined && { limit: job.limit }),
    ...(speculations.length > 0 && { speculations }),
    ...(job.procedures.size > 0 && { procedures: hashesOf(job.procedures) }),
  }
}

/** Of facts that are there: a speculation may change the schema, too. */
function schemaTOf(value: DatabaseValue): T {
  return isSpeculative(value) ? value.newest().schema.t : value.schema.t
}

function hashesOf(called: CalledProcedures): Readonly<Record<string, string>> {
  return Object.fromEntries(toldProcedures(called).map(({ name, hash }) => [name, hash]))
}

/** True where all facts of its databases are asked, up to a moment: then its answer is the same for everybody. */
export function asksAllFacts({ job }: PreparedQuestion): boolean {
  return [...databasesOf(job)].every(([, { ref }]) => ref.steps.every(({ kind }) => kind === 'as-of'))
}

/** As a list of one; of none for databases that the query itself names. */
function argumentOf(input: JobInput, speculations: string[]): readonly Edn[] {
  switch (input.kind) {
    case 'facts':
      return input.isGiven ? [new Tagged(DATABASE_TAG, viewedNameOf(input.value, speculations))] : []
    case 'rows':
      return [input.rows]
    case 'rules':
      return [input.form]
    case 'value':
      return [input.value]
  }
}

/** What is asked again. `sourceNamed` gives the databases as they were (`pinnedSources`). */
export async function requestOfPinned(
  { query, args, database, limit }: PinnedQuestion,
  sourceNamed: AskRequest['sourceNamed'],
): Promise<AskRequest> {
  return {
    query,
    args: await Promise.all(args.map((value) => askArgument(value, sourceNamed))),
    sourceNamed,
    ...(database !== undefined && { database: await sourceNamed(database) }),
    ...(limit !== undefined && { limit }),
  }
}

/** An argument as it stands in a request: a database where it is tagged as one. */
export async function askArgument(
  value: Edn,
  sourceNamed: AskRequest['sourceNamed'],
  isPlainData?: boolean,
): Promise<AskArgument> {
  const database = databaseArgument(value)
  if (database !== undefined) return { kind: 'database', value: await sourceNamed(database) }
  return { kind: 'value', value, ...(isPlainData && { isPlainData }) }
}

/** Names the question: 64 hexadecimal digits; and the length of its text. */
export function pinnedHash({ query, args, database, limit, ...named }: PinnedQuestion): {
  readonly hash: string
  readonly length: number
} {
  const { basis, schemaT, procedures = {}, speculations = [] } = named
  const entries = [basis, schemaT, procedures].map((map) =>
    Object.entries<Edn>(map).sort(([x], [y]) => compareText(x, y)),
  )
  const text = writeEdn([query, args, database ?? null, limit ?? null, entries, ...speculations])
  return { hash: sha256Hex(text), length: text.length }
}

const QUERY_COUNT_MAX = 512
/** Of longer ones the hash is made each time: they are data in disguise. */
const QUERY_LENGTH_MAX = 20_000
const queryHashes = new Recent<string, string>(QUERY_COUNT_MAX)

/** `sha256:…` of the text. */
export function queryHashOf(query: string): string {
  const known = queryHashes.get(query)
  if (known !== undefined) return known
  const hash = `sha256:${sha256Hex(query)}`
  if (query.length <= QUERY_LENGTH_MAX) queryHashes.set(query, hash)
  return hash
}

/** False where chance has a part in the answer: of such a question there is no one answer. */
export function isRepeatable({ find }: Query): boolean {
  return !find.elements.some((element) => element.kind === 'aggregate' && isRandom(element.name))
}

function isRandom(aggregate: string): boolean {
  return ['rand', 'sample'].includes(aggregateNamed(aggregate)?.name ?? aggregate)
}
