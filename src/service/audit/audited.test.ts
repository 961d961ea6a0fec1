// I11: every question leaves its intent before its answer leaves, and its outcome after; refused where it cannot be written.

import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import {
  audit,
  auditWriter,
  freshServiceForEachTest,
  json,
  PRICES,
  problem,
  send,
  shop,
} from '../../testing/test-service.ts'
import { ROUTES } from '../routes.ts'
import { verifyAudit } from './verify.ts'

freshServiceForEachTest()

const env = nodeEnv()

type Intent = Readonly<Record<string, unknown>>

/** All that was asked, in order. */
async function intents(): Promise<readonly Intent[]> {
  await audit.settled()
  const { facts } = auditWriter.value()
  const found = new Map<number, Record<string, unknown>>()
  for (const { e, a, v } of facts.match(undefined, undefined, undefined)) {
    const name = facts.schema.attribute(a)!.ident.text
    if (!/^(intent|outcome|question)\//.test(name)) continue
    const entity = found.get(e) ?? {}
    found.set(e, entity)
    const held = entity[name]
    entity[name] = held === undefined ? v : [held, v].flat()
  }
  return [...found.values()]
    .filter((entity) => 'intent/seq' in entity)
    .sort((x, y) => Number(x['intent/seq']) - Number(y['intent/seq']))
    .map((entity) => ({ ...found.get(Number(entity['intent/question'])), ...entity }))
}

describe('what is asked', () => {
  it('is written down: who, what, of which facts, when, and how it ended', async () => {
    await shop()
    await send('POST', '/v1/query', { body: { query: PRICES }, headers: { 'varve-purpose': 'billing' } })
    await json('POST', '/v1/pull', { database: 'sh', pattern: '[:item/price]', eid: [':item/id', 'tea'] })
    await json('GET', '/v1/databases/shop/log?from=1')
    await json('POST', '/v1/query', { query: PRICES, explain: true })
    expect(await intents()).toMatchObject([
      {
        'question/action': 'query',
        'question/attributes': ['shop/:item/id', 'shop/:item/price'],
        'intent/caller': 'local',
        'intent/caller-kind': 'local',
        'intent/purpose': 'billing',
        'intent/args': '[]',
        'intent/basis': '{"shop" 1}',
        'outcome/end': 'answered',
        'outcome/rows': 2,
      },
      { 'question/action': 'pull', 'question/attributes': 'shop/:item/price', 'outcome/end': 'answered' },
      {
        'question/action': 'log',
        'question/text': 'shop',
        'question/attributes': 'shop/*',
        'intent/args': '["1" nil]',
      },
      { 'question/action': 'explain', 'outcome/end': 'answered' },
    ])
    expect(await verifyAudit(auditWriter)).toMatchObject({ linkCount: 8, unknownCount: 0, broken: undefined })
  })

  it('reads "failed" where it failed, "left" where its client went away, and nothing while it lasts', async () => {
    await shop()
    const heavy = `[:find (count ?a) . :with ?b ?c :where [(ground [${Array.from({ length: 400 }, (_, i) => i).join(' ')}]) [?a ...]]
      [(identity ?a) ?b] [(identity ?b) ?c] [$sh ?e :item/id] [(< ?e ?a)]]`
    await problem('POST', '/v1/query', { body: { query: heavy, timeoutMs: 1, memoryBytes: 1 } })
    const gone = new AbortController()
    const leaving = send('POST', '/v1/query', { body: { query: PRICES }, signal: gone.signal })
    gone.abort()
    await leaving.catch(() => undefined)
    const [failed, left] = await intents()
    expect(failed).toMatchObject({
      'outcome/end': 'failed',
      'outcome/error': expect.stringContaining('varve.error/'),
    })
    expect(['left', 'answered', undefined]).toContain(left?.['outcome/end'])
  })

  it('is durable before the first byte of the answer leaves', async () => {
    await shop()
    const order: string[] = []
    const begin = audit.begin.bind(audit)
    audit.begin = async (intent) => {
      const begun = await begin(intent)
      await env.timers.sleep(50)
      order.push('durable')
      return begun
    }
    await send('POST', '/v1/query', { body: { query: PRICES } }).then(() => order.push('answered'))
    expect(order).toEqual(['durable', 'answered'])
  })

  it('is refused where it cannot be written', async () => {
    await shop()
    await auditWriter[Symbol.asyncDispose]()
    for (const [method, path, body] of [
      ['POST', '/v1/query', { query: PRICES }],
      ['POST', '/v1/pull', { database: 'sh', pattern: '[*]', eid: [':item/id', 'tea'] }],
      ['GET', '/v1/databases/shop/log', undefined],
    ] as const) {
      const [status, error] = await problem(method, path, body === undefined ? {} : { body })
      expect([path, status, error.code]).toEqual([path, 503, 'varve.error/audit-unavailable'])
    }
  })
})

describe('a receipt', () => {
  it('is found again by its id, by whom it was given to', async () => {
    await shop()
    const answer = (await json('POST', '/v1/query', { query: PRICES, asOf: 1, database: 'sh' })) as {
      readonly receipt: { readonly id: string }
    }
    const { receipt } = (await json('GET', `/v1/receipts/${answer.receipt.id}`)) as {
      readonly receipt: unknown
    }
    expect(receipt).toEqual(answer.receipt)
    expect(await json('POST', '/v1/receipts/replay', { receipt })).toMatchObject({
      equal: true,
      differences: [],
    })
    const [status, error] = await problem('GET', '/v1/receipts/nobody')
    expect([status, error.code]).toEqual([404, 'varve.error/receipt-unknown'])
  })
})

describe('routes', () => {
  it('are all either audited or read no facts', () => {
    const audited = new Set([
      'POST /v1/query',
      'POST /v1/pull',
      'GET /v1/results/:hash',
      'POST /v1/receipts/replay',
      'GET /v1/databases/:name/log',
      'POST /v1/databases/:name/datoms',
      'POST /v1/databases/:name/with',
      // Where it is asked for the facts that it changed.
      'POST /v1/databases/:name/transact',
      'POST /v1/queries/:name/run',
      'PUT /v1/queries/:name/expectations/:expectation',
      'POST /v1/queries/:name/check',
      'POST /mcp',
    ])
    const factless = ROUTES.map(({ method, path }) => `${method} ${path}`).filter(
      (each) => !audited.has(each),
    )
    expect(factless).toEqual([
      'GET /v1/databases',
      'PUT /v1/databases/:name',
      'GET /v1/databases/:name',
      'DELETE /v1/databases/:name',
      'GET /v1/databases/:name/schema',
      'GET /v1/queries',
      'PUT /v1/queries/:name',
      'GET /v1/queries/:name',
      'DELETE /v1/queries/:name',
      'GET /v1/queries/:name/difference',
      'DELETE /v1/queries/:name/expectations/:expectation',
      'GET /v1/procedures',
      'GET /v1/procedures/:name',
      'PUT /v1/procedures/:name',
      'GET /v1/whoami',
      'GET /v1/tokens',
      'POST /v1/tokens',
      'DELETE /v1/tokens/:id',
      'GET /v1/grants',
      'POST /v1/grants',
      'DELETE /v1/grants/:id',
      'GET /v1/audit/verify',
      'GET /v1/quarantine',
      'DELETE /v1/quarantine/:hash',
      'GET /v1/receipts/:id',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
      'GET /openapi.json',
    ])
  })
})
