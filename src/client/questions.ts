// Questions over the wire: arguments as they go, and answers in the shapes that the interface promises.

import { writeEdn } from '../fact/edn-writer.ts'
import { toPlain } from '../fact/plain.ts'
import { plainOfEdn } from '../fact/plain-edn.ts'
import { type Edn, EdnMap, Keyword, Tagged } from '../fact/value.ts'
import { rowsOfShape, shapeAnswer } from '../engine/shape.ts'
import { exactAnswer, type ExactAttributes } from '../interface/exact.ts'
import { formOf } from '../interface/forms.ts'
import { PlainRows } from '../interface/rows.ts'
import type { Answer } from '../interface/types/interfaces.ts'
import type { CheckedQuery, QueryCheck } from '../interface/types/saved-query.ts'
import type { Column } from '../plan/engine.ts'
import type { Explanation } from '../plan/explain.ts'
import type { Query, SourceName } from '../plan/syntax.ts'
import { parsedQuery } from '../query/parsed.ts'
import { DATABASE_TAG, parseViewedName } from '../query/viewed-name.ts'
import { NamedDb, type Naming } from './named-db.ts'
import { fieldIn, type Fields, mapsIn, numberIn, textIn, warningsIn, type Wire } from './wire.ts'

/** What a connection knows. */
export interface Known {
  readonly wire: Wire
  readonly exact: ExactAttributes
  /** The name of a database that is called so, as far as that was met. */
  nameOf(nameOrAlias: string): string
}

/** A database goes as what it is called and what is seen of it. */
export function argumentsOf(args: readonly unknown[], naming: Naming): readonly unknown[] {
  return args.map((argument) =>
    argument instanceof NamedDb ? new Tagged(DATABASE_TAG, naming.textOf(argument)) : argument,
  )
}

/** What was asked, as the user gave it, and the database that `$` meant. */
export type Asked = {
  readonly query: unknown
  readonly args: readonly unknown[]
  readonly database?: string | undefined
}

/** The answer in the shape of its query: a relation as `Rows`, exact attributes as bigints. */
export function shapedAnswer(answer: EdnMap, asked: Asked, varve: Known): Answer<unknown> {
  const told = toldBy(answer)
  const result = fieldIn(answer, 'result') ?? null
  const { query } = parsedQuery(formOf(asked.query, 'query'))
  const isRelation = query.find.kind === 'relation' && query.returnKeys === undefined
  if (!isRelation && varve.exact.isEmpty) return { ...told, result: toPlain(result) }
  const rows = rowsOfShape(query, result)
  const { columns, truncated: isTruncated, warnings } = told
  const plain = { rows, columns, isTruncated, warnings }
  const exact = exactAnswer(
    { query, answer: plain, databases: databasesOf(query, asked, varve) },
    varve.exact,
  )
  return {
    ...told,
    result: isRelation ? new PlainRows(told.columns, exact.rows) : toPlain(shapeAnswer(query, exact)),
  }
}

/** The same of a saved query, which the receipt tells. */
export function savedAnswer(answer: EdnMap, varve: Known): Answer<unknown> {
  const receipt = fieldIn(answer, 'receipt') as EdnMap
  const database = fieldIn(receipt, 'database')
  const asked = {
    query: textIn(receipt, 'query'),
    args: [],
    ...(typeof database === 'string' && { database: parseViewedName(database).name }),
  }
  return shapedAnswer(answer, asked, varve)
}

/** What became of the expectations of a saved query. */
export function checkedQuery(answer: EdnMap): CheckedQuery {
  const checks = mapsIn(answer, 'checks').map((check) => ({
    // The service writes them as the type says.
    ...(plainOfEdn(check) as QueryCheck),
    cursors: basisOf(fieldIn(check, 'cursors')),
  }))
  return { version: numberIn(answer, 'version'), holds: fieldIn(answer, 'holds') === true, checks }
}

function toldBy(answer: EdnMap): Omit<Answer<unknown>, 'result'> & { readonly columns: readonly Column[] } {
  return {
    // The service writes them as the type says.
    columns: plainOfEdn(fieldIn(answer, 'columns') ?? []) as readonly Column[],
    basis: basisOf(fieldIn(answer, 'basis')),
    warnings: warningsIn(answer),
    truncated: fieldIn(answer, 'truncated') === true,
    ...receiptOf(fieldIn(answer, 'receipt')),
  }
}

function receiptOf(receipt: Edn | undefined): Pick<Answer<unknown>, 'receipt'> {
  if (!(receipt instanceof EdnMap)) return {}
  const [id, resultHash] = [textIn(receipt, 'id'), textIn(receipt, 'result-hash')]
  return { receipt: { id, resultHash, edn: writeEdn(receipt) } }
}

/** Names of databases are no names of ours: they stay as they are. */
function basisOf(basis: Edn | undefined): Answer<unknown>['basis'] {
  if (!(basis instanceof EdnMap)) return {}
  return Object.fromEntries(
    basis.entries.map(([name, t]) => [name instanceof Keyword ? name.text : String(name), t as number]),
  )
}

function databasesOf(query: Query, { args, database }: Asked, varve: Known): ReadonlyMap<SourceName, string> {
  const given = args.filter((argument) => argument instanceof NamedDb).map(({ name }) => name)
  const databases = new Map<SourceName, string>()
  if (database !== undefined) databases.set('$', database)
  for (const input of query.inputs) {
    if (input.kind !== 'source' || databases.has(input.name)) continue
    databases.set(input.name, given.shift() ?? varve.nameOf(input.name.slice(1)))
  }
  for (const source of query.catalogSources)
    if (!databases.has(source)) databases.set(source, varve.nameOf(source.slice(1)))
  return databases
}

/** What asking does, of a question's fields. */
export async function explained(wire: Wire, fields: Fields, signal?: AbortSignal): Promise<Explanation> {
  const answer = await wire.send('POST', '/v1/query', fields, { signal, isRepeatable: true })
  // The service writes it as the type says.
  const explanation = plainOfEdn(fieldIn(answer, 'explain') ?? null) as Omit<Explanation, 'warnings'>
  return { ...explanation, warnings: warningsIn(answer) }
}
