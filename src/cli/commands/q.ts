// `varve q QUERY [ARG…]`: asks, and writes the answer.

import { type Command, Option } from 'commander'
import { readEdn } from '../../fact/edn-reader.ts'
import { withLine } from '../../fact/path-place.ts'
import { ENGINE_NAMES, type EngineName } from '../../plan/engine.ts'
import { requestParts, type RequestParts } from '../../query/parsed.ts'
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
import { formatResult, type OutputFormat } from '../output.ts'
import { reportWarnings } from '../report.ts'
import type { AskOptions } from '../session.ts'

type Options = PlaceOptions & {
  readonly database?: string
  readonly asOf?: Date | number
  readonly limit?: number
  readonly engine?: EngineName
  readonly timeout?: number
  readonly memoryBytes?: number
  readonly explain?: boolean
  readonly plan?: boolean
  readonly output?: OutputFormat
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
  }
}

export function addQueryCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('q')))
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
        terminal.out(options.output === undefined ? told.text : formatResult(told.value, [], options.output))
        return
      }
      const answer = await session.query(parts.query, args, asked).catch(pointed)
      reportWarnings([...before, ...answer.warnings], terminal)
      const columns = answer.columns.map(({ name }) => name)
      terminal.out(formatResult(answer.result, columns, outputFormat(options.output, terminal)))
      if (answer.isTruncated) terminal.err('The answer was cut at the limit.\n')
    })
}
