// What an assistant meets at POST /mcp: both ways of opening, the tools, their limits, and what is refused how.

import { beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import {
  audit,
  faults,
  freshServiceForEachTest,
  type Got,
  json,
  PRICES,
  send,
  serveAs,
  serveWith,
  shop,
  system,
} from '../../testing/test-service.ts'
import { TokenAccess } from '../access-control.ts'
import { Tokens } from '../system/tokens.ts'
import { PROTOCOL_VERSIONS } from './answer-mcp.ts'
import { TOOL_LIMITS, TOOLS } from './tools.ts'

freshServiceForEachTest()
beforeEach(shop)

const MODERN = '2026-07-28'
const ACCEPT = { accept: 'application/json, text/event-stream' }

type Result = {
  readonly content: readonly { readonly type: string; readonly text: string }[]
  readonly structuredContent: {
    readonly receipt?: { readonly id: string }
    readonly error?: { readonly code: string }
  } & Readonly<Record<string, unknown>>
  readonly isError: boolean
} & Readonly<Record<string, unknown>>
type Answer = {
  readonly id?: unknown
  readonly result?: Result
  readonly error?: { readonly code: number; readonly data?: unknown }
}

function post(body: unknown, headers: Readonly<Record<string, string>>): Promise<Got> {
  return send('POST', '/mcp', { body, headers: { ...ACCEPT, ...headers } })
}

/** As a client of the revision sends it. */
function request(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Got> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const name: Readonly<Record<string, string>> =
    typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}
  return post(
    { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta } },
    { 'mcp-protocol-version': MODERN, 'mcp-method': method, ...name, ...headers },
  )
}

const read = ({ text }: Got): Answer => JSON.parse(text) as Answer

async function call(name: string, given: object = {}, headers = {}): Promise<Result> {
  const { result } = read(await request('tools/call', { name, arguments: given }, headers))
  expect(JSON.parse(result!.content[0]!.text)).toEqual(result!.structuredContent)
  return result!
}

async function failure(name: string, given: object): Promise<string | undefined> {
  const { isError, structuredContent } = await call(name, given)
  expect(isError).toBe(true)
  return structuredContent.error?.code
}

describe('the protocol', () => {
  it('is discovered: revisions, capabilities, what to do first', async () => {
    expect(read(await request('server/discover'))).toMatchObject({
      id: 7,
      result: {
        resultType: 'complete',
        supportedVersions: PROTOCOL_VERSIONS,
        capabilities: { tools: {} },
        instructions: expect.stringContaining('list_databases'),
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'varve', version: '1.2.3' } },
      },
    })
  })

  it('is opened with a handshake by revisions before, which are offered the newest of them', async () => {
    const initialize = (protocolVersion: string): Promise<Got> =>
      post(
        { jsonrpc: '2.0', id: 'a', method: 'initialize', params: { protocolVersion, capabilities: {} } },
        {},
      )
    const offered = async (version: string): Promise<unknown> =>
      read(await initialize(version)).result!['protocolVersion']
    expect(await offered('2025-06-18')).toBe('2025-06-18')
    expect(await offered('2025-11-25')).toBe('2025-11-25')
    expect(await offered('2024-11-05')).toBe('2025-11-25')
    const headers = { 'mcp-protocol-version': '2025-06-18' }
    const ready = await post({ jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
    expect([ready.status, ready.text]).toEqual([202, ''])
    expect(read(await post({ jsonrpc: '2.0', id: 1, method: 'ping' }, headers))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      result: {},
    })
    const called = { name: 'list_databases', arguments: {} }
    const { result } = read(
      await post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: called }, headers),
    )
    expect(result).toMatchObject({ isError: false, structuredContent: { databases: [{ name: 'shop' }] } })
    expect(result).not.toHaveProperty('resultType')
    const unknown = await post({ jsonrpc: '2.0', id: 3, method: 'prompts/list' }, headers)
    expect([unknown.status, read(unknown).error?.code]).toEqual([200, -32601])
  })

  it('refuses what is no single message', async () => {
    const headers = { 'mcp-protocol-version': MODERN }
    const codeOf = async (body: unknown): Promise<unknown> => {
      const got = await post(body, headers)
      return [got.status, read(got).error?.code]
    }
    expect(await codeOf('{')).toEqual([400, -32700])
    expect(await codeOf('1')).toEqual([400, -32600])
    expect(await codeOf([{ jsonrpc: '2.0', id: 1, method: 'ping' }])).toEqual([400, -32600])
    expect(await codeOf({ id: 1, method: 'ping' })).toEqual([400, -32600])
    expect(await codeOf({ jsonrpc: '2.0', id: 1, result: {} })).toEqual([400, -32600])
    expect(await codeOf({ jsonrpc: '2.0', id: null, method: 'ping' })).toEqual([400, -32600])
    expect(await codeOf({ jsonrpc: '2.0', id: 1, method: 'ping', params: [] })).toEqual([400, -32602])
  })

  it('goes by headers only where the body says the same', async () => {
    const codeOf = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const got = await request('tools/call', { name: 'list_databases' }, headers)
      return [got.status, read(got).error?.code]
    }
    expect(await codeOf({ 'mcp-method': 'tools/list' })).toEqual([400, -32020])
    expect(await codeOf({ 'mcp-name': 'query' })).toEqual([400, -32020])
    expect(await codeOf({ 'mcp-name': `=?base64?${btoa('query')}?=` })).toEqual([400, -32020])
    expect(await codeOf({ 'mcp-name': `=?base64?${btoa('list_databases')}?=` })).toEqual([200, undefined])
    const bare = await post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, {})
    expect([bare.status, read(bare).error?.code]).toEqual([400, -32020])
    const meta = await post(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/list' },
    )
    expect([meta.status, read(meta).error?.code]).toEqual([400, -32602])
    const old = await post(
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { 'mcp-protocol-version': '2025-03-26' },
    )
    expect([old.status, read(old).error]).toMatchObject([
      400,
      { code: -32022, data: { supported: PROTOCOL_VERSIONS, requested: '2025-03-26' } },
    ])
  })

  it('knows no more methods than it needs', async () => {
    const ping = await request('ping')
    expect([ping.status, read(ping).error?.code]).toEqual([404, -32601])
    expect(read(await request('tools/call', { name: 'delete' })).error?.code).toBe(-32602)
    expect(read(await request('tools/call', { name: 'query', arguments: [] })).error?.code).toBe(-32602)
    expect(read(await request('tools/list', { cursor: '2' })).error?.code).toBe(-32602)
    expect((await send('GET', '/mcp')).status).toBe(405)
    expect((await send('DELETE', '/mcp')).status).toBe(405)
    const edn = await send('POST', '/mcp', { body: '{}', headers: { 'content-type': 'application/edn' } })
    expect(edn.status).toBe(415)
  })

  it('answers no page of elsewhere', async () => {
    const foreign = await request('tools/list', {}, { origin: 'https://evil.example' })
    expect([foreign.status, foreign.text]).toEqual([403, expect.stringContaining('origin-refused')])
    const own = { origin: 'http://localhost:3000' }
    expect((await request('tools/list', {}, own)).status).toBe(200)
    serveAs({ isLoopback: false })
    expect((await request('tools/list', {}, own)).status).toBe(403)
    serveAs({ isLoopback: false, origins: new Set([own.origin]) })
    expect((await request('tools/list', {}, own)).status).toBe(200)
    expect((await request('tools/list')).status).toBe(200)
  })
})

describe('tools', () => {
  it('are listed with what they take, and only read', async () => {
    const { result } = read(await request('tools/list'))
    const tools = result!['tools'] as readonly (typeof TOOLS)[number][]
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name))
    expect(tools).toContainEqual({
      name: 'pull',
      title: 'Pull an entity',
      description: expect.any(String),
      annotations: { readOnlyHint: true, openWorldHint: false },
      inputSchema: {
        type: 'object',
        properties: expect.objectContaining({
          database: { type: 'string', description: expect.any(String) },
        }),
        required: ['database', 'pattern', 'eid'],
        additionalProperties: false,
      },
    })
    expect(TOOLS.every(({ route }) => route.scope === 'query')).toBe(true)
  })

  it('ask what the routes ask, with columns, basis and a receipt that can be fetched', async () => {
    const { isError, structuredContent } = await call('query', { query: PRICES, asOf: 1, database: 'shop' })
    expect(isError).toBe(false)
    expect(structuredContent).toMatchObject({
      result: [
        ['pot', 900],
        ['tea', 450],
      ],
      columns: [{ name: '?id' }, { name: '?price' }],
      basis: { shop: 1 },
    })
    await audit.settled()
    expect(await json('GET', `/v1/receipts/${structuredContent.receipt!.id}`)).toEqual({
      receipt: structuredContent.receipt,
    })
  })

  it('take numbers as they are written', async () => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': MODERN,
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const given = '{"query":"[:find ?n ?d :in ?n ?d]","args":[9007199254740993,2.0],"limit":1}'
    const params = `{"name":"query","arguments":${given},"_meta":${JSON.stringify(_meta)}}`
    const { text, headers } = await post(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`,
      { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'query' },
    )
    expect(text).toContain('"structuredContent":{"result":[[{"#long":"9007199254740993"},2.0]]')
    expect(headers['varve-receipt-id']).toBe(read({ text } as Got).result!.structuredContent.receipt!.id)
    const twice = await post('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', {})
    expect([twice.status, read(twice).error?.code]).toEqual([400, -32700])
  })

  it('read schemas and entities, explain, and run saved queries', async () => {
    expect((await call('database_schema', { database: 'sh' })).structuredContent).toMatchObject({
      schema: expect.arrayContaining([expect.objectContaining({ ':db/ident': { '#kw': 'item/price' } })]),
    })
    const pulled = await call('pull', { database: 'sh', pattern: '[:item/price]', eid: [':item/id', 'tea'] })
    expect(JSON.stringify(pulled.structuredContent['result'])).toContain('450')
    expect((await call('explain', { query: PRICES })).structuredContent).toMatchObject({
      explain: { mode: 'run', rowCount: 2 },
    })
    await json('PUT', '/v1/queries/price', {
      query: '[:find ?price . :in $ ?id :where [?i :item/id ?id] [?i :item/price ?price]]',
      database: 'shop',
      tags: ['prices'],
    })
    expect((await call('list_saved_queries', { tag: 'prices' })).structuredContent).toMatchObject({
      queries: [{ name: 'price' }],
    })
    expect((await call('list_saved_queries', { tag: 'none' })).structuredContent).toEqual({ queries: [] })
    const run = await call('run_saved_query', { name: 'price', arguments: { id: 'pot' } })
    expect(run.structuredContent).toMatchObject({ result: 900 })
  })

  it('tell what is wrong and what to do', async () => {
    expect(await failure('query', { query: '[:find ?x :where [$sh ?x :item/idd]]' })).toBe(
      'db.error/not-an-entity',
    )
    expect(await failure('query', { query: PRICES, explain: true })).toBe('varve.error/field-unknown')
    expect(await failure('query', { query: PRICES, limit: 1_001 })).toBe('varve.error/field-invalid')
    expect(await failure('database_schema', {})).toBe('varve.error/field-invalid')
    expect(await failure('database_schema', { database: 'shoop' })).toBe('varve.error/database-unknown')
  })

  it('answer little: a hundred rows, and no more bytes than can be read', async () => {
    const tx = Array.from({ length: 150 }, (_, i) => ({ 'item/id': `i${i}`, 'item/price': i }))
    await json('POST', '/v1/databases/shop/transact', { tx })
    const few = (await call('query', { query: PRICES })).structuredContent
    expect(few).toMatchObject({ truncated: true })
    expect(few['result']).toHaveLength(TOOL_LIMITS.rowCount)
    const all = (await call('query', { query: PRICES, limit: 1_000 })).structuredContent
    expect(all['result']).toHaveLength(152)
    expect(all).not.toHaveProperty('truncated')
    const id = 'x'.repeat(TOOL_LIMITS.answerBytesMax)
    await json('POST', '/v1/databases/shop/transact', { tx: [{ 'item/id': id }] })
    expect(await failure('query', { query: '[:find ?id :where [$sh _ :item/id ?id]]', limit: 200 })).toBe(
      'varve.error/answer-too-large',
    )
  })

  it('show nothing of a fault', async () => {
    const fail = (): Promise<never> => Promise.reject(new TypeError('secret detail'))
    serveWith(
      {},
      {
        warm: () => undefined,
        run: fail,
        write: fail,
        explain: fail,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
    )
    const { isError, content } = await call('query', { query: PRICES })
    expect([isError, content[0]!.text]).toEqual([true, expect.not.stringContaining('secret')])
    expect(faults.splice(0)).toEqual([new TypeError('secret detail')])
  })

  it('show a caller what grants show, no more', async () => {
    serveWith({}, undefined, new TokenAccess(new Tokens(nodeEnv(), system), { isLoopback: true }))
    const made = (await json('POST', '/v1/tokens', { caller: 'root', scopes: ['manage', 'query'] })) as {
      readonly token: string
    }
    const authorization = `Bearer ${made.token}`
    const sent = { body: { caller: 'ada' }, headers: { authorization } }
    const { token } = JSON.parse((await send('POST', '/v1/tokens', sent)).text) as { readonly token: string }
    const ada = { authorization: `Bearer ${token}` }
    expect((await call('list_databases', {}, ada)).structuredContent).toEqual({ databases: [] })
    const body = { principal: 'ada', database: 'shop', attributes: [':item/id'] }
    expect((await send('POST', '/v1/grants', { body, headers: { authorization } })).status).toBe(201)
    const names = await call('query', { query: '[:find ?id :where [$sh _ :item/id ?id]]' }, ada)
    expect(names.structuredContent['result']).toEqual([['pot'], ['tea']])
    const prices = await call('query', { query: PRICES }, ada)
    expect(prices.structuredContent.error?.code).toBe('db.error/not-an-entity')
    expect((await request('tools/list')).status).toBe(401)
  })
})
