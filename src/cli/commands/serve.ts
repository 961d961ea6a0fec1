// `varve serve`: serves a data folder over HTTP. It only reads, unless it is told to write.

import type { Command } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import type { Context } from '../main.ts'
import { parseCount, parsePort } from '../options.ts'
import type { Terminal } from '../../base/terminal.ts'
import { isLoopbackHost } from '../../service/server.ts'
import { reportWarnings } from '../report.ts'
import { startServing, SYSTEM_OPTION, systemFolderOf } from '../serving.ts'
import { SystemFolder } from '../../service/system/system-folder.ts'
import { DEFAULT_PORT } from './dev.ts'

type Options = {
  readonly data: readonly string[]
  readonly system?: string
  readonly instance?: string
  readonly host: string
  readonly port: number
  readonly write?: boolean
  readonly takeOver?: boolean
  readonly workers?: number
}

export function addServeCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('serve')
    .description('serve data folders over HTTP')
    .option('--data <folder>', 'folder of databases; may stand several times', collected, DATA_DEFAULT)
    .option('--system <folder>', SYSTEM_OPTION)
    .option('--instance <name>', 'names this process among those that share the system folder')
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--workers <n>', 'threads that answer questions (default: the cores, at most 4)', parseCount)
    .option('--write', 'take transactions too: this process becomes the writer of the first folder')
    .option('--take-over', "take the writer's place from a process that hangs; it acknowledges nothing more")
    .addHelpText('after', '\nExample:\n  varve serve --data ./varve-data --port 8470')
    .action(async ({ data, system: given, instance, host, port, write, takeOver, workers }: Options) => {
      const [first, ...others] = data as [string, ...string[]]
      const folder = given ?? systemFolderOf(first)
      const named = instance === undefined ? {} : { instance }
      await using system = await SystemFolder.open(env, folder, { hasThreads: true, ...named })
      await using varve = await connectLocal(`file:${first}`, {
        followedFolders: [...others, folder],
        readOnly: write !== true && takeOver !== true,
        takeOver: takeOver === true,
        ...(workers !== undefined && { workers }),
      })
      await using server = await startServing(varve, system, { host, port, terminal })
      if (!isLoopbackHost(host)) warnOfOpenDoor(host, terminal)
      const stopped = terminal.stopped()
      const shown = host.includes(':') ? `[${host}]` : host
      terminal.out(
        `Serving ${data.join(', ')}${write === true || takeOver === true ? '' : ', for reading only,'} at http://${shown}:${server.port}\n`,
      )
      await stopped
    })
}

const DATA_DEFAULT: readonly string[] = ['./varve-data']

/** What stands on the command line replaces the default, and each further one is added. */
function collected(value: string, before: readonly string[]): readonly string[] {
  return before === DATA_DEFAULT ? [value] : [...before, value]
}

/** There is no access control yet: whoever reaches the address may ask, and write where writing is served. */
function warnOfOpenDoor(host: string, terminal: Terminal): void {
  reportWarnings(
    [
      {
        code: 'varve.warning/open-door',
        message: `Everybody who reaches ${host} may ask everything here; there is no access control yet`,
        fix: 'Leave --host out to listen on loopback alone, or put a door of your own before it',
      },
    ],
    terminal,
  )
}
