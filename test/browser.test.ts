// The client in a real browser: a page of another origin than the service, which lets that origin in and no other.

import { join } from 'node:path'
import { build } from 'vite'
import { expect, it } from 'vitest'
import { Browser, BROWSER_WANTED, browserPath, Pages, type PageFile } from './browser/chromium.ts'
import { root } from './examples.ts'
import { RunningVarve, TestFolder } from './varve-process.ts'

const path = browserPath()

it.skipIf(path === undefined)(`a page asks a service as a program does (${BROWSER_WANTED})`, async () => {
  const script = await bundled(join(root, 'test/browser/page.ts'))
  let setting = {}
  await using pages = await Pages.serve((at) => fileAt(at, script, setting))
  const [app, evil] = ['app', 'evil'].map((name) => `http://${name}.example:${pages.port}`) as [
    string,
    string,
  ]
  using folder = new TestFolder()
  const data = join(folder.path, 'data')
  const words = ['serve', '--write', '--data', data, '--port', '0', '--origin', app]
  await using service = new RunningVarve(words)
  const url = await service.url()
  setting = { url, token: await tokenOf(url) }
  await using browser = new Browser(path!, app)
  const told = (origin: string): Promise<unknown> => Promise.race([pages.told(origin), browser.ended])
  expect(await told(app)).toEqual({ origin: app, ...FOUND })
  // The page of the other origin has the token, too, and is heard by nobody.
  expect(await told(evil)).toMatchObject({ failed: expect.stringContaining('No Varve answers at') as string })
})

/** As bundlers of web pages do it. */
async function bundled(entry: string): Promise<string> {
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    resolve: { alias: { 'varve/client': join(root, 'src/client/index.ts') } },
    build: { write: false, target: 'es2024', rolldownOptions: { input: entry } },
  })
  const [first] = [made].flat()
  if (first === undefined || !('output' in first)) throw new Error('Nothing was bundled')
  return first.output[0].code
}

/** The page of the service's friend has that of a stranger within it. */
function fileAt(at: string, script: string, setting: object): PageFile | undefined {
  const page = (more: string): PageFile => ({
    type: 'text/html',
    body: `<!doctype html><script type="module" src="/page.js"></script>${more}`,
  })
  if (at === '/')
    return page(
      '<script>const other = document.createElement("iframe")\n' +
        'other.src = `http://evil.example:${location.port}/inner`\n' +
        'document.documentElement.append(other)</script>',
    )
  if (at === '/inner') return page('')
  if (at === '/page.js') return { type: 'text/javascript', body: script }
  return at === '/setting' ? { type: 'application/json', body: JSON.stringify(setting) } : undefined
}

/** Of a caller who sees all of the database `shop`; from this first token on nobody is answered without. */
async function tokenOf(url: string): Promise<string> {
  const made = async (method: string, path: string, body: object): Promise<{ readonly token: string }> => {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })
    return (await response.json()) as { readonly token: string }
  }
  await made('PUT', '/v1/databases/shop', {})
  await made('POST', '/v1/grants', { principal: 'page', database: 'shop', attributes: ['*'] })
  return (await made('POST', '/v1/tokens', { caller: 'page', scopes: ['query', 'transact'] })).token
}

/** With the types that JSON lacks as words. */
const FOUND = {
  finds: [
    [
      ['pot', 5],
      ['tea', 'bigint 9007199254740993'],
    ],
    ['pot', 'tea'],
    ['pot', 5],
    'bigdec 4.5',
    [{ ':id': 'tea' }],
    { ':item/since': 'Date 2014-11-15T13:37:42.000Z', ':item/next': { ':item/id': 'pot' } },
    [['tea']],
  ],
  pulled: {
    ':db/id': expect.any(Number) as number,
    ':item/id': 'tea',
    ':item/cents': 'bigint 9007199254740993',
    ':item/big': 'bigint 12345678901234567890123',
    ':item/price': 'bigdec 4.5',
    ':item/since': 'Date 2014-11-15T13:37:42.000Z',
    ':item/uuid': '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
    ':item/picture': 'bytes 0 127 255',
    ':item/state': ':state/new',
    ':item/next': { ':db/id': expect.any(Number) as number },
  },
  walked: 'pot',
  live: [
    1,
    [
      [':varve.tx/idempotency-key', 'message-991', true],
      [':item/cents', 5, false],
      [':item/cents', 6, true],
    ],
  ],
  facts: [
    [5, true],
    [5, false],
    [6, true],
  ],
  cents: [5, 6, 7],
  with: [
    [':item/cents', 6, false],
    [':item/cents', 7, true],
  ],
  errors: [
    {
      code: 'db.error/not-an-entity',
      kind: 'incorrect',
      place: { source: 'query', line: 2, column: 9, path: [3] },
    },
    {
      code: 'db.error/wrong-type-for-attribute',
      kind: 'incorrect',
      place: { path: [0, ':item/cents'] },
    },
    { code: 'varve.error/token-missing', kind: 'unauthorized' },
    { code: 'varve.error/token-unknown', kind: 'unauthorized' },
    { code: 'varve.error/server-unreachable', kind: 'unavailable' },
  ],
}
