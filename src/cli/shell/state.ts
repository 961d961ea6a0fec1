// What a shell is in the middle of: where it asks, which database `$` means and as of when, and how it shows answers.

import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import type { Terminal } from '../../base/terminal.ts'
import type { ReadOptions } from '../../fact/limits.ts'
import type { Edn } from '../../fact/value.ts'
import { formatResult, type OutputFormat } from '../output.ts'
import type { AskOptions, Session } from '../session.ts'
import { Vocabulary } from './vocabulary.ts'

/** Rows of a table shown to a person; `\rows` changes it. */
const ROW_COUNT_SHOWN = 1_000

/** A command or a question, as it was typed. */
export type ShellInput = {
  readonly text: string
  /** Where its lines count, and at which it begins: `stdin`, a file. */
  readonly source?: string
  readonly firstLine?: number
}

/** How an input is read, so that places in it are those of its source. */
export function readOptions({ source, firstLine }: ShellInput): ReadOptions {
  return { ...(source !== undefined && { source }), ...(firstLine !== undefined && { firstLine }) }
}

export type Outcome = 'go-on' | 'quit'

export type ShellOptions = {
  readonly env: Env
  readonly terminal: Terminal
  readonly session: Session
  /** A person types and reads. */
  readonly isInteractive: boolean
  readonly isReadOnly: boolean
  readonly format: OutputFormat
  readonly database?: string
  readonly asOf?: Date | number
}

export class ShellState {
  readonly env: Env
  readonly terminal: Terminal
  readonly session: Session
  readonly isInteractive: boolean
  readonly isReadOnly: boolean
  readonly vocabulary: Vocabulary
  database: string | undefined
  asOf: Date | number | undefined
  format: OutputFormat
  isTimed: boolean
  rowCountMax: number
  timeoutMs: number | undefined

  constructor(options: ShellOptions) {
    this.env = options.env
    this.terminal = options.terminal
    this.session = options.session
    this.isInteractive = options.isInteractive
    this.isReadOnly = options.isReadOnly
    this.vocabulary = new Vocabulary(options.session, options.env.clock)
    this.database = options.database
    this.asOf = options.asOf
    this.format = options.format
    this.isTimed = options.isInteractive
    this.rowCountMax = options.isInteractive ? ROW_COUNT_SHOWN : Infinity
  }

  /** The database that `$` means. Throws where none is chosen. */
  get chosen(): string {
    if (this.database === undefined) throw databaseNotChosen()
    return this.database
  }

  /** What every question is asked with. */
  askOptions(signal: AbortSignal): AskOptions {
    return {
      ...(this.database !== undefined && { database: this.database }),
      ...(this.asOf !== undefined && { asOf: this.asOf }),
      ...(this.timeoutMs !== undefined && { timeoutMs: this.timeoutMs }),
      signal,
    }
  }

  /** A result with the time it took; as a table, rows are counted and those past the bound left out. */
  show(result: Edn, columns: readonly string[], tookMs?: number): void {
    const rowCount = Array.isArray(result) ? result.length : undefined
    const isCut = this.format === 'table' && rowCount !== undefined && rowCount > this.rowCountMax
    const shown = isCut ? ((result as readonly Edn[]).slice(0, this.rowCountMax) as Edn) : result
    const widthMax = this.isInteractive ? { widthMax: this.terminal.size().columnCount } : {}
    this.terminal.out(formatResult(shown, columns, this.format, widthMax))
    if (!this.isTimed || tookMs === undefined) return
    const counted =
      rowCount === undefined ? '' : `${countText(isCut ? this.rowCountMax : rowCount, rowCount)} `
    this.note(`${counted}(${timeText(tookMs)})${isCut ? '; \\rows all shows all of them' : ''}`)
  }

  /** Something beside a result: below it for a person, on stderr in a pipe. */
  note(text: string): void {
    if (this.isInteractive) this.terminal.out(`${text}\n`)
    else this.terminal.err(`${text}\n`)
  }

  async timed<A>(work: () => Promise<A>): Promise<{ readonly answer: A; readonly tookMs: number }> {
    const { clock } = this.env
    const fromMs = clock.monotonicMs()
    const answer = await work()
    return { answer, tookMs: clock.monotonicMs() - fromMs }
  }
}

function countText(shown: number, all: number): string {
  const rows = `${all.toLocaleString('en')} ${all === 1 ? 'row' : 'rows'}`
  return shown === all ? rows : `${shown.toLocaleString('en')} of ${rows}`
}

function timeText(ms: number): string {
  if (ms < 1_000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  return `${(ms / 1_000).toFixed(2)} s`
}

function databaseNotChosen(): VarveError {
  return new VarveError({
    code: 'varve.error/usage',
    kind: 'incorrect',
    message: 'No database is chosen',
    fix: 'Choose one with \\use NAME; \\databases lists them',
  })
}
