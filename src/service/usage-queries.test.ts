// What the service knows of itself, of all its processes at once.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { nodeEnv } from '../base/env-node.ts'
import { Catalog } from '../database/catalog.ts'
import { createEngine } from '../engine/create.ts'
import { InThreadRunner } from '../query/run-here.ts'
import { procedures } from '../testing/test-service.ts'
import { startServer } from './server.ts'
import { SavedQueries } from './system/saved-queries.ts'
import { SystemFolder } from './system/system-folder.ts'
import { saveUsageQueries, USAGE_QUERIES } from './system/usage-queries.ts'

const env = nodeEnv()

it('tells of every process what was asked of it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'varve-usage-'))
  try {
    await using data = await Catalog.openFolder(env, join(folder, 'data'))
    await data.create('shop')
    await using first = await startProcess(folder)
    await using second = await startProcess(folder)
    for (const { url, count } of [
      { url: first.url, count: 2 },
      { url: second.url, count: 3 },
    ])
      for (let i = 0; i < count; i++)
        await post(`${url}/v1/query`, { query: '[:find ?e :where [$shop ?e :db/ident :db/doc]]' })
    await second.ended()
    const run = async (name: string, body: object): Promise<readonly (readonly unknown[])[]> =>
      ((await post(`${first.url}/v1/queries/${encodeURIComponent(name)}/run`, body)) as Answer).result
    const asked = async (body: object = {}): Promise<unknown> =>
      (await run('usage/questions', body)).find(([, text]) => String(text).includes(':db/doc'))?.[2]
    await first.ended()
    expect(await asked()).toBe(5)
    expect(await asked({ database: 'audit-2' })).toBe(3)
    expect(await run('usage/readers', { arguments: { attribute: 'shop/:db/ident' } })).toEqual([
      ['local', '', 5],
    ])
    expect((await run('usage/callers', {}))[0]).toMatchObject([
      'local',
      expect.any(Number),
      expect.any(Number),
    ])
    expect(await run('usage/errors', {})).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it('is saved anew where only the service itself has saved it', async () => {
  await using system = await SystemFolder.inMemory(env)
  const queries = new SavedQueries(env, system)
  const [mine, theirs, over] = ['usage/callers', 'usage/errors', 'usage/readers']
  for (const name of [mine, theirs, over])
    await queries.save(name, { ...USAGE_QUERIES[name]!, database: 'audit-1' }, 'varve')
  await queries.save(theirs, { ...USAGE_QUERIES[theirs]!, database: 'audit-7' }, 'ada')
  await queries.retire(over)
  await saveUsageQueries(queries)
  await saveUsageQueries(queries)
  const told = await Promise.all(
    [mine, theirs, over].map(async (name) => {
      const { versions, retiredAt } = await queries.get(name)
      return [versions.length, versions.at(-1)!.database, retiredAt !== undefined]
    }),
  )
  expect(told).toEqual([
    [2, 'audit-*', false],
    [2, 'audit-7', false],
    [1, 'audit-1', true],
  ])
})

type Answer = { readonly result: readonly (readonly unknown[])[] }
type Process = AsyncDisposable & {
  readonly url: string
  /** Once the outcomes of all that was asked of it are written. */
  ended(): Promise<void>
}

async function startProcess(folder: string): Promise<Process> {
  const systemFolder = join(folder, 'system')
  const system = await SystemFolder.open(env, systemFolder)
  const catalog = await Catalog.openFolder(env, join(folder, 'data'), {
    isReadOnly: true,
    followedFolders: [systemFolder],
  })
  const faults: unknown[] = []
  const server = await startServer({
    catalog,
    runner: new InThreadRunner(createEngine(env), env.clock),
    procedures,
    system,
    port: 0,
    version: '1.2.3',
    onFault: (error) => faults.push(error),
  })
  const url = `http://127.0.0.1:${server.port}`
  return {
    url,
    async ended() {
      for (let isOpen = true; isOpen;) {
        const { audits } = (await (await fetch(`${url}/v1/audit/verify`)).json()) as {
          readonly audits: readonly { readonly unknownCount: number }[]
        }
        isOpen = audits.some(({ unknownCount }) => unknownCount > 0)
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await catalog[Symbol.asyncDispose]()
      await system[Symbol.asyncDispose]()
      expect(faults).toEqual([])
    },
  }
}

async function post(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  expect([response.status, text]).toEqual([200, text])
  return JSON.parse(text)
}
