// A question as it is typed: a query or a whole request, with its arguments behind it; what the request itself says
// goes before what the shell is set to.

import { VarveError } from '../../base/errors.ts'
import { readAllEdn } from '../../fact/edn-reader.ts'
import { withLine } from '../../fact/path-place.ts'
import { type Edn, EdnMap, EdnSymbol, Keyword, keyword } from '../../fact/value.ts'
import type { ExplainMode } from '../../plan/explain.ts'
import { requestParts } from '../../query/parsed.ts'
import { formatResult } from '../output.ts'
import { reportWarnings } from '../report.ts'
import type { AskOptions } from '../session.ts'
import { readOptions, type ShellInput, type ShellState } from './state.ts'

type Question = {
  readonly query: Edn
  readonly args: readonly Edn[]
  readonly options: AskOptions
  /** Points an error that knows its path at its line. */
  readonly pointed: (error: unknown) => never
}

export async function askQuestion(state: ShellState, input: ShellInput, signal: AbortSignal): Promise<void> {
  const { query, args, options, pointed } = readQuestion(state, input, signal)
  const { answer, tookMs } = await state.timed(() => state.session.query(query, args, options).catch(pointed))
  reportWarnings(answer.warnings, state.terminal)
  const columns = answer.columns.map(({ name }) => name)
  state.show(answer.result, columns, tookMs)
  if (answer.isTruncated) state.terminal.err('The answer was cut at the limit.\n')
}

/** Every step of a question: as text for people, as data where a format was chosen. */
export async function explainQuestion(
  state: ShellState,
  input: ShellInput,
  mode: ExplainMode,
  signal: AbortSignal,
): Promise<void> {
  const { query, args, options, pointed } = readQuestion(state, input, signal)
  const told = await state.session.explain(query, args, { ...options, mode }).catch(pointed)
  reportWarnings(told.warnings, state.terminal)
  const isText = state.format === 'table' || state.format === 'edn'
  state.terminal.out(isText ? told.text : formatResult(told.value, [], state.format))
}

function readQuestion(state: ShellState, input: ShellInput, signal: AbortSignal): Question {
  const read = readAllEdn(input.text, { ...readOptions(input), recover: true })
  const [form, ...words] = read.value
  if (form === undefined || !isQuestion(form)) throw notAQuestion(form)
  const parts = requestParts(form, read.places)
  reportWarnings([...read.warnings, ...parts.warnings], state.terminal)
  const { database, asOf, limit, timeoutMs, memoryBytes } = parts
  return {
    query: parts.query,
    // As on the command line, a bare word is a string.
    args:
      words.length > 0
        ? words.map((word) => (word instanceof EdnSymbol ? word.text : word))
        : (parts.args ?? []),
    options: {
      ...state.askOptions(signal),
      ...(database !== undefined && { database }),
      ...(asOf !== undefined && { asOf }),
      ...(limit !== undefined && { limit }),
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(memoryBytes !== undefined && { memoryBytes }),
    },
    pointed: (error) => {
      throw withLine(error, parts.query, read.places.placeOf)
    },
  }
}

function isQuestion(form: Edn): boolean {
  if (form instanceof EdnMap) return ['find', 'query'].some((name) => form.get(keyword(name)) !== undefined)
  // Text behind brackets is judged by the reader of queries, whose errors point at it.
  return (
    Array.isArray(form) && (form.length === 0 || form[0] instanceof Keyword || form[0] instanceof EdnSymbol)
  )
}

function notAQuestion(form: Edn | undefined): VarveError {
  const isTransaction = Array.isArray(form) || form instanceof EdnMap
  return new VarveError({
    code: 'varve.error/usage',
    kind: 'incorrect',
    message: isTransaction ? 'This is no question; it looks like a transaction' : 'This is no question',
    fix: isTransaction
      ? 'Write \\transact before it to apply it'
      : 'Ask a query such as [:find ?name :where [$cus _ :customer/name ?name]]; \\help shows what else there is',
  })
}
