// What `varve dev` and `varve serve` share: everything is opened before the first request is taken.

import { InvalidArgumentError, Option } from 'commander'
import type { HttpServer } from '../base/env.ts'
import type { LocalVarve } from '../api/varve.ts'
import type { Terminal } from '../base/terminal.ts'
import { parseOrigin } from '../service/origins.ts'
import { startServer, type ServerOptions } from '../service/server.ts'
import { tracingSettings } from '../service/tracing/settings.ts'
import { Tracing } from '../service/tracing/tracing.ts'
import type { SystemFolder } from '../service/system/system-folder.ts'
import type { Context } from './main.ts'
import { reportError } from './report.ts'
import { packageVersion } from './version.ts'

export type Tls = NonNullable<ServerOptions['tls']>
export type ServingOptions = Pick<
  ServerOptions,
  | 'host'
  | 'port'
  | 'tls'
  | 'instance'
  | 'identities'
  | 'isLocalKept'
  | 'limits'
  | 'origins'
  | 'log'
  | 'tracing'
  | 'answering'
> & { readonly terminal: Terminal }

export const SYSTEM_OPTION =
  'folder of what the service writes itself (default: the name of the data folder with -system behind)'

/** Of `varve dev` and `varve serve`. */
export function originOption(): Option {
  return new Option('--origin <origin>', 'lets web pages of this origin ask; may stand several times')
    .argParser((text, before: readonly string[]) => [...before, originOf(text)])
    .default([], 'none')
}

function originOf(text: string): string {
  const origin = parseOrigin(text)
  if (origin === undefined)
    throw new InvalidArgumentError('It is no origin: write scheme, host and port, as https://app.example.')
  return origin
}

export const OTLP_OPTION =
  'collector of OpenTelemetry that traces are sent to, as http://127.0.0.1:4318 (default: what the environment says)'

/** Undefined where nobody wants traces. Throws `varve.error/tracing-setting-invalid`. */
export function openTracing(
  { env, terminal }: Context,
  endpoint: string | undefined,
  scheme: 'http' | 'https',
): Tracing | undefined {
  const settings = tracingSettings(env, { endpoint, scheme, version: packageVersion(env) })
  return settings && new Tracing(env, settings, (message) => terminal.err(`${message}\n`))
}

export async function startServing(
  { catalog, runner, scans, procedures }: LocalVarve,
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
    scans,
    procedures,
    system,
    ...place,
    version: packageVersion(catalog.env),
    onFault: (error) => reportError(error, terminal),
  })
}
