// Facts as relations of DuckDB: what a source shows of an attribute becomes a view with the columns e, v, t and added.
// Runs of the index are read from their files as they lie, with the tests that make of them what the view shows;
// facts that only memory holds (what was not indexed yet, speculation, sources of tests) come along as tables.

import { VarveError } from '../../base/errors.ts'
import type { Attribute, ValueType } from '../../fact/attribute.ts'
import type { Datom, FactSource } from '../../fact/datom.ts'
import type { Edn } from '../../fact/value.ts'
import { indexedAttribute } from '../../database/restricted-facts.ts'
import type { StoredFacts, StoredRun } from '../../index/stored-facts.ts'
import type { Segment } from '../../segment/segment.ts'
import { Refusal } from '../../plan/refusal.ts'
import { asAny, textLiteral } from './expressions.ts'
import { kindOfType, sqlTypeOf, type SqlKind } from './kinds.ts'
import type { SentTable } from './protocol.ts'
import { sentTable } from './sent-table.ts'
import type { SegmentFiles } from './segment-files.ts'

/** Facts that come along with one question: those of memory alone are sent anew each time. */
const SENT_FACT_COUNT_MAX = 2_000_000

/** A view of facts. Its value has the kind; columns that nobody names cost nothing. */
export type FactView = { readonly name: string; readonly kind: SqlKind }

export class FactViews {
  readonly tables: SentTable[] = []
  /** Statements that make the views. */
  readonly statements: string[] = []
  /** Whose files the views read. */
  readonly segments = new Set<Segment>()
  readonly #files: SegmentFiles
  readonly #views = new Map<FactSource, Map<number | undefined, FactView>>()
  #sentCount = 0

  constructor(files: SegmentFiles) {
    this.#files = files
  }

  /** The facts of an attribute. */
  ofAttribute(facts: FactSource, attribute: Attribute): FactView {
    return this.#known(facts, attribute.id, (name) => {
      const kind = kindOfType(attribute.valueType)
      this.#make(name, this.#factsOf(facts, attribute, `${name}_sent`))
      return { name, kind }
    })
  }

  /** The facts of all attributes, with the attribute as column a and values of kind `any`. */
  ofAll(facts: FactSource): FactView {
    return this.#known(facts, undefined, (name) => {
      const parts = [...facts.schema.attributes()].map((attribute) => {
        const view = this.ofAttribute(facts, attribute)
        const value = asAny({ sql: 'v', kind: view.kind })
        return `SELECT e, CAST(${attribute.id} AS BIGINT) AS a, ${value.sql} AS v, t, added FROM ${view.name}`
      })
      this.#make(name, parts)
      return { name, kind: 'any' }
    })
  }

  #known(facts: FactSource, attribute: number | undefined, make: (name: string) => FactView): FactView {
    let views = this.#views.get(facts)
    if (views === undefined) this.#views.set(facts, (views = new Map()))
    const sourceNumber = [...this.#views.keys()].indexOf(facts)
    let view = views.get(attribute)
    if (view === undefined) {
      view = make(`facts_${sourceNumber}_${attribute ?? 'all'}`)
      views.set(attribute, view)
    }
    return view
  }

  #make(name: string, parts: readonly string[]): void {
    this.statements.push(`CREATE VIEW ${name} AS ${parts.join('\nUNION ALL ')}`)
  }

  #factsOf(facts: FactSource, attribute: Attribute, sentName: string): readonly string[] {
    const { valueType } = attribute
    const indexed = indexedAttribute(facts, attribute.id)
    if (indexed === undefined) {
      return [
        this.#sent(
          sentName,
          valueType,
          kept(() => [...facts.match(undefined, attribute.id, undefined)]),
        ),
      ]
    }
    const stored = kept(() => indexed.stored())
    const parts = stored.runs.flatMap((run) => this.#runSelects(run, stored, valueType))
    const shown = parts.length === 0 ? [] : [this.#withoutLost(parts, stored, valueType, `${sentName}_lost`)]
    const isSent = stored.datoms.length > 0 || shown.length === 0
    return isSent ? [...shown, this.#sent(sentName, valueType, stored.datoms)] : shown
  }

  #sent(name: string, type: ValueType, datoms: readonly Datom[]): string {
    this.#sentCount += datoms.length
    if (this.#sentCount > SENT_FACT_COUNT_MAX)
      throw new Refusal('more facts that are in memory alone than it is sent')
    this.tables.push(
      sentTable(name, datoms.length, [
        { name: 'e', kind: 'long', values: datoms.map(({ e }) => e) },
        { name: 'v', kind: kindOfType(type), values: datoms.map(({ v }): Edn => v) },
        { name: 't', kind: 'long', values: datoms.map(({ t }) => t) },
        { name: 'added', kind: 'boolean', values: datoms.map(({ added }) => added) },
      ]),
    )
    return `SELECT e, v, t, added FROM ${name}`
  }

  /** Facts of runs that were taken back since are not shown. */
  #withoutLost(parts: readonly string[], { lost }: StoredFacts, type: ValueType, name: string): string {
    const all = parts.join('\nUNION ALL ')
    if (lost.length === 0) return all
    this.#sent(name, type, lost)
    return (
      `SELECT e, v, t, added FROM (${all}) r WHERE NOT EXISTS ` +
      `(SELECT 1 FROM ${name} l WHERE l.e = r.e AND l.v = r.v)`
    )
  }

  #runSelects(run: StoredRun, { sinceT, untilT, aliveT }: StoredFacts, type: ValueType): readonly string[] {
    const isWithin = (column: string): string => `${column} > ${sinceT} AND ${column} <= ${untilT}`
    const select = (t: string, added: boolean, tests: readonly string[]): string =>
      `SELECT CAST(entity AS BIGINT) AS e, ${valueColumn(type)} AS v, CAST(${t} AS BIGINT) AS t, ${added} AS added ` +
      `FROM ${this.#file(run.segment)} WHERE ${[...tests, ...this.#rowTests(run)].join(' AND ')}`
    if (aliveT === undefined) {
      const asserted = select('added', true, [isWithin('added')])
      return run.isHistory ? [asserted, select('retracted', false, [isWithin('retracted')])] : [asserted]
    }
    const alive = run.isHistory ? [`retracted > ${aliveT}`] : []
    return [select('added', true, [isWithin('added'), ...alive])]
  }

  /** That a row of the file is one of the run, and not dead. */
  #rowTests({ segment, firstRow, rowCount, dead }: StoredRun): readonly string[] {
    const tests: string[] = []
    if (rowCount < segment.file.rowCount)
      tests.push(`file_row_number BETWEEN ${firstRow} AND ${firstRow + rowCount - 1}`)
    if (dead !== undefined) {
      const rows = `file_row_number BETWEEN ${dead.firstRow} AND ${dead.firstRow + dead.rowCount - 1}`
      tests.push(`file_row_number NOT IN (SELECT "row" FROM ${this.#file(dead.segment)} WHERE ${rows})`)
    }
    return tests
  }

  #file(segment: Segment): string {
    this.segments.add(segment)
    return `read_parquet(${textLiteral(this.#files.pathOf(segment))}, file_row_number = true)`
  }
}

/** The value column of a file, as a cell of the attribute's kind. */
function valueColumn(type: ValueType): string {
  if (type === 'instant') return 'epoch_ms(value)'
  return `CAST(value AS ${sqlTypeOf(kindOfType(type))})`
}

// A question that names the entity may yet be answered from what was kept: that is for an engine that looks facts up.
function kept<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    const isGone = error instanceof VarveError && /history-gone|past-not-kept/.test(error.code)
    throw isGone ? new Refusal('a past of which not all was kept') : error
  }
}
