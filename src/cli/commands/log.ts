// `varve log`: transactions as they were written, one a line; with --live it waits for more.

import type { Command } from 'commander'
import { writeEdn } from '../../fact/edn-writer.ts'
import { writeJson } from '../../fact/json-writer.ts'
import { type Edn, EdnMap, keyword } from '../../fact/value.ts'
import type { Context } from '../main.ts'
import { openSession, parseMoment, type PlaceOptions, withOutput, withPlace } from '../options.ts'
import type { OutputFormat } from '../output.ts'

type Options = PlaceOptions & {
  readonly database: string
  readonly from?: Date | number
  readonly to?: Date | number
  readonly live?: boolean
  readonly output?: OutputFormat
}

export function addLogCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('log')))
    .description('show transactions')
    .requiredOption('--database <name>', 'the database')
    .option('--from <moment>', 'an instant or a t, included', parseMoment)
    .option('--to <moment>', 'an instant or a t, excluded', parseMoment)
    .option('--live', 'wait for further transactions')
    .addHelpText('after', '\nExample:\n  varve log --database purchases --from 2015-11-01 --output ndjson')
    .action(async (options: Options) => {
      await using session = await openSession(env, options, true)
      const isJson = options.output === 'json' || options.output === 'ndjson'
      const { from, to } = options
      const range = {
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        isLive: options.live === true,
      }
      for await (const { t, txInstant, datoms } of session.log(options.database, range)) {
        const item = (name: (text: string) => Edn): Edn =>
          new EdnMap([
            [name('t'), t],
            [name(isJson ? 'txInstant' : 'tx-instant'), txInstant],
            [name('datoms'), datoms],
          ])
        terminal.out(`${isJson ? writeJson(item((text) => text)) : writeEdn(item(keyword))}\n`)
      }
    })
}
