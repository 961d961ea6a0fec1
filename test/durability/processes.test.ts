// Real processes over real folders: killed under load, stopped and replaced, two at once, and readers that stand
// still while the index is replaced under them.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { TINY_INDEXING } from '../../src/testing/simulated-storage.ts'
import { RunningVarve, TestFolder, varve } from '../varve-process.ts'

const SCHEMA = `[{:db/ident :load/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one
  :db/unique :db.unique/identity}
 {:db/ident :load/text :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`

type Answer = { readonly status: number; readonly body: Record<string, unknown> }

async function post(url: string, body: object, method = 'POST'): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

function transact(url: string, id: number): Promise<Answer> {
  const tx = `[{:load/id ${id} :load/text "${'x'.repeat(id % 300)}"}]`
  return post(`${url}/v1/databases/load/transact`, { tx })
}

async function idsAt(url: string): Promise<ReadonlySet<unknown>> {
  const query = '[:find [?id ...] :where [_ :load/id ?id]]'
  const { status, body } = await post(`${url}/v1/query`, { query, database: 'load' })
  expect(status, JSON.stringify(body)).toBe(200)
  return new Set(body['result'] as readonly unknown[])
}

function serve(folder: string, ...options: readonly string[]): RunningVarve {
  return new RunningVarve(['serve', '--data', folder, '--port', '0', '--write', ...options])
}

/** Sends one transaction after another until the server is gone; adds what it acknowledged. */
async function load(url: string, next: () => number, acknowledged: Map<number, number>): Promise<void> {
  for (;;) {
    const id = next()
    const answer = await transact(url, id).catch(() => undefined)
    if (answer === undefined) return
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    acknowledged.set(id, Number(answer.body['t']))
  }
}

describe('a server under load', () => {
  it('has every acknowledged transaction after each kill -9, at its t (I7)', async () => {
    using folder = new TestFolder()
    const data = join(folder.path, 'data')
    const acknowledged = new Map<number, number>()
    let lastId = 0
    for (let round = 0; round < 5; round++) {
      await using server = serve(data)
      const url = await server.url()
      if (round === 0) await post(`${url}/v1/databases/load`, { schema: SCHEMA }, 'PUT')
      const found = await idsAt(url)
      for (const id of acknowledged.keys()) expect(found.has(id), `${id} was acknowledged`).toBe(true)
      for (const id of found) expect(Number(id), 'nothing is invented').toBeLessThanOrEqual(lastId)
      const before = acknowledged.size
      const callers = Array.from({ length: 8 }, () => load(url, () => ++lastId, acknowledged))
      // Killed by what it did, not by the clock: after some more acknowledgements than in the last round.
      while (acknowledged.size < before + 40 + 37 * round)
        await transact(url, ++lastId).then(({ status }) => expect(status).toBe(200))
      server.child.kill('SIGKILL')
      expect(await server.ended).toBe('SIGKILL')
      await Promise.all(callers)
    }
    const catalog = await Catalog.openFolder(nodeEnv(), data, { isReadOnly: true })
    const connection = await catalog.connection('load')
    const { facts } = connection.value()
    const attribute = [...facts.schema.attributes()].find(({ ident }) => ident.text === 'load/id')!.id
    for (const [id, t] of acknowledged) {
      expect([...facts.match(undefined, attribute, id)].map((datom) => datom.t)).toEqual([t])
    }
    expect(acknowledged.size).toBeGreaterThan(500)
    await catalog[Symbol.asyncDispose]()
    const { code, stdout, stderr } = await varve(['check', '--data', data])
    expect(code, stdout + stderr).toBe(0)
  })

  it('acknowledges nothing more when it was stopped, replaced and continued (I4)', async () => {
    using folder = new TestFolder()
    const data = join(folder.path, 'data')
    await using stale = serve(data)
    const staleUrl = await stale.url()
    await post(`${staleUrl}/v1/databases/load`, { schema: SCHEMA }, 'PUT')
    expect((await transact(staleUrl, 1)).status).toBe(200)
    stale.child.kill('SIGSTOP')
    const second = await varve(['serve', '--data', data, '--port', '0', '--write'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(String(stale.child.pid))
    await using successor = serve(data, '--take-over')
    const url = await successor.url()
    expect((await transact(url, 2)).status).toBe(200)
    stale.child.kill('SIGCONT')
    for (const id of [3, 4]) {
      const { status, body } = await transact(staleUrl, id)
      expect(status).toBe(409)
      expect(body).toMatchObject({ error: { code: 'varve.error/writer-fenced' } })
    }
    expect((await transact(url, 5)).status).toBe(200)
    expect(await idsAt(url)).toEqual(new Set([1, 2, 5]))
  })

  it('refuses a second writer with the name of the first (I4)', async () => {
    using folder = new TestFolder()
    const data = join(folder.path, 'data')
    await using server = serve(data)
    const url = await server.url()
    await post(`${url}/v1/databases/load`, { schema: SCHEMA }, 'PUT')
    const second = await varve(['transact', '[{:load/id 1}]', '--data', data, '--database', 'load'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('folder-locked')
    expect(second.stderr).toContain(String(server.child.pid))
    // Readers need no lock.
    const query = ['q', '[:find (count ?e) . :where [?e :db/ident]]', '--data', data, '--database', 'load']
    expect((await varve(query)).code).toBe(0)
  })
})

describe('a reading process', () => {
  it('answers as before when it stood still through index generations and a garbage collection (I3)', async () => {
    using folder = new TestFolder()
    const data = join(folder.path, 'data')
    const env = nodeEnv()
    await using catalog = await Catalog.openFolder(env, data, { indexing: TINY_INDEXING })
    await catalog.create('load', { schema: readEdn(SCHEMA).value })
    const writer = await catalog.writer('load')
    const add = (id: number, text: string) =>
      writer.transact({ tx: readEdn(`[{:load/id ${id} :load/text "${text}"}]`).value })
    for (let id = 0; id < 40; id++) await add(id, 'first')
    await writer.index()
    const { basisT } = writer.value()
    await using reader = new RunningVarve(['serve', '--data', data, '--port', '0'])
    const url = await reader.url()
    const query = '[:find ?id ?text :where [?e :load/id ?id] [?e :load/text ?text]]'
    const ask = () => post(`${url}/v1/query`, { query, cursors: { load: basisT }, database: 'load' })
    const before = await ask()
    expect(before.body['result']).toHaveLength(40)
    reader.child.kill('SIGSTOP')
    const segments = join(data, 'load/index/segments')
    const old = new Set(readdirSync(segments))
    for (let generation = 0; generation < 4; generation++) {
      for (let id = 0; id < 60; id += 1 + generation) await add(id, `later ${generation}`)
      await writer.index()
    }
    // What never changes stays; all else that the reader had opened is gone.
    const left = readdirSync(segments).filter((name) => old.has(name))
    expect(left.length).toBeLessThan(old.size - 3)
    reader.child.kill('SIGCONT')
    const after = await ask()
    expect(after.status, JSON.stringify(after.body)).toBe(200)
    expect(sorted(after.body['result'])).toEqual(sorted(before.body['result']))
    expect((await idsAt(url)).size).toBe(60)
  })
})

describe('a folder', () => {
  it('with something else in it, or of another version, is refused and left alone', async () => {
    using folder = new TestFolder()
    const foreign = join(folder.path, 'foreign')
    mkdirSync(foreign)
    writeFileSync(join(foreign, 'letter.txt'), 'dear')
    const first = await varve(['serve', '--data', foreign, '--port', '0', '--write'])
    expect(first.code).toBe(1)
    expect(first.stderr).toContain('foreign-folder')
    expect(readdirSync(foreign)).toEqual(['letter.txt'])
    const later = join(folder.path, 'later')
    mkdirSync(later)
    writeFileSync(join(later, 'varve.json'), '{"format":"varve","version":99}\n')
    const second = await varve(['q', '[:find ?e :where [?e :db/ident]]', '--data', later])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('format-unknown')
    expect(readFileSync(join(later, 'varve.json'), 'utf8')).toContain('99')
  })

  it('with a file that was cut or changed says so, on opening, on reading or in varve check (I8)', async () => {
    using folder = new TestFolder()
    const data = join(folder.path, 'data')
    await using server = serve(data)
    const url = await server.url()
    await post(`${url}/v1/databases/load`, { schema: SCHEMA }, 'PUT')
    for (let id = 0; id < 30; id++) await transact(url, id)
    expect(await server.stop()).toBe(0)
    const clean = await varve(['check', '--data', data])
    expect(clean.code, clean.stderr).toBe(0)
    const log = join(
      data,
      'load/log',
      readdirSync(join(data, 'load/log')).find((name) => name.endsWith('.log'))!,
    )
    const bytes = readFileSync(log)
    for (const harm of [flipped(bytes, bytes.byteLength - 40), flipped(bytes, 700), bytes.subarray(0, -9)]) {
      writeFileSync(log, harm)
      const checked = await varve(['check', '--data', data])
      expect(checked.code, checked.stdout + checked.stderr).toBe(1)
      const written = await varve(['transact', '[{:load/id 99}]', '--data', data, '--database', 'load'])
      expect(written.code).toBe(1)
      expect(written.stderr).toContain('log-corrupt')
      expect(readFileSync(log).equals(harm)).toBe(true)
    }
    writeFileSync(log, bytes)
    expect((await varve(['check', '--data', data])).code).toBe(0)
  })
})

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const harmed = Uint8Array.from(bytes)
  harmed[at]! ^= 4
  return harmed
}

function sorted(rows: unknown): string[] {
  return (rows as readonly unknown[]).map((row) => JSON.stringify(row)).sort()
}
