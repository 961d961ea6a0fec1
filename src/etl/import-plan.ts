// How columns become attributes: what the file holds, what the person said and what the database already has,
// brought together into one plan. Pure: it reads nothing and writes nothing.

import { nearest } from '../base/nearest.ts'
import type { ValueType } from '../fact/attribute.ts'
import { type Edn, EdnMap, type Keyword, keyword } from '../fact/value.ts'
import { dashedName } from './column-names.ts'
import { columnUnknown, mappingInvalid } from './errors.ts'
import type { ImportOptions } from './import-options.ts'
import type { InferredColumn } from './infer-type.ts'
import type { DateOrder } from './moment-text.ts'
import { COLUMN_TYPES, type ColumnType } from './read-cell.ts'
import type { SourceColumn } from './source.ts'

/** An attribute that the database has. */
export type KnownAttribute = {
  readonly ident: Keyword
  readonly type: ValueType
  readonly isMany: boolean
  readonly unique: 'identity' | 'value' | undefined
  /** Of a composite tuple: its parts in order. */
  readonly parts: readonly Keyword[] | undefined
}

export type PlannedColumn = {
  readonly column: string
  /** Place in a row of the file. */
  readonly index: number
  readonly attribute: Keyword
  readonly type: ColumnType
  readonly isMany: boolean
  readonly unique: 'identity' | 'value' | undefined
  readonly order: DateOrder
  readonly isOrderAssumed: boolean
  /** The import adds the attribute to the schema. */
  readonly isNew: boolean
}

/** A tuple of several columns that together are the identity. */
export type PlannedComposite = {
  readonly attribute: Keyword
  /** Places in `ImportPlan.columns`. */
  readonly parts: readonly number[]
  readonly isNew: boolean
}

export type ImportPlan = {
  readonly columns: readonly PlannedColumn[]
  readonly composite: PlannedComposite | undefined
  /** The identity's places in `columns`; none where every row is an entity of its own. */
  readonly identity: readonly number[]
  readonly moment: { readonly index: number; readonly column: string; readonly order: DateOrder } | undefined
  readonly separator: string
}

export type PlanInput = {
  readonly columns: readonly SourceColumn[]
  readonly inferred: readonly InferredColumn[]
  readonly options: ImportOptions
  readonly entity: string
  readonly known: ReadonlyMap<Keyword, KnownAttribute>
}

export const SEPARATOR = ';'
const IDENTITY_COLUMN_COUNT_MAX = 8

export function planImport(input: PlanInput): ImportPlan {
  const { columns, options } = input
  checkColumns(input)
  const identityNames = options.identity ?? []
  const planned = columns.flatMap((column, index): PlannedColumn[] =>
    options.columns.get(column.name)?.isSkipped === true ? [] : [planColumn(input, column.name, index)],
  )
  refuseSharedAttributes(planned)
  const identity = identityNames.map((name) => planned.findIndex(({ column }) => column === name))
  const skipped = identityNames[identity.indexOf(-1)]
  if (skipped !== undefined) {
    throw mappingInvalid(
      `The identity ${skipped} is skipped`,
      'Import the column, or name another identity',
      {
        column: skipped,
      },
    )
  }
  for (const place of identity) refuseMany(planned[place]!)
  return {
    columns: planned,
    identity,
    composite: identity.length > 1 ? planComposite(input, planned, identity) : undefined,
    moment: planMoment(input),
    separator: options.separator ?? SEPARATOR,
  }
}

/** The names that the person gave are columns of the file. */
function checkColumns({ columns, options }: PlanInput): void {
  const names = columns.map(({ name }) => name)
  const { identity = [], asKnownAt } = options
  const given = [...options.columns.keys(), ...identity, ...(asKnownAt === undefined ? [] : [asKnownAt])]
  for (const name of given) {
    if (!names.includes(name)) throw columnUnknown(name, nearest(name, names), names)
  }
  if (identity.length > IDENTITY_COLUMN_COUNT_MAX || new Set(identity).size !== identity.length) {
    throw mappingInvalid(
      'An identity is up to eight different columns',
      'Name each column of the identity once',
      { identity },
    )
  }
  if (names.every((name) => options.columns.get(name)?.isSkipped === true)) {
    throw mappingInvalid('No column is left to import', 'Skip fewer columns')
  }
}

function planColumn(input: PlanInput, column: string, index: number): PlannedColumn {
  const { options, entity, known } = input
  const inferred = input.inferred[index]!
  const said = options.columns.get(column) ?? {}
  const attribute = keyword(said.attribute ?? `${entity}/${dashedName(column, index + 1)}`)
  const order = { order: inferred.order, isOrderAssumed: inferred.isOrderAssumed }
  const existing = known.get(attribute)
  const isIdentity = options.identity?.length === 1 && options.identity[0] === column
  if (existing !== undefined) {
    const fits = planExisting(column, existing, said.type, isIdentity)
    return { column, index, attribute, ...fits, ...order, isNew: false }
  }
  const type = said.type ?? inferred.type
  return {
    column,
    index,
    attribute,
    type,
    isMany: said.isMany ?? inferred.isMany,
    unique: isIdentity ? 'identity' : undefined,
    order: inferred.order,
    isOrderAssumed: inferred.isOrderAssumed && type === 'instant',
    isNew: true,
  }
}

function planExisting(
  column: string,
  existing: KnownAttribute,
  said: ColumnType | undefined,
  isIdentity: boolean,
): Pick<PlannedColumn, 'type' | 'isMany' | 'unique'> {
  const { ident, isMany, unique } = existing
  const type = COLUMN_TYPES.find((known) => known === existing.type)
  if (type === undefined) {
    throw mappingInvalid(
      `${ident} is a ${existing.type}, which no column holds`,
      `Skip ${column}, or name it otherwise`,
      {
        column,
      },
    )
  }
  if (said !== undefined && said !== type) {
    throw mappingInvalid(
      `The database has ${ident} as ${type}, not as ${said}`,
      `Leave the type of ${column} out, or give the column another attribute with --name`,
      { column, type, said },
    )
  }
  if (isIdentity && unique !== 'identity') {
    throw mappingInvalid(
      `${ident} is no identity in this database`,
      `Make it one first ({:db/id ${ident} :db/unique :db.unique/identity}), or give the column another attribute with --name`,
      { column },
    )
  }
  return { type, isMany, unique }
}

function refuseSharedAttributes(planned: readonly PlannedColumn[]): void {
  const owners = new Map<Keyword, string>()
  for (const { column, attribute } of planned) {
    const other = owners.get(attribute)
    if (other !== undefined) {
      throw mappingInvalid(
        `The columns ${other} and ${column} would both be ${attribute}`,
        'Name one of them with --name',
        {
          columns: [other, column],
        },
      )
    }
    owners.set(attribute, column)
  }
}

function refuseMany({ column, isMany }: PlannedColumn): void {
  if (!isMany) return
  throw mappingInvalid(`The identity ${column} has several values in a row`, 'Name another identity', {
    column,
  })
}

function planComposite(
  { known }: PlanInput,
  planned: readonly PlannedColumn[],
  identity: readonly number[],
): PlannedComposite {
  const parts = identity.map((place) => planned[place]!.attribute)
  for (const { ident, parts: held, unique } of known.values()) {
    const isSame = held?.length === parts.length && held.every((part, i) => part === parts[i])
    if (isSame && unique === 'identity') return { attribute: ident, parts: identity, isNew: false }
  }
  const [first] = parts
  const namespace = first!.namespace === null ? '' : `${first!.namespace}/`
  const attribute = keyword(`${namespace}${parts.map(({ name }) => name).join('+')}`)
  if (known.has(attribute)) {
    throw mappingInvalid(
      `The database has an attribute ${attribute} that is not the identity of these columns`,
      'Name the identity columns otherwise with --name',
      { attribute: attribute.toString() },
    )
  }
  return { attribute, parts: identity, isNew: true }
}

function planMoment({ columns, inferred, options }: PlanInput): ImportPlan['moment'] {
  if (options.asKnownAt === undefined) return undefined
  const index = columns.findIndex(({ name }) => name === options.asKnownAt)
  return { index, column: options.asKnownAt, order: inferred[index]!.order }
}

/** The attributes that the import adds, as transaction data. */
export function newSchema({ columns, composite }: ImportPlan): readonly EdnMap[] {
  const forms = columns.filter(({ isNew }) => isNew).map(attributeForm)
  if (composite?.isNew === true) {
    forms.push(
      new EdnMap([
        ...declaration(composite.attribute, 'tuple', false, 'identity'),
        [keyword('db/tupleAttrs'), composite.parts.map((place) => columns[place]!.attribute)],
      ]),
    )
  }
  return forms
}

function attributeForm({ attribute, type, isMany, unique }: PlannedColumn): EdnMap {
  return new EdnMap(declaration(attribute, type, isMany, unique))
}

export function declaration(
  attribute: Keyword,
  type: ValueType,
  isMany: boolean,
  unique: 'identity' | 'value' | undefined,
): [Edn, Edn][] {
  const entries: [Edn, Edn][] = [
    [keyword('db/ident'), attribute],
    [keyword('db/valueType'), keyword(`db.type/${type}`)],
    [keyword('db/cardinality'), keyword(`db.cardinality/${isMany ? 'many' : 'one'}`)],
  ]
  if (unique !== undefined) entries.push([keyword('db/unique'), keyword(`db.unique/${unique}`)])
  return entries
}

/** The plan as a mapping file that gives it again. */
export function mappingOf(plan: ImportPlan, columns: readonly SourceColumn[], entity: string): EdnMap {
  const byIndex = new Map(plan.columns.map((column) => [column.index, column]))
  const entries = columns.map(({ name }, index): EdnMap => {
    const planned = byIndex.get(index)
    if (planned === undefined)
      return new EdnMap([
        [keyword('column'), name],
        [keyword('skip'), true],
      ])
    const { attribute, type, isMany } = planned
    return new EdnMap([
      [keyword('column'), name],
      [keyword('attribute'), attribute],
      [keyword('type'), keyword(type)],
      ...(isMany ? ([[keyword('many'), true]] as [Edn, Edn][]) : []),
    ])
  })
  const dates = plan.columns.find(({ type }) => type === 'instant')?.order
  const head: [Edn, Edn][] = [[keyword('entity'), entity]]
  if (plan.identity.length > 0) {
    head.push([keyword('identity'), plan.identity.map((place) => plan.columns[place]!.column)])
  }
  if (plan.moment !== undefined) head.push([keyword('as-known-at'), plan.moment.column])
  if (dates !== undefined) head.push([keyword('dates'), dates])
  if (plan.separator !== SEPARATOR) head.push([keyword('split'), plan.separator])
  return new EdnMap([...head, [keyword('columns'), entries]])
}
