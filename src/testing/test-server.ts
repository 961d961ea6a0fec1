// A service on a port of this machine, over databases in memory: what clients are tested against.

import { expect } from 'vitest'
import { LOCAL_CALLER, type Scope } from '../access/caller.ts'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine } from '../engine/create.ts'
import { InThreadRunner } from '../query/run-here.ts'
import { startServer, type ServerOptions } from '../service/server.ts'
import { SystemFolder } from '../service/system/system-folder.ts'
import { Tokens } from '../service/system/tokens.ts'
import { procedures } from './test-service.ts'

export type TestServer = AsyncDisposable & {
  readonly url: string
  /** A token with these scopes: from the first one on, nobody is answered without. */
  token(...scopes: readonly Scope[]): Promise<string>
}

/** Disposing it fails where the service met faults of its own. */
export async function startTestServer(options: Pick<ServerOptions, 'origins'> = {}): Promise<TestServer> {
  const env = nodeEnv()
  const catalog = Catalog.openMemory(env)
  const system = await SystemFolder.inMemory(env)
  const runner = new InThreadRunner(createEngine(env), env.clock)
  const faults: unknown[] = []
  const server = await startServer({
    catalog,
    runner,
    procedures,
    system,
    port: 0,
    ...options,
    version: '1.2.3',
    onFault: (error) => faults.push(error),
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    async token(...scopes) {
      const request = { caller: 'ada', roles: [], scopes, expiresAt: undefined, limits: {} }
      return (await new Tokens(env, system).create(request, LOCAL_CALLER)).text
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await catalog[Symbol.asyncDispose]()
      await system[Symbol.asyncDispose]()
      expect(faults).toEqual([])
    },
  }
}
