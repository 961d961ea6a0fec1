// The service as a process: what it writes and where, who gets in, and several of them over the same data.

import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../src/api/connect.ts'
import { nodeEnv } from '../src/base/env-node.ts'
import { root } from './examples.ts'
import { runProgram } from './toolchains.ts'
import { AS_NOBODY, folderOfNobody, RunningVarve, TestFolder, varve } from './varve-process.ts'

const folder = new TestFolder()
const data = join(folder.path, 'data')
const TLS = [
  '--tls-cert',
  join(root, 'test/tls/certificate.pem'),
  '--tls-key',
  join(root, 'test/tls/key.pem'),
]
const NAMES = '[:find ?name :where [$shop _ :item/name ?name]]'

beforeAll(async () => {
  const made = await connect(`file:${data}`)
  const shop = await made.open('shop', {
    schema: '[{:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
  })
  await shop.transact([{ 'item/name': 'tea' }])
  await made.close()
})
afterAll(() => folder[Symbol.dispose]())

async function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${url}/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: NAMES }),
  })
  const answer = (await response.json()) as {
    readonly result?: unknown
    readonly error?: { readonly code: string }
  }
  return answer.result ?? answer.error?.code
}

function filesOf(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      return `${file} ${statSync(file).mtimeMs} ${statSync(file).size}`
    })
    .sort()
}

/** Of all threads of a process: a reader leaves the machine to writers. */
function nicenessesOf(processId: number): ReadonlySet<number> {
  return new Set(readdirSync(`/proc/${processId}/task`).map((thread) => getPriority(Number(thread))))
}

/** Of the session of a process, where Linux shares cores out among sessions. */
function sessionNicenessOf(processId: number): number | undefined {
  const path = `/proc/${processId}/autogroup`
  return existsSync(path) ? Number(/nice (-?\d+)/.exec(readFileSync(path, 'utf8'))?.[1]) : undefined
}

describe('varve serve', () => {
  it('answers from a folder that it cannot write, and leaves it as it was', async () => {
    const system = folderOfNobody(join(folder.path, 'elsewhere'))
    const before = filesOf(data)
    setWritable(data, false)
    try {
      // Whoever is root may write everywhere, so that there somebody else serves. That it cannot write is tried out.
      for (const words of [`touch ${data}/new`, `echo >> ${data}/varve.json`, `mkdir ${data}/shop/log/new`]) {
        const [program, ...args] = [...AS_NOBODY, 'sh', '-c', words]
        const { code, stderr } = await runProgram(program, args, { cwd: '/' })
        expect([words, code === 0, stderr]).toEqual([words, false, expect.stringMatching(/denied|Read-only/)])
      }
      const words = ['serve', '--data', data, '--system', join(system, 'own'), '--port', '0']
      await using server = new RunningVarve(words, {}, { through: AS_NOBODY, isUrgent: false })
      const url = await server.url()
      expect(await ask(url)).toEqual([['tea']])
      if (process.platform === 'linux') expect(nicenessesOf(server.child.pid!)).toEqual(new Set([10]))
      expect(await server.stop('SIGTERM')).toBe(0)
    } finally {
      setWritable(data, true)
    }
    expect(filesOf(data)).toEqual(before)
    expect(readdirSync(join(system, 'own'))).toContain('audit-1')
  })

  it('gives way with its whole session where it leads one, and with its own threads elsewhere', async () => {
    const before = sessionNicenessOf(process.pid)
    const words = ['serve', '--data', data, '--port', '0', '--nice', '7']
    for (const isSession of [false, true]) {
      await using server = new RunningVarve(words, {}, { isUrgent: false, isSession })
      await server.url()
      if (process.platform === 'linux') expect(nicenessesOf(server.child.pid!)).toEqual(new Set([7]))
      if (before === undefined) continue
      expect(sessionNicenessOf(server.child.pid!)).toBe(isSession ? 7 : before)
      expect(sessionNicenessOf(process.pid)).toBe(before)
    }
  })

  it('reads several folders as one, its own among them', async () => {
    const other = join(folder.path, 'other')
    const made = await connect(`file:${other}`)
    await made.open('notes', { schema: '[]' })
    await made.close()
    await using server = new RunningVarve(['serve', '--data', data, '--data', other, '--port', '0'])
    const url = await server.url()
    const names = async (search: string): Promise<readonly string[]> => {
      const { databases } = (await (await fetch(`${url}/v1/databases${search}`)).json()) as {
        readonly databases: readonly { readonly name: string }[]
      }
      return databases.map(({ name }) => name)
    }
    expect(await names('')).toEqual(['shop', 'notes'])
    expect(await names('?system=true')).toEqual(['shop', 'notes', 'audit-1', 'system'])
    expect(await ask(url)).toEqual([['tea']])
  })

  it('listens where others reach it only with a token and TLS', async () => {
    const system = join(folder.path, 'guarded')
    const words = ['serve', '--data', data, '--system', system, '--host', '0.0.0.0', '--port', '0']
    for (const more of [[], TLS]) {
      const refused = await varve([...words, ...more])
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/door-open') })
    }
    const made = await varve(['token', 'create', 'ada', '--data', data, '--system', system])
    const token = made.stdout.trim()
    expect(await varve(words)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/door-open'),
    })
    await using server = new RunningVarve([...words, ...TLS])
    const [, port] = await server.printed(/https:\/\/0\.0\.0\.0:(\d+)/)
    const whoami = (authorization?: string): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            host: '127.0.0.1',
            port,
            path: '/v1/whoami',
            ca: readFileSync(TLS[1]!),
            headers: authorization === undefined ? {} : { authorization },
          },
          (response) => {
            let text = ''
            response.on('data', (chunk: Buffer) => (text += chunk.toString()))
            response.on('end', () => resolve(JSON.parse(text)))
          },
        )
        sent.once('error', reject)
        sent.end()
      })
    expect(await whoami()).toMatchObject({ error: { code: 'varve.error/token-missing' } })
    expect(await whoami(`Bearer ${token}`)).toMatchObject({ name: 'ada', kind: 'token', scopes: ['query'] })
  })

  it('refuses a key that does not belong to its certificate', async () => {
    const system = join(folder.path, 'guarded')
    const place = ['serve', '--data', data, '--system', system, '--host', '0.0.0.0', '--port', '0']
    const refused = await varve([...place, '--tls-cert', TLS[1]!, '--tls-key', TLS[1]!])
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/certificate-broken'),
    })
  })

  it('shares its system folder: one process owns it, the others follow and name the owner', async () => {
    const words = ['serve', '--data', data, '--system', join(folder.path, 'shared'), '--port', '0']
    await using first = new RunningVarve(words)
    const one = await first.url()
    await using second = new RunningVarve(words)
    const two = await second.url()
    const locally = await varve([
      'token',
      'create',
      'eve',
      '--data',
      data,
      '--system',
      join(folder.path, 'shared'),
    ])
    expect(locally.stderr).toContain(`process ${first.child.pid}`)
    const elsewhere = await varve(['token', 'create', 'eve', '--url', two])
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/system-owned') })
    expect(elsewhere.stderr).toContain(`process ${first.child.pid}`)
    expect(await varve(['grant', 'create', 'ada', 'shop', '*', '--url', one])).toMatchObject({ code: 0 })
    const made = await varve(['token', 'create', 'ada', '--url', one])
    const token = made.stdout.trim()
    const authorization = `Bearer ${token}`
    expect([await ask(one), await ask(one, { authorization })]).toEqual([
      'varve.error/token-missing',
      [['tea']],
    ])
    // The other process hears of it by following.
    while ((await ask(two)) !== 'varve.error/token-missing') await new Promise((next) => setTimeout(next, 20))
    expect(await ask(two, { authorization })).toEqual([['tea']])
    const asked = await varve(['q', NAMES, '--url', two, '--token', token])
    expect(asked).toMatchObject({ code: 0, stdout: '[["tea"]]\n' })
    // The next owner is whoever has something to change once the first has gone.
    await first.stop()
    const manager = await varve(['token', 'create', 'eve', '--url', two, '--token', token])
    expect(manager.stderr).toContain('varve.error/scope-missing')
  })
})

describe('the audit of a service', () => {
  it('is verified whole, asked like any database, and its questions are asked again', async () => {
    const system = join(folder.path, 'audited')
    const place = ['--data', data, '--system', system]
    let id = ''
    {
      await using server = new RunningVarve(['serve', ...place, '--port', '0'])
      const url = await server.url()
      expect(await ask(url, { 'varve-purpose': 'billing' })).toEqual([['tea']])
      const asked = await fetch(`${url}/v1/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/edn' },
        body: '{:query [:find ?purpose ?attribute :where [$audit-1 ?i :intent/purpose ?purpose] [$audit-1 ?i :intent/question ?q] [$audit-1 ?q :question/attributes ?attribute]]}',
      })
      const text = await asked.text()
      expect(text).toContain('[["billing" "shop/:item/name"]]')
      id = asked.headers.get('varve-receipt-id')!
      const held = join(folder.path, 'held.json')
      writeFileSync(held, '[["dunning", "shop/:item/name"]]')
      const again = await varve(['audit', 'replay', id, '--url', url, '--result', held])
      expect(again.code).toBe(0)
      expect(again.stdout).toMatch(
        /^The answer is the same\.\n {2}result: .+\n {2}rows: 1 only then, 1 only now\n {4}- \["dunning",.+\n {4}\+ \["billing",.+\n$/,
      )
      const verified = await varve(['audit', 'verify', '--url', url])
      expect(verified.stdout).toMatch(
        /^audit-1 {2}holds: \d+ questions, \d+ links, 0 without an outcome; last hash [0-9a-f]{64}\n$/,
      )
      await server.stop()
    }
    const verified = await varve(['audit', 'verify', ...place])
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('audit-1  holds: 3 questions, 6 links, 0'),
    })
    const replayed = await varve(['audit', 'replay', id, ...place])
    expect(replayed).toMatchObject({ code: 0, stdout: 'The answer is the same.\n' })
    // Whoever can write the folder can write the audit as well: that shows.
    const tampering = await connect(`file:${system}`)
    await (await tampering.open('audit-1')).transact(`[{:intent/id "${id}" :intent/caller "eve"}]`)
    await tampering.close()
    const broken = await varve(['audit', 'verify', ...place])
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/audit-broken') })
    expect(broken.stdout).toMatch(/^audit-1 {2}BROKEN at t \d+: /)
  })
})

describe('varve queries', () => {
  it('saves, shows, runs and checks a query, over the folders and over a server', async () => {
    const system = join(folder.path, 'saved')
    const local = ['--data', data, '--system', system]
    const query = '[:find [?name ...] :in $ ?name :where [_ :item/name ?name]]'
    const save = [
      'queries',
      'save',
      'items',
      query,
      '--database',
      'shop',
      '--doc',
      'Items by name',
      '--tag',
      'shop',
    ]
    expect(await varve([...save, '--parameter', 'name:string=tea', ...local])).toMatchObject({ code: 0 })
    await using server = new RunningVarve(['serve', ...local, '--port', '0'])
    const place = ['--url', await server.url()]
    const ran = (words: readonly string[]): Promise<unknown> => varve(['queries', ...words, ...place])
    expect(await ran(['run', 'items'])).toMatchObject({ code: 0, stdout: '["tea"]\n' })
    expect(await ran(['run', 'items', 'name=pot'])).toMatchObject({ code: 0, stdout: '[]\n' })
    expect(await ran(['list', '--tag', 'shop', '--output', 'csv'])).toMatchObject({
      stdout: 'name,version,doc,owner,tags\r\nitems,1,Items by name,local,"[""shop""]"\r\n',
    })
    expect(await ran(['expect', 'items', 'has-tea', 'name=tea'])).toMatchObject({ code: 0 })
    expect(await ran(['check', 'items'])).toMatchObject({ code: 0, stdout: 'holds  has-tea\n' })
    const changed = query.replace('[_ :item/name ?name]', '[_ :item/name ?name] [(= ?name "pot")]')
    const again = [
      'save',
      'items',
      changed,
      '--database',
      'shop',
      '--parameter',
      'name:string=tea',
      '--note',
      'pots',
    ]
    expect(await ran(again)).toMatchObject({ stderr: 'items is saved; its newest version is 2.\n' })
    expect(await ran(['check', 'items'])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^FAILS {2}has-tea: 1 rows sha256:.* expected, 0 rows sha256:.* found\n$/,
      ),
      stderr: expect.stringContaining('varve.error/expectations-fail'),
    })
    expect(await ran(['diff', 'items'])).toMatchObject({ stdout: expect.stringContaining('+ ') })
    expect(await ran(['show', 'items'])).toMatchObject({
      stdout: expect.stringMatching(/name: string = "tea"[\s\S]* 2 .* pots/),
    })
    expect(await ran(['run', 'items@1'])).toMatchObject({ stdout: '["tea"]\n' })
    expect(await ran(['run', 'items', 'name'])).toMatchObject({
      stderr: expect.stringContaining('varve.error/argument-malformed'),
    })
    expect(await ran(['retire', 'items'])).toMatchObject({ code: 0 })
    // What the service knows of itself.
    expect(await ran(['run', 'usage/readers', 'attribute=shop/:item/name'])).toMatchObject({
      stdout: expect.stringMatching(/^\[\["local" "" \d+\]\]\n$/),
    })
    expect(await ran(['run', 'usage/callers'])).toMatchObject({
      stdout: expect.stringMatching(/^\[\["local" \d+ \d+\]\]\n$/),
    })
    expect(await ran(['run', 'usage/questions', '--output', 'csv'])).toMatchObject({
      stdout: expect.stringContaining('query items@1'),
    })
    expect(await ran(['run', 'usage/errors'])).toMatchObject({ code: 0 })
    expect(await ran(['run', 'items'])).toMatchObject({
      stderr: expect.stringContaining('varve.error/saved-query-retired'),
    })
  })
})

describe('varve procedures', () => {
  it('stores functions that questions and transactions call, and replays call the version of then', async () => {
    const copy = join(folder.path, 'copy')
    const made = await connect(`file:${copy}`)
    await made.open('shop', {
      schema: '[{:db/ident :item/cents :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]',
    })
    await made.close()
    const place = ['--data', copy, '--system', join(folder.path, 'copy-own')]
    await using server = new RunningVarve(['serve', ...place, '--port', '0', '--write'])
    const url = await server.url()
    const save = [
      'procedures',
      'save',
      'shop/with-tax',
      '--parameter',
      'cents:long',
      '--returns',
      'long',
      '--url',
      url,
    ]
    expect(await varve([...save, '(cents: number) => Math.round(cents * 1.2)'])).toMatchObject({
      stderr: expect.stringMatching(/^shop\/with-tax is stored as version 1, sha256:/),
    })
    const adds = '(db, cents) => [{ ":item/cents": cents }]'
    expect(
      await varve([
        'procedures',
        'save',
        'shop/add',
        '--kind',
        'transaction',
        '--parameter',
        'cents:long',
        '--url',
        url,
        adds,
      ]),
    ).toMatchObject({ code: 0 })
    expect(await varve(['transact', '[[:shop/add 100]]', '--database', 'shop', '--url', url])).toMatchObject({
      code: 0,
      stderr: '',
    })
    const body = {
      query: '[:find ?gross . :where [$shop _ :item/cents ?cents] [(shop/with-tax ?cents) ?gross]]',
    }
    const asked = async (path: string, sent: object): Promise<Record<string, unknown>> => {
      const headers = { 'content-type': 'application/json' }
      return (await (
        await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(sent) })
      ).json()) as Record<string, unknown>
    }
    const then = await asked('/v1/query', body)
    expect(then).toMatchObject({
      result: 120,
      receipt: { procedures: { 'shop/with-tax#1': expect.stringMatching(/^sha256:/) } },
    })
    await varve([...save, '(cents: number) => Math.round(cents * 1.25)'])
    expect(await asked('/v1/query', body)).toMatchObject({ result: 125 })
    expect(await asked('/v1/receipts/replay', { receipt: then['receipt'] })).toMatchObject({ equal: true })
    expect(await varve(['procedures', 'show', 'shop/with-tax#1', '--url', url])).toMatchObject({
      stdout: '(cents: number) => Math.round(cents * 1.2)\n',
    })
    const listed = await varve(['procedures', 'list', '--output', 'csv', '--url', url])
    expect(listed.stdout).toMatch(/^shop\/with-tax,2,function,long/m)
    const broken = await varve(['procedures', 'save', 'shop/bad', '(', '--url', url])
    expect(broken).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/procedure-source-invalid'),
    })
    const missing = await varve(['procedures', 'show', 'shop/with-taxes', '--url', url])
    expect(missing.stderr).toContain('varve.error/procedure-not-found')
    const taken = await varve([
      'procedures',
      'save',
      listed.stdout.split('\r\n')[1]!.split(',')[0]!,
      '() => 1',
      '--url',
      url,
    ])
    expect(taken.stderr).toContain('varve.error/procedure-of-starter')
  })
})

describe('varve audit replay', () => {
  it('tells what differs, and fails', async () => {
    // A server that has forgotten what it said: a real one does so only when its files were changed.
    await using server = await nodeEnv().network.listen({
      host: '127.0.0.1',
      port: 0,
      handle: async ({ method }) => ({
        status: 200,
        body:
          method === 'GET'
            ? '{"receipt": {}}'
            : '{"equal": false, "differences": [{"field": "resultHash", "receipt": "sha256:1", "replay": "sha256:2"}, {"field": "rows", "untold": "not-kept"}]}',
      }),
    })
    const told = await varve(['audit', 'replay', 'x', '--url', `http://127.0.0.1:${server.port}`])
    expect(told).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/replay-differs') })
    expect(told.stdout).toContain('resultHash: "sha256:1" then, "sha256:2" now')
    expect(told.stdout).toContain('give it with --result')
  })
})

/** Files and folders alike; for everybody. */
function setWritable(path: string, isWritable: boolean): void {
  chmodSync(path, isWritable ? 0o755 : 0o555)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) setWritable(child, isWritable)
    else chmodSync(child, isWritable ? 0o644 : 0o444)
  }
}
