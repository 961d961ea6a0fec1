// `varve q QUERY [ARG…]`: asks, and writes the answer.

import { type Command, Option } from 'commander'
import { readEdn } from '../../fact/edn-reader.ts'
import { withLine } from '../../fact/path-place.ts'
import { NEVER_ENDS } from '../../base/batches.ts'
import type { Terminal } from '../../base/terminal.ts'
import { rowsOfShape } from '../../engine/shape.ts'
import type { Edn } from '../../fact/value.ts'
import { ENGINE_NAMES, type EngineName } from '../../plan/engine.ts'
import { parsedQuery, requestParts, type RequestParts } from '../../query/parsed.ts'
import { Pieces } from '../../query/pieces.ts'
import { writeReceipt } from '../../query/receipt.ts'
import { writeResultIn } from '../../query/written.ts'
import type { Context } from '../main.ts'
import {
  openSession,
  outputFormat,
  parseArgument,
  parseCount,
  parseMoment,
  type PlaceOptions,
  readWords,
  withOutput,
  withPlace,
} from '../options.ts'
import { formatResult, QUERY_OUTPUT_FORMATS, type QueryOutputFormat } from '../output.ts'
import { reportWarnings } from '../report.ts'
import type { AskOptions, SessionAnswer } from '../session.ts'

type Options = PlaceOptions & {
  readonly database?: string
  readonly asOf?: Date | number
  readonly limit?: number
  readonly engine?: EngineName
  readonly timeout?: number
  readonly memoryBytes?: number
  readonly explain?: boolean
  readonly plan?: boolean
  readonly output?: QueryOutputFormat
  readonly receipt?: boolean
}

/** What the command line says goes before what the request says. */
function askOptions(options: Options, parts: RequestParts): AskOptions {
  const database = options.database ?? parts.database
  const asOf = options.asOf ?? parts.asOf
  const limit = options.limit ?? parts.limit
  const engine = options.engine ?? parts.engine
  const timeoutMs = options.timeout ?? parts.timeoutMs
  const memoryBytes = options.memoryBytes ?? parts.memoryBytes
  return {
    ...(database !== undefined && { database }),
    ...(asOf !== undefined && { asOf }),
    ...(limit !== undefined && { limit }),
    ...(engine !== undefined && { engine }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(options.receipt === true && { hasReceipt: true }),
  }
}

export function addQueryCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('q')), QUERY_OUTPUT_FORMATS)
    .description('ask a query: EDN text, or @file')
    .argument('<query>', 'a query, or a request map {:as-of … :args … :query …}')
    .argument('[args...]', 'arguments for the inputs of :in; a bare word is a string')
    .option('--database <name>', 'the database that $ means')
    .option('--as-of <moment>', 'an instant or a t', parseMoment)
    .option('--limit <n>', 'keep the first n rows', parseCount)
    .addOption(new Option('--engine <name>', 'who answers (default: auto)').choices(ENGINE_NAMES))
    .option('--timeout <ms>', 'give up after so many milliseconds', parseCount)
    .option('--memory-bytes <n>', 'memory that the query may hold while it runs', parseCount)
    .option('--explain', 'ask, and show what was done: rows and time of every step')
    .option('--plan', 'show what would be done, without asking')
    .option('--receipt', 'write the receipt of the answer to stderr: JSON, by which it can be asked again')
    .addHelpText(
      'after',
      `\nExample:\n  varve q --database purchases '[:find ?amount :in $ ?id :where [?p :purchase/id ?id] [?p :purchase/amount ?amount]]' pur-8`,
    )
    .action(async (query: string, words: readonly string[], options: Options) => {
      const { text, source } = readWords(env, query)
      const read = readEdn(text, { recover: true, source: source ?? 'query' })
      const parts = requestParts(read.value, read.places)
      await using session = await openSession(env, options, true)
      const args = words.length > 0 ? words.map(parseArgument) : (parts.args ?? [])
      const pointed = (error: unknown): never => {
        throw withLine(error, parts.query, read.places.placeOf)
      }
      const asked = askOptions(options, parts)
      const before = [...read.warnings, ...parts.warnings]
      if (options.explain || options.plan) {
        const mode = options.explain ? 'run' : 'plan'
        const told = await session.explain(parts.query, args, { ...asked, mode }).catch(pointed)
        reportWarnings([...before, ...told.warnings], terminal)
        const { output } = options
        if (output === 'arrow')
          return program.error("error: '--output arrow' is for rows, not for what was done")
        terminal.out(output === undefined ? told.text : formatResult(told.value, [], output))
        return
      }
      const answer = await session.query(parts.query, args, asked).catch(pointed)
      reportWarnings([...before, ...answer.warnings], terminal)
      writeResult(parts.query, answer, outputFormat(options.output, terminal), terminal)
      if (answer.receipt !== undefined) terminal.err(`${writeReceipt(answer.receipt, 'json')}\n`)
      if (answer.isTruncated) terminal.err('The answer was cut at the limit.\n')
    })
}

/** A table for people; else what a server would answer, alone. */
function writeResult(
  form: Edn,
  { result, columns, isTruncated }: SessionAnswer,
  format: QueryOutputFormat,
  terminal: Terminal,
): void {
  if (format === 'table') {
    const names = columns.map(({ name }) => name)
    return terminal.out(formatResult(result, names, format))
  }
  const { query } = parsedQuery(form)
  const answer = { columns, rows: rowsOfShape(query, result), isTruncated, warnings: [] }
  const pieces = new Pieces(Infinity)
  writeResultIn(format, query, answer, pieces, NEVER_ENDS)
  for (const piece of pieces.all()) terminal.out(piece)
  if (format === 'json' || format === 'edn') terminal.out('\n')
}
