// `varve serve`: serves a data folder over HTTP. It only reads, unless it is told to write.

import type { Command } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import type { Context } from '../main.ts'
import { parseCount, parsePort } from '../options.ts'
import type { Terminal } from '../../base/terminal.ts'
import { isLoopbackHost } from '../../service/server.ts'
import { reportWarnings } from '../report.ts'
import { startServing } from '../serving.ts'
import { DEFAULT_PORT } from './dev.ts'

type Options = {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly write?: boolean
  readonly takeOver?: boolean
  readonly workers?: number
}

export function addServeCommand(program: Command, { terminal }: Context): void {
  program
    .command('serve')
    .description('serve a data folder over HTTP')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .option('--host <host>', 'address to listen on; there is no access control yet', '127.0.0.1')
    .option('--port <n>', 'port; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--workers <n>', 'threads that answer questions (default: the cores, at most 4)', parseCount)
    .option('--write', 'take transactions too: this process becomes the writer')
    .option('--take-over', "take the writer's place from a process that hangs; it acknowledges nothing more")
    .addHelpText('after', '\nExample:\n  varve serve --data ./varve-data --port 8470')
    .action(async ({ data, host, port, write, takeOver, workers }: Options) => {
      await using varve = await connectLocal(`file:${data}`, {
        readOnly: write !== true && takeOver !== true,
        takeOver: takeOver === true,
        ...(workers !== undefined && { workers }),
      })
      await using server = await startServing(varve, { host, port, terminal })
      if (!isLoopbackHost(host)) warnOfOpenDoor(host, terminal)
      const stopped = terminal.stopped()
      const shown = host.includes(':') ? `[${host}]` : host
      terminal.out(
        `Serving ${data}${write === true || takeOver === true ? '' : ', for reading only,'} at http://${shown}:${server.port}\n`,
      )
      await stopped
    })
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
