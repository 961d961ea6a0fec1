// What a question becomes on its way to DuckDB: tables that go along, statements, the constants and calls that its SQL
// names by number. A statement is written as a list of named parts (WITH); where a part is wanted by several
// statements, it is made a table.

import type { Place } from '../../base/errors.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { type Edn, textKey } from '../../fact/value.ts'
import type { Binding } from '../../plan/syntax.ts'
import type { Expression } from './expressions.ts'
import type { SentCall, SentTable, SqlStep } from './protocol.ts'

export class SqlWriter {
  readonly tables: SentTable[] = []
  readonly calls: SentCall[] = []
  readonly bindings: (Binding | undefined)[] = []
  /** Where the clauses stand whose calls these are. */
  readonly places: (Place | undefined)[] = []
  /** Calls go to Varve's own functions, whatever SQL has: their errors are wanted (late-calls.ts). */
  readonly isExact: boolean
  readonly #constants: Edn[] = []
  readonly #constantNumbers = new Map<string, number>()
  /** Parts of the statement that is being written. */
  #parts: string[] = []
  #steps: SqlStep[] = []
  readonly #stored = new Set<string>()
  #nameCount = 0

  constructor(isExact: boolean) {
    this.isExact = isExact
  }

  get steps(): readonly SqlStep[] {
    return this.#steps
  }

  /** A vector in EDN. */
  get constants(): string {
    return writeEdn(this.#constants)
  }

  /** A name that nothing else has. */
  name(prefix: string): string {
    return `${prefix}${++this.#nameCount}`
  }

  /** Adds a part to the statement; gives its name. */
  part(select: string): string {
    const name = this.name('r')
    this.#parts.push(`${name} AS (${select})`)
    return name
  }

  /** The whole query, its parts before it. They are used up. */
  query(select: string): string {
    const parts = this.#parts
    this.#parts = []
    return parts.length === 0 ? select : `WITH ${parts.join(',\n')}\n${select}`
  }

  run(sql: string): void {
    this.#steps.push({ kind: 'run', sql })
  }

  /** Makes a table of a query, whose parts are used up. */
  table(select: string): string {
    const name = this.name('m')
    this.#stored.add(name)
    this.run(`CREATE OR REPLACE TABLE ${name} AS ${this.query(select)}`)
    return name
  }

  isTable(name: string): boolean {
    return this.#stored.has(name)
  }

  /** The steps that `write` writes, run until none of the tables grows. */
  repeat(round: string, tables: readonly string[], write: () => void): void {
    const outer = this.#steps
    this.#steps = []
    write()
    outer.push({ kind: 'repeat', round, tables, steps: this.#steps })
    this.#steps = outer
  }

  /** The number of a value that the question holds. */
  constantIndex(value: Edn): number {
    const key = `${typeof value} ${value?.constructor.name ?? ''} ${textKey(value)}`
    let index = this.#constantNumbers.get(key)
    if (index === undefined) {
      index = this.#constants.push(value) - 1
      this.#constantNumbers.set(key, index)
    }
    return index
  }

  constant(value: Edn): Expression {
    return { kind: 'any', sql: `varve_constant('${this.constantIndex(value)}')` }
  }

  /** The number of a call, with the form that takes its result apart where there is one. */
  call(call: SentCall, binding: Binding | undefined, place: Place | undefined): number {
    this.places.push(place)
    this.bindings.push(binding)
    return this.calls.push(call) - 1
  }
}
