// What an import is about to do, as a person reads it.

import type { ImportPlan, PlannedColumn } from '../etl/import-plan.ts'
import type { Survey } from '../etl/survey.ts'
import type { RowSource } from '../etl/source.ts'
import type { Edn } from '../fact/value.ts'
import { table } from './output.ts'

export type PlanStory = {
  readonly path: string
  readonly database: string
  readonly isNewDatabase: boolean
  readonly source: RowSource
  readonly survey: Survey
  readonly plan: ImportPlan
}

export function planText({ path, database, isNewDatabase, source, survey, plan }: PlanStory): string {
  const { columns, composite, moment } = plan
  const byIndex = new Map(columns.map((column) => [column.index, column]))
  const rows = source.columns.map(({ name }, index): readonly Edn[] => {
    const column = byIndex.get(index)
    return column === undefined
      ? [name, 'skipped', '', '']
      : [name, column.attribute, column.type, remarkOf(column)]
  })
  if (composite !== undefined) {
    rows.push([
      '',
      composite.attribute,
      'tuple',
      `identity${composite.isNew ? '' : ', in the database already'}`,
    ])
  }
  const count = survey.rowCount.toLocaleString('en')
  const malformed =
    survey.malformedCount === 0 ? '' : `, ${survey.malformedCount.toLocaleString('en')} of them malformed`
  const about = [
    `${path}: ${source.about}, ${count} rows${malformed}, into the ${isNewDatabase ? 'new ' : ''}database ${database}\n`,
    table(rows, ['column', 'attribute', 'type', '']),
    plan.identity.length > 0
      ? 'A row changes the entity that its identity names, or makes it.'
      : 'Without an identity, every row becomes an entity of its own (--identity COLUMN changes that).',
    moment === undefined
      ? 'All rows are known from now on (--as-known-at COLUMN gives each row its own moment).'
      : `Each row was known at its ${moment.column}; rows are applied in that order.`,
  ]
  return `${about.join('\n')}\n`
}

function remarkOf({ unique, isMany, isNew }: PlannedColumn): string {
  const remarks = [
    unique === 'identity' ? 'identity' : unique === 'value' ? 'unique' : '',
    isMany ? 'several values' : '',
    isNew ? '' : 'in the database already',
  ]
  return remarks.filter((remark) => remark !== '').join(', ')
}
