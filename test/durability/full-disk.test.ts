// A disk that is really full, and a folder without rights: the server says so, lives on, loses nothing, and goes on
// when there is room. A small file system in memory is mounted for it, which takes Linux and root.

import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Env } from '../../src/base/env.ts'
import { fileFailed } from '../../src/base/file-errors.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { SimulatedMachine } from '../../src/testing/simulated-env.ts'
import { RunningVarve, TestFolder } from '../varve-process.ts'

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount()

it.skipIf(!canMount)(
  'a full disk: what was acknowledged is there, and room is used when there is some',
  async () => {
    using folder = new TestFolder()
    using mounted = smallDisk(join(folder.path, 'disk'), '8m')
    const filler = join(mounted.path, 'filler')
    writeFileSync(filler, new Uint8Array(4 << 20))
    await using server = new RunningVarve([
      'serve',
      '--data',
      join(mounted.path, 'data'),
      '--port',
      '0',
      '--write',
    ])
    const url = await server.url()
    const schema = '[{:db/ident :load/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]'
    await send(`${url}/v1/databases/load`, 'PUT', { schema })
    const acknowledged: number[] = []
    let refused: { readonly status: number; readonly body: unknown } | undefined
    for (let id = 0; id < 200 && refused === undefined; id++) {
      const tx = `[{:load/id ${id} :db/doc "${'x'.repeat(100_000)}"}]`
      const answer = await send(`${url}/v1/databases/load/transact`, 'POST', { tx })
      if (answer.status === 200) acknowledged.push(id)
      else refused = answer
    }
    const refusedId = acknowledged.length
    expect(acknowledged.length).toBeGreaterThan(5)
    expect(JSON.stringify(refused?.body)).toMatch(/varve\.error\/(disk-full|short-write)/)
    const ids = async (): Promise<readonly number[]> => {
      const query = '[:find [?id ...] :where [_ :load/id ?id]]'
      const { body } = await send(`${url}/v1/query`, 'POST', { query, database: 'load' })
      return (body as { readonly result: readonly number[] }).result.toSorted((x, y) => x - y)
    }
    expect(await ids()).toEqual(acknowledged)
    rmSync(filler)
    const answer = await send(`${url}/v1/databases/load/transact`, 'POST', { tx: '[{:load/id 1000}]' })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    // Of the one that was refused nobody can know whether its bytes had reached the disk before it was full.
    const found = (await ids()).filter((id) => id !== refusedId)
    expect(found).toEqual([...acknowledged, 1000])
  },
)

it('a folder without rights is said to be one, and nothing is left behind', async () => {
  const machine = new SimulatedMachine({ seed: 1 })
  const env = withoutRights(machine.startProcess())
  await machine.run(async () => {
    await expect(Catalog.openFolder(env, '/closed/data')).rejects.toMatchObject({
      code: 'varve.error/no-permission',
      kind: 'forbidden',
      data: { path: expect.stringContaining('/closed') },
    })
    expect(env.files.list('/closed')).toEqual([])
  })
})

/** A process that may look and not change: even root meets such file systems. */
function withoutRights(env: Env): Env {
  const refuse = (path: string): never => {
    throw fileFailed('change', path, Object.assign(new Error('EACCES'), { code: 'EACCES' }))
  }
  const { open } = env.files
  return {
    ...env,
    files: {
      ...env.files,
      makeFolder: refuse,
      open: (path, mode) => (mode === 'read' ? open(path, mode) : refuse(path)),
    },
  }
}

/** Mounted until it is disposed. */
function smallDisk(path: string, size: string): Disposable & { readonly path: string } {
  mkdirSync(path)
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  if (status !== 0) throw new Error(`the disk could not be mounted: ${String(stderr)}`)
  // Processes that still end hold it for a moment; lazily it goes when they have.
  return { path, [Symbol.dispose]: () => void spawnSync('umount', ['-l', path]) }
}

function tryMount(): boolean {
  using folder = new TestFolder()
  try {
    using _disk = smallDisk(join(folder.path, 'disk'), '1m')
    return true
  } catch {
    return false
  }
}

async function send(
  url: string,
  method: string,
  body: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() }
}
