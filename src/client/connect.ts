// `connect` of the client: from the URL of a service to the interface that databases in this process have.

import { webEnv } from '../base/env-web.ts'
import { VarveError } from '../base/errors.ts'
import type { Varve } from '../interface/types/interfaces.ts'
import { RemoteVarve } from './remote-varve.ts'
import { Wire, type WireOptions } from './wire.ts'

export type ClientOptions = WireOptions & {
  /** Sends requests; the one of the surroundings where none is given. */
  readonly fetch?: typeof globalThis.fetch
}

/**
 * Connects to a service: `connect('https://varve.example', { token })`. Nothing is sent before something is asked.
 * Throws `varve.error/url-unsupported`.
 */
export async function connect(url: string, options: ClientOptions = {}): Promise<Varve> {
  // The classes are written against plain data; what each query means for its types stands in interface/types alone.
  return connectRemote(url, options) as unknown as Varve
}

export function connectRemote(url: string, { fetch, ...options }: ClientOptions = {}): RemoteVarve {
  if (!/^https?:\/\/./.test(url)) throw urlUnsupported(url)
  return new RemoteVarve(new Wire(webEnv(fetch), url, options))
}

function urlUnsupported(url: string): VarveError {
  return new VarveError({
    code: 'varve.error/url-unsupported',
    kind: 'unsupported',
    message: `The client cannot connect to ${url}`,
    fix: 'Use http://HOST:PORT or https://HOST',
    data: { url },
  })
}
