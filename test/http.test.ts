// HTTP as a client meets it: a server process and real sockets. What each route takes and answers stands in
// src/service/handler.test.ts; here is what only a network shows.

import { request as httpRequest } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RunningVarve, TestFolder, varve } from './varve-process.ts'

const folder = new TestFolder()
const data = join(folder.path, 'data')
let server: RunningVarve
let url: string

beforeAll(async () => {
  server = new RunningVarve(['dev', '--data', data, '--port', '0', '--empty'])
  url = await server.url()
  const schema = `[{:db/ident :item/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
    {:db/ident :item/text :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`
  await send('PUT', '/v1/databases/items', { schema, alias: 'it' })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

type Got = { readonly status: number; readonly body: unknown }

async function send(
  method: string,
  path: string,
  body?: object | string,
  signal?: AbortSignal,
): Promise<Got> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
    ...(signal && { signal }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

/** The status line and the rest of what comes back for these bytes, until the server closes. */
function raw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname, () => socket.write(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
}

/** A query that takes as long as one lets it. */
function endless(): string {
  const numbers = Array.from({ length: 2_000 }, (_, i) => i).join(' ')
  const many = (name: string): string => `[(ground [${numbers}]) [${name} ...]]`
  // No row is left at the end, so no bound on rows ends it either.
  return `[:find ?sum :where [$it _ :db/ident] ${many('?x')} ${many('?y')} ${many('?z')} [(+ ?x ?y ?z) ?sum] [(< ?sum 0)]]`
}

const metrics = async (): Promise<string> => (await fetch(`${url}/metrics`)).text()

describe('a server', () => {
  it('answers many requests on one connection', async () => {
    const request = (connection: string): string =>
      `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: ${connection}\r\n\r\n`
    const answers = await raw(request('keep-alive') + request('keep-alive') + request('close'))
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3)
    expect(answers.match(/\{"status":"ok"\}/g)).toHaveLength(3)
  })

  it('answers HEAD like GET, without the body', async () => {
    const answer = await raw('HEAD /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(answer).toMatch(/content-length: 15\r\n/)
    expect(answer).toMatch(/\r\n\r\n$/)
  })

  it('refuses the Host of a name that was bound to loopback, and pages of other sites', async () => {
    const rebound = await raw('GET /v1/databases HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(rebound).toMatch(/^HTTP\/1\.1 403 /)
    expect(rebound).toContain('varve.error/host-refused')
    const foreign = await raw(
      'GET /v1/databases HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nConnection: close\r\n\r\n',
    )
    expect(foreign).toContain('varve.error/origin-refused')
    // A form of another site can be sent without asking first, but not as JSON.
    const form = await fetch(`${url}/v1/databases/items/transact`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{"tx": []}',
    })
    expect([form.status, await form.text()]).toEqual([
      415,
      expect.stringContaining('content-type-unsupported'),
    ])
  })

  it('refuses bodies that are too large, declared or not, and too deep ones', async () => {
    const large = `{"query": "${'x'.repeat(17 << 20)}"}`
    expect(await send('POST', '/v1/query', large)).toMatchObject({
      status: 413,
      body: { error: { code: 'varve.error/body-too-large' } },
    })
    const chunked = await fetch(`${url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([large]).stream(),
      duplex: 'half',
    })
    expect(chunked.status).toBe(413)
    const deep = `{"query": ${'['.repeat(200)}${']'.repeat(200)}}`
    expect(await send('POST', '/v1/query', deep)).toMatchObject({
      status: 400,
      body: { error: { code: 'varve.error/notation-limit' } },
    })
    expect(await send('GET', '/healthz')).toMatchObject({ status: 200 })
  })

  it('refuses a value that is too long, and nothing of its transaction is written', async () => {
    const before = await send('GET', '/v1/databases/items')
    const tx = [{ 'item/id': 1 }, { 'item/id': 2, 'item/text': 'x'.repeat(9 << 20) }]
    expect(await send('POST', '/v1/databases/items/transact', { tx })).toMatchObject({
      status: 400,
      body: { error: { code: 'varve.error/notation-limit', data: { place: { line: 1 } } } },
    })
    expect(await send('GET', '/v1/databases/items')).toEqual(before)
  })

  it('serves others while one client sends slowly', async () => {
    const { hostname, port } = new URL(url)
    const slow = connectSocket(Number(port), hostname)
    slow.write(
      'POST /v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"que',
    )
    for (let i = 0; i < 5; i++) expect((await send('GET', '/healthz')).status).toBe(200)
    slow.destroy()
  })

  it('gives a query up when its time is over', async () => {
    expect(await send('POST', '/v1/query', { query: endless(), timeoutMs: 100 })).toMatchObject({
      status: 504,
      body: { error: { code: 'varve.error/query-timeout', kind: 'interrupted' } },
    })
  })

  it('cancels the query of a client that goes away', async () => {
    const gone = new AbortController()
    const asked = send('POST', '/v1/query', { query: endless() }, gone.signal)
    await new Promise((resolve) => setTimeout(resolve, 300))
    gone.abort()
    await expect(asked).rejects.toThrow('aborted')
    // Both workers answer again: neither is still at it.
    const quick = { query: '[:find (count ?x) . :where [$it ?x :db/ident :item/id]]', timeoutMs: 20_000 }
    for (const answer of await Promise.all([1, 2].map(() => send('POST', '/v1/query', quick))))
      expect(answer).toMatchObject({ status: 200, body: { result: 1 } })
    expect(await metrics()).toContain('route="/v1/query",status="499"')
    expect(server.stderr).toBe('')
  })

  it('takes transactions beside heavy queries, and answers what it acknowledged', async () => {
    const going = new AbortController()
    const heavy = [1, 2].map(() =>
      send('POST', '/v1/query', { query: endless() }, going.signal).catch(() => 'ended'),
    )
    const acknowledged: number[] = []
    for (let id = 100; id < 130; id++) {
      const { status, body } = await send('POST', '/v1/databases/items/transact', { tx: [{ 'item/id': id }] })
      expect(status).toBe(200)
      acknowledged.push((body as { readonly t: number }).t)
    }
    going.abort()
    expect(await Promise.all(heavy)).toEqual(['ended', 'ended'])
    expect(acknowledged).toEqual(acknowledged.map((_, i) => acknowledged[0]! + i))
    const ids = '[:find (count ?id) . :where [$it _ :item/id ?id] [(<= 100 ?id 129)]]'
    expect(await send('POST', '/v1/query', { query: ids })).toMatchObject({ body: { result: 30 } })
  })

  it('answers many at once, each with a basis that can be asked again', async () => {
    const query = '[:find (max ?id) . :where [$it _ :item/id ?id]]'
    const writing = Array.from({ length: 20 }, (_, i) =>
      send('POST', '/v1/databases/items/transact', { tx: [{ 'item/id': 1_000 + i }] }),
    )
    const asked = await Promise.all(Array.from({ length: 20 }, () => send('POST', '/v1/query', { query })))
    for (const { status } of await Promise.all(writing)) expect(status).toBe(200)
    for (const { body } of asked) {
      const { basis, result } = body as { readonly basis: object; readonly result: unknown }
      expect(await send('POST', '/v1/query', { query, cursors: basis })).toMatchObject({
        body: { result, basis },
      })
    }
  })

  it('answers of the new database when one of the same name is made again', async () => {
    const schema = '[{:db/ident :a/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]'
    const query = '[:find [?n ...] :where [$again _ :a/n ?n]]'
    for (const n of [1, 2, 3]) {
      await send('PUT', '/v1/databases/again', { schema })
      await send('POST', '/v1/databases/again/transact', { tx: [{ 'a/n': n }] })
      expect(await send('POST', '/v1/query', { query })).toMatchObject({ status: 200, body: { result: [n] } })
      await send('DELETE', '/v1/databases/again?confirm=again')
      expect(await send('POST', '/v1/query', { query })).toMatchObject({ status: 404 })
    }
  })

  it('sends a long answer as fast as it is read, and lets go of it when its client goes', async () => {
    const numbers = Array.from({ length: 400 }, (_, i) => i).join(' ')
    const many = (name: string): string => `[(ground [${numbers}]) [${name} ...]]`
    const query = `[:find ?x ?text :where [$it _ :db/ident :item/id] ${many('?x')} ${many('?y')} [(str "${'long '.repeat(40)}" ?y) ?text]]`
    const waitingBytes = async (): Promise<number> =>
      Number(/^varve_http_waiting_answer_bytes (\d+)$/m.exec(await metrics())![1])
    const { hostname, port } = new URL(url)
    const body = JSON.stringify({ query })
    const head = `POST /v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    const socket = connectSocket(Number(port), hostname, () => socket.write(head + body))
    await new Promise((resolve) => socket.once('readable', resolve))
    // It holds what the connection has not taken, and nothing goes on while nobody reads.
    expect(await waitingBytes()).toBeGreaterThan(10_000_000)
    const { status } = await send('GET', '/healthz')
    expect(status).toBe(200)
    socket.destroy()
    while ((await waitingBytes()) > 0) await send('GET', '/healthz')
    const { body: whole } = await send('POST', '/v1/query', { query })
    expect((whole as { result: unknown[] }).result).toHaveLength(160_000)
    expect(await waitingBytes()).toBe(0)
  })

  it('is read by other processes while it writes', async () => {
    const count = '[:find (count ?id) . :where [$it _ :item/id ?id]]'
    for (let id = 2_000; id < 2_003; id++) {
      await send('POST', '/v1/databases/items/transact', { tx: [{ 'item/id': id }] })
      const { body } = await send('POST', '/v1/query', { query: count })
      const read = await varve(['q', '--data', data, count])
      expect(read).toMatchObject({ code: 0, stderr: '' })
      expect(Number(read.stdout)).toBe((body as { readonly result: number }).result)
    }
  })

  it('finishes what it is answering before it ends', async () => {
    const agent = httpRequest(`${url}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    const answered = new Promise<number | undefined>((resolve, reject) => {
      agent.on('response', (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
      agent.on('error', reject)
    })
    agent.end(JSON.stringify({ query: endless(), timeoutMs: 1_000 }))
    await server.printed(/answers until/)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const ended = server.stop('SIGTERM')
    expect(await answered).toBe(504)
    expect(await ended).toBe(0)
  })
})
