// What `connect` takes beside a URL.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { connect, defineSchema, VarveError } from './index.ts'

const schema = defineSchema('shop', {
  ':article/code': { type: 'string', unique: 'identity' },
  ':article/cents': { type: 'long' },
})
const root = mkdtempSync(join(tmpdir(), 'varve-connect-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('connect', () => {
  it('refuses a URL of a scheme that it does not know', async () => {
    const error: unknown = await connect('ftp://somewhere').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(VarveError)
    expect(error).toMatchObject({
      code: 'varve.error/url-unsupported',
      fix: expect.stringContaining('memory:'),
    })
  })

  it('finds everything again in a folder, also for one who only reads', async () => {
    const url = `file:${join(root, 'again')}`
    {
      await using varve = await connect(url)
      await (await varve.open(schema)).transact([{ ':article/code': 'tea', ':article/cents': 450 }])
    }
    await using varve = await connect(url, { readOnly: true })
    const shop = await varve.open(schema)
    expect(await shop.db().q('[:find ?c . :where [_ :article/cents ?c]]')).toBe(450)
    await expect(shop.transact([{ ':article/code': 'set' }])).rejects.toMatchObject({
      code: 'varve.error/read-only',
    })
  })

  it('has a number of workers that can be', async () => {
    for (const workers of [0, 65, 1.5, NaN]) {
      await expect(connect('memory:', { workers })).rejects.toMatchObject({
        code: 'varve.error/worker-count-invalid',
      })
    }
    await (await connect('memory:', { workers: 64 })).close()
  })

  it('has no option for databases of this process where a service has them', async () => {
    await expect(connect('http://127.0.0.1:1', { workers: 2 })).rejects.toMatchObject({
      code: 'varve.error/option-local',
      data: { option: 'workers' },
    })
    await (
      await connect('http://127.0.0.1:1', { token: 'secret', purpose: 'billing', trace: () => ({}) })
    ).close()
  })
})
