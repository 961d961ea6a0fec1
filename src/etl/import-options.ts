// What a person says about an import, by flags or in a mapping file; the file is EDN or JSON of one shape:
//
//   {:entity "line", :identity ["InvoiceNo" "StockCode"], :as-known-at "InvoiceDate", :dates "mdy", :split ";"
//    :columns [{:column "InvoiceNo", :attribute :line/invoice-no, :type :string}
//              {:column "Country", :skip true}]}
//
// A flag wins over the file. Nothing here has seen the data.

import { VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { readJson } from '../fact/json-form.ts'
import type { JsonNode } from '../fact/json-reader.ts'
import { isKeywordText } from '../fact/names.ts'
import { toPlain } from '../fact/plain.ts'
import { mappingInvalid } from './errors.ts'
import type { DateOrder } from './moment-text.ts'
import { COLUMN_TYPES, type ColumnType } from './read-cell.ts'

export type ColumnOptions = {
  /** Name without colon. */
  readonly attribute?: string
  readonly type?: ColumnType
  readonly isMany?: boolean
  readonly isSkipped?: boolean
}

export type ImportOptions = {
  /** Namespace of the attributes that are named after columns. */
  readonly entity?: string
  /** Columns that together say which entity a row is about. */
  readonly identity?: readonly string[]
  /** The column with the moment at which a row was known. */
  readonly asKnownAt?: string
  readonly dates?: DateOrder
  /** Between the values of a column that has several. */
  readonly separator?: string
  readonly columns: ReadonlyMap<string, ColumnOptions>
}

/** What the file says, with what the flags say laid over it. */
export function mergeOptions(file: ImportOptions, flags: ImportOptions): ImportOptions {
  const columns = new Map(file.columns)
  for (const [name, options] of flags.columns) columns.set(name, { ...columns.get(name), ...options })
  return { ...file, ...flags, columns }
}

/** Throws `varve.error/import-mapping-invalid`, or what the reader of EDN or JSON finds. */
export function parseMappingFile(text: string, path: string): ImportOptions {
  const plain = path.endsWith('.json')
    ? plainOf(readJson(text, { source: path }))
    : toPlain(readEdn(text, { source: path }).value)
  const fields = objectOf(plain, 'A mapping', [
    'entity',
    'identity',
    'as-known-at',
    'dates',
    'split',
    'columns',
  ])
  const columns = new Map<string, ColumnOptions>()
  for (const entry of listOf(fields.get('columns') ?? [], 'columns')) {
    const column = objectOf(entry, 'An entry of :columns', ['column', 'attribute', 'type', 'many', 'skip'])
    columns.set(textOf(column.get('column'), 'column'), columnOptions(column))
  }
  const entity = fields.get('entity')
  const identity = fields.get('identity')
  const asKnownAt = fields.get('as-known-at')
  const dates = fields.get('dates')
  const separator = fields.get('split')
  return {
    columns,
    ...(entity !== undefined && { entity: textOf(entity, 'entity') }),
    ...(identity !== undefined && {
      identity: listOf(identity, 'identity').map((name) => textOf(name, 'identity')),
    }),
    ...(asKnownAt !== undefined && { asKnownAt: textOf(asKnownAt, 'as-known-at') }),
    ...(dates !== undefined && { dates: parseDateOrder(textOf(dates, 'dates')) }),
    ...(separator !== undefined && { separator: textOf(separator, 'split') }),
  }
}

export function parseColumnType(text: string): ColumnType {
  const name = text.replace(/^:(?:db\.type\/)?/, '')
  const type = COLUMN_TYPES.find((known) => known === name)
  if (type !== undefined) return type
  const near = nearest(name, COLUMN_TYPES)
  throw mappingInvalid(
    `${name} is no type that a column can have`,
    near === undefined ? `The types are ${COLUMN_TYPES.join(', ')}` : `Did you mean ${near}?`,
    { type: name, nearest: near },
  )
}

export function parseAttributeName(text: string): string {
  const name = text.replace(/^:/, '')
  if (isKeywordText(name)) return name
  throw mappingInvalid(`${text} is no attribute name`, 'Write a keyword such as :person/name', { name: text })
}

export function parseDateOrder(text: string): DateOrder {
  if (text === 'mdy' || text === 'dmy') return text
  throw mappingInvalid(`${text} is no order of day and month`, 'Write mdy or dmy', { dates: text })
}

function columnOptions(fields: ReadonlyMap<string, unknown>): ColumnOptions {
  const attribute = fields.get('attribute')
  const type = fields.get('type')
  return {
    ...(attribute !== undefined && { attribute: parseAttributeName(textOf(attribute, 'attribute')) }),
    ...(type !== undefined && { type: parseColumnType(textOf(type, 'type')) }),
    ...(fields.get('many') === true && { isMany: true }),
    ...(fields.get('skip') === true && { isSkipped: true }),
  }
}

function objectOf(value: unknown, what: string, known: readonly string[]): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw mappingInvalid(`${what} is no map`, `Write a map with ${known.join(', ')}`)
  }
  // What is null is not said.
  const said = Object.entries(value).filter(([, field]) => field !== null)
  const fields = new Map(said.map(([key, field]): [string, unknown] => [key.replace(/^:/, ''), field]))
  const unknown = [...fields.keys()].find((key) => !known.includes(key))
  if (unknown === undefined) return fields
  const near = nearest(unknown, known)
  const fix = near === undefined ? `It may have ${known.join(', ')}` : `Did you mean ${near}?`
  throw mappingInvalid(`${what} has no ${unknown}`, fix, { key: unknown, nearest: near })
}

function listOf(value: unknown, field: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw mappingInvalid(`${field} of the mapping is no list`, `Write ${field} as a list`, { field })
}

function textOf(value: unknown, field: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw mappingInvalid(`${field} of the mapping is no text`, `Write ${field} as a string`, { field })
}

function plainOf(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]))
    case 'array':
      return node.items.map(plainOf)
    case 'null':
      return null
    default:
      return node.value
  }
}

/** Adds where it stands to an error about a mapping file. */
export function inMappingFile<X>(path: string, work: () => X): X {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof VarveError) || error.data['place'] !== undefined) throw error
    const { code, kind, message, fix, data } = error
    throw new VarveError({ code, kind, message: `${path}: ${message}`, fix, data, cause: error })
  }
}
