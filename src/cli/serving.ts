// What `varve dev` and `varve serve` share: everything is opened before the first request is taken.

import type { HttpServer } from '../base/env.ts'
import type { LocalVarve } from '../api/varve.ts'
import type { Terminal } from '../base/terminal.ts'
import { startServer } from '../service/server.ts'
import { reportError } from './report.ts'

export type ServingOptions = { readonly host?: string; readonly port: number; readonly terminal: Terminal }

export async function startServing(
  { catalog, runner }: LocalVarve,
  { terminal, ...place }: ServingOptions,
): Promise<HttpServer> {
  // A worker starts while the databases open, so that the first question need not wait for it.
  runner.warm()
  await Promise.all(catalog.list().map(({ name }) => catalog.connection(name)))
  return startServer({ catalog, runner, ...place, onFault: (error) => reportError(error, terminal) })
}
