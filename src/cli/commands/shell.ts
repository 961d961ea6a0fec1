// `varve shell`: asks again and again, of a folder or a server, at a terminal or through a pipe.

import type { Command } from 'commander'
import type { Context } from '../main.ts'
import {
  openSession,
  outputFormat,
  parseMoment,
  type PlaceOptions,
  withOutput,
  withPlace,
} from '../options.ts'
import type { OutputFormat } from '../output.ts'
import { converse, runPiped } from '../shell/converse.ts'
import { ShellState } from '../shell/state.ts'

type Options = PlaceOptions & {
  readonly database?: string
  readonly asOf?: Date | number
  readonly write?: boolean
  readonly output?: OutputFormat
}

export function addShellCommand(program: Command, context: Context): void {
  withOutput(withPlace(program.command('shell')))
    .description('ask again and again; \\help in it tells the rest')
    .option('--database <name>', 'the database that $ means; the only one, if there is one')
    .option('--as-of <moment>', 'an instant or a t to begin with', parseMoment)
    .option('--write', 'take transactions too: this process becomes the writer of the folder')
    .addHelpText(
      'after',
      `\nExample:\n  varve shell --data ./varve-data --database purchases\n  echo '\\schema purchases' | varve shell --output table`,
    )
    .action((options: Options) => shell(options, context))
}

async function shell(options: Options, { env, terminal }: Context): Promise<void> {
  const isInteractive = terminal.canAsk && terminal.isOutTerminal
  await using session = await openSession(env, options, options.write !== true, true)
  session.warm()
  const databases = await session.databases()
  const database = options.database ?? (databases.length === 1 ? databases[0]!.name : undefined)
  const state = new ShellState({
    env,
    terminal,
    session,
    isInteractive,
    isReadOnly: options.url === undefined && options.write !== true,
    format: outputFormat(options.output, terminal),
    ...(database !== undefined && { database }),
    ...(options.asOf !== undefined && { asOf: options.asOf }),
  })
  if (!isInteractive) {
    terminal.exitCode = await runPiped(state)
    return
  }
  const aliases = databases.map(({ alias }) => `$${alias}`).join(', ')
  terminal.out(
    `${aliases === '' ? 'There is no database yet' : `Databases: ${aliases}`}. \\help tells what can be done, \\quit leaves.\n`,
  )
  await converse(state)
}
