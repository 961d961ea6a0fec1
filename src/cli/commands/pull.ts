// `varve pull PATTERN EID`: what a pattern describes of one entity.

import type { Command } from 'commander'
import { readEdn } from '../../fact/edn-reader.ts'
import type { Context } from '../main.ts'
import {
  openSession,
  outputFormat,
  parseMoment,
  type PlaceOptions,
  readWords,
  withOutput,
  withPlace,
} from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'
import { reportWarnings } from '../report.ts'

type Options = PlaceOptions & {
  readonly database: string
  readonly asOf?: Date | number
  readonly output?: OutputFormat
}

export function addPullCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('pull')))
    .description('show an entity by a pull pattern')
    .argument('<pattern>', 'EDN text, or @file')
    .argument('<eid>', 'an entity id, a lookup ref, or an ident')
    .requiredOption('--database <name>', 'the database')
    .option('--as-of <moment>', 'an instant or a t', parseMoment)
    .addHelpText('after', `\nExample:\n  varve pull --database customers '[*]' '[:customer/id "cus-1"]'`)
    .action(async (pattern: string, eid: string, options: Options) => {
      await using session = await openSession(env, options, true)
      const { text, source } = readWords(env, pattern)
      const { value } = readEdn(text, { source: source ?? 'pattern' })
      const answer = await session.pull(value, readEdn(eid, { source: 'eid' }).value, options)
      reportWarnings(answer.warnings, terminal)
      terminal.out(formatResult(answer.result, [], outputFormat(options.output, terminal)))
    })
}
