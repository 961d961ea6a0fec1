// What a line of the log says, what it never says, and that every figure is documented.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { freshServiceForEachTest, json, logged, PRICES, send, shop } from '../testing/test-service.ts'

freshServiceForEachTest()

describe('the log', () => {
  it('has a line for each request once its answer has left, without what was in it', async () => {
    await shop()
    logged.length = 0
    const query = '[:find ?p . :in $sh ?id :where [$sh ?i :item/id ?id] [$sh ?i :item/price ?p]]'
    const { headers } = await send('POST', '/v1/query', {
      body: { query, args: ['tea'] },
      headers: { 'varve-purpose': 'billing' },
    })
    await send('GET', '/v1/databases/nowhere?x=secret')
    await send('GET', '/healthz')
    expect(logged.slice(-3)).toMatchObject([
      {
        event: 'request',
        level: 'info',
        method: 'POST',
        route: '/v1/query',
        status: 200,
        caller: 'local',
        purpose: 'billing',
        receiptId: headers['varve-receipt-id'],
        whole: true,
      },
      { level: 'warn', route: '/v1/databases/:name', status: 400, error: 'varve.error/parameter-unknown' },
      { route: '/healthz', status: 200 },
    ])
    expect(logged.at(-1)).not.toHaveProperty('caller')
    expect(JSON.stringify(logged)).not.toMatch(/tea|item|secret|nowhere/)
  })
})

describe('metrics', () => {
  it('are those that the reference names', async () => {
    await shop()
    await json('POST', '/v1/query', { query: PRICES })
    await send('GET', '/v1/databases/nowhere')
    const { text } = await send('GET', '/metrics')
    const page = readFileSync('docs/reference/metrics.md', 'utf8')
    const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(
      ([, name, type]) => `\`${name}\` | ${type}`,
    )
    const documented = [...page.matchAll(/^\| (`varve_\S+` \| \S+) \|/gm)].map(([, row]) => row)
    expect(new Set(names)).toEqual(new Set(documented))
    expect(text).toContain('varve_errors_total{code="varve.error/database-unknown"} 1')
    expect(text).toContain('varve_answer_rows_total 2')
    expect(text).toContain('varve_http_requests_in_flight 1')
  })
})
