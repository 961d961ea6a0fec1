// What `varve dev` and `varve serve` share: everything is opened before the first request is taken.

import type { HttpServer } from '../base/env.ts'
import type { LocalVarve } from '../api/varve.ts'
import type { Terminal } from '../base/terminal.ts'
import { startServer, type ServerOptions } from '../service/server.ts'
import type { SystemFolder } from '../service/system/system-folder.ts'
import { reportError } from './report.ts'
import { packageVersion } from './version.ts'

export type Tls = NonNullable<ServerOptions['tls']>
export type ServingOptions = Pick<
  ServerOptions,
  'host' | 'port' | 'tls' | 'instance' | 'identities' | 'log' | 'answering'
> & { readonly terminal: Terminal }

export const SYSTEM_OPTION =
  'folder of what the service writes itself (default: the name of the data folder with -system behind)'

export async function startServing(
  { catalog, runner, procedures }: LocalVarve,
  system: SystemFolder,
  { terminal, ...place }: ServingOptions,
): Promise<HttpServer> {
  // A worker starts while the databases open, so that the first question need not wait for it.
  runner.warm()
  const own = new Set(system.databaseNames())
  const names = catalog.list().map(({ name }) => name)
  // Those of the service itself are followed once somebody asks them: its audit grows with every question.
  await Promise.all(names.filter((name) => !own.has(name)).map((name) => catalog.connection(name)))
  return startServer({
    catalog,
    runner,
    procedures,
    system,
    ...place,
    version: packageVersion(catalog.env),
    onFault: (error) => reportError(error, terminal),
  })
}
