// SQL that shows the index files of a folder as views of DuckDB: the live rows of the newest root, whatever else
// lies beside them. One schema per database, and in it
//
//   "purchase/amount"             e, v, t                    what holds
//   "purchase/amount/history"     e, v, t, added             what was asserted and retracted, as Varve's histories say
//   "purchase/amount/intervals"   e, v, added, retracted     each fact with its time, for questions as of a t
//   facts, history                the same of all attributes, with a (the attribute) and v as text
//   transactions                  t, e, instant
//
// The views hold what was indexed when they were printed; what only the log holds is not in them.

import { VarveError } from '../base/errors.ts'
import { TX_BASE, type AttributeId, type ValueType } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import type { Schema } from '../fact/schema.ts'
import { BigInteger, Decimal } from '../fact/value.ts'
import type { AttributeRuns, Index } from '../index/index.ts'
import type { Run } from '../index/run.ts'
import { valueAt } from '../segment/value-column.ts'
import type { Catalog } from './catalog.ts'
import { openFactStore } from './indexed-store.ts'

/** The views of every database of the first folder. Throws `varve.error/views-need-files` for databases in memory. */
export async function viewsOf(catalog: Catalog): Promise<string> {
  const statements: string[] = []
  for (const { name } of catalog.firstList()) {
    const storage = catalog.storage.open(name)
    if (storage.folder === undefined) throw viewsNeedFiles(name)
    const { index, schema } = await openFactStore(storage)
    statements.push(...databaseViews({ name, folder: `${storage.folder}/index`, index, schema }))
  }
  return statements.map((statement) => `${statement};\n`).join('')
}

type Source = {
  readonly name: string
  /** Of the index. */
  readonly folder: string
  readonly index: Index
  readonly schema: Schema
}

type AttributeView = { readonly id: AttributeId; readonly ident: string; readonly name: string }

function databaseViews(source: Source): readonly string[] {
  const { name, index, schema } = source
  const attributes = namedViews(schema)
  return [
    `-- Database ${name} as of t ${index.root.indexedT}\nCREATE SCHEMA IF NOT EXISTS ${quoted(name)}`,
    ...attributes.flatMap((view) => attributeViews(source, view)),
    view(
      name,
      'facts',
      unionOf(attributes, (view) => wideSelect(name, view, '', 'e, v, t')),
    ),
    view(
      name,
      'history',
      unionOf(attributes, (view) => wideSelect(name, view, '/history', 'e, v, t, added')),
    ),
    view(
      name,
      'transactions',
      `SELECT e - ${TX_BASE} AS t, e, v AS instant FROM ${quoted(name)}.${quoted(
        attributes.find(({ id }) => id === DB_TX_INSTANT)!.name,
      )}`,
    ),
  ]
}

/** Attributes with the names of their views, which differ even where case is ignored, as SQL does. */
function namedViews(schema: Schema): readonly AttributeView[] {
  const taken = new Set(['facts', 'history', 'transactions'])
  return [...schema.attributes()]
    .sort((x, y) => x.id - y.id)
    .map(({ id, ident: { text: ident } }) => {
      const names = ['', '/history', '/intervals'].map((suffix) => `${ident}${suffix}`.toLowerCase())
      const name = names.some((each) => taken.has(each)) ? `${ident}#${id}` : ident
      for (const suffix of ['', '/history', '/intervals']) taken.add(`${name}${suffix}`.toLowerCase())
      return { id, ident, name }
    })
}

function attributeViews(source: Source, { id, name }: AttributeView): readonly string[] {
  const attribute = source.schema.attribute(id)!
  const runs = source.index.attribute(id)
  const isForgetful = attribute.noHistory && id >= BUILTIN_ATTRIBUTE_COUNT
  const type = sqlTypeOf(attribute.valueType, runs)
  const present = (runs?.present ?? []).map((run) => rowsOf(source, run, type, 'NULL::BIGINT'))
  // A history shows nothing of an attribute without one but what holds.
  const past = isForgetful ? [] : (runs?.history ?? []).map((run) => rowsOf(source, run, type, 'retracted'))
  const none = `SELECT NULL::BIGINT AS e, NULL::${type.name} AS v, NULL::BIGINT AS added, NULL::BIGINT AS retracted WHERE false`
  const union = (parts: readonly string[]): string => (parts.length === 0 ? none : parts.join('\nUNION ALL '))
  const intervals = `${quoted(source.name)}.${quoted(`${name}/intervals`)}`
  return [
    view(source.name, name, `SELECT e, v, added AS t FROM (${union(present)})`),
    view(source.name, `${name}/intervals`, union([...present, ...past])),
    view(
      source.name,
      `${name}/history`,
      `SELECT e, v, added AS t, true AS added FROM ${intervals}\n` +
        `UNION ALL SELECT e, v, retracted, false FROM ${intervals} WHERE retracted IS NOT NULL`,
    ),
  ]
}

/** The rows of one run that are not dead. */
function rowsOf({ folder, index }: Source, { entry }: Run, type: SqlType, retracted: string): string {
  const { segment, firstRow, rowCount } = entry
  const { dead, rowCount: fileRowCount } = index.segments.get(segment)!.entry
  const tests: string[] = []
  if (rowCount < fileRowCount)
    tests.push(`file_row_number BETWEEN ${firstRow} AND ${firstRow + rowCount - 1}`)
  if (dead !== undefined && entry.deadCount > 0) {
    const lastRow = dead.firstRow + dead.rowCount - 1
    tests.push(
      `file_row_number NOT IN (SELECT row FROM ${file(folder, dead.segment)} WHERE file_row_number BETWEEN ${dead.firstRow} AND ${lastRow})`,
    )
  }
  const where = tests.length === 0 ? '' : ` WHERE ${tests.join(' AND ')}`
  return `SELECT entity AS e, ${type.of('value')} AS v, added, ${retracted} AS retracted FROM ${file(folder, segment)}${where}`
}

function file(folder: string, key: string): string {
  return `read_parquet('${`${folder}/${key}`.replaceAll("'", "''")}', file_row_number = true)`
}

function unionOf(views: readonly AttributeView[], select: (view: AttributeView) => string): string {
  return views.map(select).join('\nUNION ALL ')
}

function wideSelect(
  database: string,
  { ident, name }: AttributeView,
  suffix: string,
  columns: string,
): string {
  const list = columns.replace('v,', `'${ident.replaceAll("'", "''")}' AS a, v::VARCHAR AS v,`)
  return `SELECT ${list} FROM ${quoted(database)}.${quoted(`${name}${suffix}`)}`
}

function view(database: string, name: string, select: string): string {
  return `CREATE OR REPLACE VIEW ${quoted(database)}.${quoted(name)} AS ${select}`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

type SqlType = {
  readonly name: string
  /** An expression of this type from the column as it lies. */
  readonly of: (column: string) => string
}

/** How values of a type show in SQL: always exactly, so large numbers that no SQL type holds stay text. */
function sqlTypeOf(type: ValueType, runs: AttributeRuns | undefined): SqlType {
  switch (type) {
    case 'long':
    case 'ref':
      return { name: 'BIGINT', of: (column) => column }
    case 'instant':
      return { name: 'TIMESTAMP', of: (column) => `make_timestamp(epoch_us(${column}))` }
    case 'double':
      return { name: 'DOUBLE', of: (column) => column }
    case 'float':
      return { name: 'FLOAT', of: (column) => column }
    case 'boolean':
      return { name: 'BOOLEAN', of: (column) => column }
    case 'bytes':
      return { name: 'BLOB', of: (column) => column }
    case 'uuid':
      return castTo('UUID')
    case 'tuple':
      return castTo('JSON')
    case 'bigdec':
      return decimalType(runs)
    case 'bigint':
      return integerType(runs)
    default:
      return { name: 'VARCHAR', of: (column) => column }
  }
}

// A pack holds rows of other attributes too, whose text the cast may meet before they are filtered out: it must
// not fail on them.
function castTo(name: string): SqlType {
  return { name, of: (column) => `TRY_CAST(${column} AS ${name})` }
}

const TEXT: SqlType = { name: 'VARCHAR', of: (column) => column }
const SQL_DECIMAL_DIGITS_MAX = 38

function decimalType(runs: AttributeRuns | undefined): SqlType {
  let scale = 0
  let wholeDigits = 1
  for (const value of valuesOf(runs)) {
    if (!(value instanceof Decimal)) continue
    const [whole = '', fraction = ''] = value.abs().toFixed().split('.')
    scale = Math.max(scale, fraction.length)
    wholeDigits = Math.max(wholeDigits, whole.length)
  }
  const isFitting = scale + wholeDigits <= SQL_DECIMAL_DIGITS_MAX
  return isFitting ? castTo(`DECIMAL(${SQL_DECIMAL_DIGITS_MAX}, ${scale})`) : TEXT
}

function integerType(runs: AttributeRuns | undefined): SqlType {
  for (const value of valuesOf(runs)) {
    if (value instanceof BigInteger && BigInt.asIntN(128, value.value) !== value.value) return TEXT
  }
  return castTo('HUGEINT')
}

function* valuesOf(runs: AttributeRuns | undefined): Iterable<unknown> {
  for (const run of [...(runs?.present ?? []), ...(runs?.history ?? [])]) {
    const { firstRow, values } = run.columns()
    for (let row = 0; row < run.entry.rowCount; row++) yield valueAt(run.type, values, firstRow + row)
  }
}

function viewsNeedFiles(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/views-need-files',
    kind: 'unsupported',
    message: `Database ${name} is in memory, so there are no files for views to show`,
    fix: 'Keep it in a folder: connect to file:PATH',
    data: { name },
  })
}
