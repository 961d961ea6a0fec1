// The command line as a process: every command, what goes to stdout and what to stderr, exit codes, and the same
// answers from a folder as from a server.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, defineSchema } from 'varve'
import { root } from './examples.ts'
import type { Finished } from './toolchains.ts'
import { RunningVarve, TestFolder, varve } from './varve-process.ts'

const folder = new TestFolder()
const data = join(folder.path, 'data')
let server: RunningVarve
let url: string

const schema = defineSchema(
  'purchases',
  { alias: 'pur' },
  {
    ':purchase/id': { type: 'string', unique: 'identity', doc: 'pur-1, pur-2, …' },
    ':purchase/cents': { type: 'long' },
    ':purchase/tags': { type: 'keyword', many: true, index: true },
  },
)

beforeAll(async () => {
  await using made = await connect(`file:${data}`)
  const purchases = await made.open(schema)
  await purchases.transact([
    { ':purchase/id': 'pur-8', ':purchase/cents': 450, ':purchase/tags': [':tag/new'] },
    { ':purchase/id': 'pur-9', ':purchase/cents': -20 },
  ])
  await purchases.transact([{ ':purchase/id': 'pur-8', ':purchase/cents': 480 }])
  await made.close()
  server = new RunningVarve(['serve', '--data', data, '--port', '0', '--write'])
  url = await server.url()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const CENTS = '[:find ?id ?cents :where [$pur ?p :purchase/id ?id] [$pur ?p :purchase/cents ?cents]]'

/** The same command of the folder and of the server; both must answer alike. */
async function both(args: readonly string[]): Promise<Finished> {
  const ofFolder = await varve([...args, '--data', data])
  expect(await varve([...args, '--url', url])).toEqual(ofFolder)
  return ofFolder
}

async function out(args: readonly string[]): Promise<string> {
  const finished = await both(args)
  expect(finished).toMatchObject({ code: 0, stderr: '' })
  return finished.stdout
}

describe('varve q --explain', () => {
  it('shows the plan, and what came of it', async () => {
    const planned = await varve(['q', '--plan', CENTS, '--data', data])
    expect(planned).toMatchObject({ code: 0, stderr: '' })
    expect(planned.stdout).toContain('[$pur ?p :purchase/id ?id]  (scan)')
    // A server says in which class it answered as well.
    for (const [option, place, engine] of [
      ['--data', data, 'native'],
      ['--url', url, 'native, class: point'],
    ] as const) {
      const { code, stdout } = await varve(['q', '--explain', CENTS, option, place])
      expect(code).toBe(0)
      expect(stdout).toMatch(/expected +rows +ms +kB\n/)
      expect(stdout).toContain(`engine: ${engine}, 2 rows in`)
    }
    const asData = await varve(['q', '--explain', CENTS, '--data', data, '--output', 'edn'])
    expect(asData.stdout).toContain(':engine "native"')
  })
})

describe('--engine', () => {
  it('asks DuckDB, which answers as the native engine does', async () => {
    expect(await out(['q', '--engine', 'duckdb', CENTS])).toBe(await out(['q', '--engine', 'native', CENTS]))
  })

  it('runs cases by one engine and counts what it refuses, which is no failure', async () => {
    const file = join(folder.path, 'refused.edn')
    const query = ':query [:find ?x . :in ?x :where (not [(even? ?x)])]'
    writeFileSync(
      file,
      `{:name "plain" ${query} :args [1] :expected 1} {:name "fails" ${query} :args ["a"] :expect-error true}`,
    )
    const { stdout, code } = await varve(['cases', file, '--engine', 'duckdb', '--layout', 'novelty'])
    expect(stdout).toBe(
      'duckdb refused 1:\n  1 a function or a number that fails on a row (fails)\n2 passed, 0 failed\n',
    )
    expect(code).toBe(0)
  })
})

describe('varve', () => {
  const commands =
    'dev serve transact q shell pull log schema databases views cases backup restore delete'.split(' ')

  it.each(commands)('%s --help tells its options with an example', async (command) => {
    const { code, stdout, stderr } = await varve([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`Usage: varve ${command} `))
    expect(stdout).toMatch(new RegExp(`Example:\\n  varve ${command}`))
  })

  it('lists its commands, and knows its version', async () => {
    const { stdout } = await varve(['--help'])
    for (const command of commands) expect(stdout).toContain(`  ${command} `)
    expect((await varve(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })

  it('ends with 2 when it is used wrongly, and says what would be right', async () => {
    const wrong: [readonly string[], RegExp][] = [
      [[], /Usage: varve/],
      [['quer'], /unknown command 'quer'/],
      [['pul'], /Did you mean pull\?/],
      [['q', '--databse', 'x', CENTS], /Did you mean --database\?/],
      [['q', '--as-of', 'yesterday', CENTS], /neither a t nor an instant/],
      [['q', '--limit', '0', CENTS], /positive whole number/],
      [['q', '--output', 'xml', CENTS], /json/],
      [['q', '--data', data, '--url', url, CENTS], /cannot be used with/],
      [['dev', '--port', '99999'], /0 to 65535/],
      [['pull', '[*]', '1'], /--database/],
      [['delete', 'purchases', '--data', data], /varve delete purchases --yes/],
    ]
    const unconfirmed = await varve(['delete', 'purchases', '--data', data])
    expect(unconfirmed.stderr).toContain('varve.error/usage')
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await varve(args)
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).toMatch(message)
    }
  })

  it('ends with 1 when it fails: what, where, what to do, and the code', async () => {
    const misspelled = await both(['q', '[:find ?x\n :where [$pur _ :purchase/idd ?x]]'])
    expect(misspelled).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: There is no attribute :purchase/idd in the schema (query, line 2, column 9)\n' +
        '  fix: Did you mean :purchase/id?\n  code: db.error/not-an-entity\n',
    })
    expect((await both(['q', '[:find ?x'])).stderr).toMatch(/line 1, column 1/)
    expect((await both(['schema', '--database', 'purchase'])).stderr).toMatch(/Did you mean purchases\?/)
    expect(await varve(['q', '--data', join(folder.path, 'none'), CENTS])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/folder-missing'),
    })
    expect(await varve(['q', '--url', 'http://127.0.0.1:1', CENTS])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/server-unreachable'),
    })
    expect(await varve(['q', '--data', data, '@nowhere.edn'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('varve.error/file-missing'),
    })
  })

  it('ends with 124 when the time is over', async () => {
    const numbers = Array.from({ length: 1_000 }, (_, i) => i).join(' ')
    const many = (name: string): string => `[(ground [${numbers}]) [${name} ...]]`
    const query = `[:find (count ?x) . :with ?y ?z :where [$pur _ :purchase/id] ${many('?x')} ${many('?y')} ${many('?z')}]`
    expect(await both(['q', '--timeout', '100', query])).toMatchObject({
      code: 124,
      stdout: '',
      stderr: expect.stringContaining('varve.error/query-timeout'),
    })
  })
})

describe('varve q', () => {
  it('writes every format', async () => {
    expect(await out(['q', CENTS])).toBe('[["pur-8" 480] ["pur-9" -20]]\n')
    expect(await out(['q', '--output', 'json', CENTS])).toBe('[["pur-8",480],["pur-9",-20]]\n')
    expect(await out(['q', '--output', 'ndjson', CENTS])).toBe('["pur-8",480]\n["pur-9",-20]\n')
    expect(await out(['q', '--output', 'csv', CENTS])).toBe('?id,?cents\r\npur-8,480\r\npur-9,-20\r\n')
    expect(await out(['q', '--output', 'table', CENTS])).toBe(
      '?id    ?cents\n─────  ──────\npur-8     480\npur-9     -20\n',
    )
    expect(await out(['q', '--output', 'table', CENTS.replace('?id ?cents', '[?id ...]')])).toBe(
      '?id\n─────\npur-8\npur-9\n',
    )
    expect(await out(['q', '--output', 'csv', CENTS.replace('?id ?cents', '(max ?cents) .')])).toBe(
      '(max ?cents)\r\n480\r\n',
    )
    expect(await out(['q', '--output', 'arrow', CENTS])).toMatch(/varve:type[^]*pur-8pur-9/)
    const refused = await both(['q', '--explain', '--output', 'arrow', CENTS])
    expect([refused.code, refused.stdout]).toEqual([2, ''])
  })

  it('writes each form of find as its format has it', async () => {
    const asked = (find: string, format: string): Promise<string> =>
      out(['q', '--output', format, CENTS.replace('?id ?cents', find)])
    expect(await asked('[?id ?cents]', 'ndjson')).toBe('["pur-8",480]\n')
    expect(await asked('?id ?cents :keys id cents', 'ndjson')).toBe(
      '{":id":"pur-8",":cents":480}\n{":id":"pur-9",":cents":-20}\n',
    )
    expect(await asked('?id ?cents :keys id cents', 'csv')).toBe('id,cents\r\npur-8,480\r\npur-9,-20\r\n')
    expect(await asked('(pull $pur ?p [:purchase/tags])', 'csv')).toBe(
      '(pull $pur ?p)\r\n{:purchase/tags [:tag/new]}\r\n\r\n',
    )
  })

  it('writes the receipt of an answer to stderr, the same of a folder as of a server', async () => {
    const receiptOf = async (place: readonly string[]): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await varve(['q', '--receipt', '--output', 'csv', CENTS, ...place])
      expect([code, stdout]).toEqual([0, '?id,?cents\r\npur-8,480\r\npur-9,-20\r\n'])
      return JSON.parse(stderr) as Record<string, unknown>
    }
    const { id, at, ...ofFolder } = await receiptOf(['--data', data])
    expect(ofFolder).toMatchObject({ query: CENTS, basis: { purchases: 2 }, rowCount: 2, engine: 'native' })
    expect(await receiptOf(['--url', url])).toMatchObject(ofFolder)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const replayed = await fetch(`${url}/v1/receipts/replay`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ receipt: { id, at, ...ofFolder } }),
    })
    expect(await replayed.json()).toMatchObject({ equal: true, differences: [] })
  })

  it('takes arguments as EDN, and what reads as a bare symbol as a string', async () => {
    const centsOf =
      '[:find ?cents . :in ?id :where [$pur ?p :purchase/id ?id] [$pur ?p :purchase/cents ?cents]]'
    expect(await out(['q', centsOf, 'pur-8'])).toBe('480\n')
    expect(await out(['q', centsOf, '"pur-8"'])).toBe('480\n')
    const echo = '[:find [?a ...] :in [?a ...] :where [$pur _ :purchase/id "pur-8"]]'
    expect(await out(['q', echo, '["x" :k 1.5 #inst "2014"]'])).toBe(
      '[1.5 "x" :k #inst "2014-01-01T00:00:00.000-00:00"]\n',
    )
    const idOf = '[:find ?id . :in ?cents :where [$pur ?p :purchase/id ?id] [$pur ?p :purchase/cents ?cents]]'
    expect(await out(['q', idOf, '-20'])).toBe('"pur-9"\n')
    expect(await out(['q', '[:find ?a . :in ?a :where [$pur _ :purchase/id "pur-8"]]', '12:30'])).toBe(
      '"12:30"\n',
    )
  })

  it('reads a file, and a whole request in it', async () => {
    const file = join(folder.path, 'request.edn')
    writeFileSync(
      file,
      `{:as-of 1 :args ["pur-8"] :database "pur" :query {:find [?c .]] ; one too many
      :in [$ ?id] :where [[?p :purchase/id ?id] [?p :purchase/cents ?c]]}}`,
    )
    const { code, stdout, stderr } = await both(['q', `@${file}`])
    expect([code, stdout]).toEqual([0, '450\n'])
    expect(stderr).toContain(`line 1, column 63`)
    expect(stderr).toContain('varve.warning/bracket-recovered')
  })

  it('names $, a moment and a limit', async () => {
    const plain = CENTS.replaceAll('$pur ', '')
    expect(await out(['q', '--database', 'pur', '--as-of', '1', plain])).toBe(
      '[["pur-8" 450] ["pur-9" -20]]\n',
    )
    expect(await out(['q', '--as-of', '2001-01-01', CENTS])).toBe('[]\n')
    expect(await both(['q', '--limit', '1', CENTS])).toMatchObject({
      code: 0,
      stdout: '[["pur-8" 480]]\n',
      stderr: 'The answer was cut at the limit.\n',
    })
  })

  it('stops when its reader has had enough', async () => {
    const many = `[:find ?x :where [$pur _ :purchase/id "pur-8"] [(ground [${Array.from({ length: 200_000 }, (_, i) => i).join(' ')}]) [?x ...]]]`
    const file = join(folder.path, 'many.edn')
    writeFileSync(file, many)
    const command = `"${process.execPath}" bin/varve.mjs q --output ndjson --data "${data}" "@${file}" | head -n 1; echo "\${PIPESTATUS[0]}"`
    const piped = await new Promise<string>((resolve) => {
      const child = spawn('bash', ['-c', command], { cwd: root })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      child.on('close', () => resolve(text))
    })
    expect(piped).toBe('[0]\n0\n')
  })
})

describe('the other commands', () => {
  it('pull shows an entity, now and then', async () => {
    const eid = '[:purchase/id "pur-8"]'
    expect(await out(['pull', '--database', 'pur', '[:purchase/cents :purchase/tags]', eid])).toBe(
      '{:purchase/cents 480, :purchase/tags [:tag/new]}\n',
    )
    expect(
      await out(['pull', '--database', 'pur', '--as-of', '1', '--output', 'json', '[:purchase/cents]', eid]),
    ).toBe('{":purchase/cents":450}\n')
    expect(await out(['pull', '--database', 'pur', '--output', 'csv', '[:purchase/cents]', eid])).toBe(
      ':purchase/cents\r\n480\r\n',
    )
  })

  it('databases and schema show what there is', async () => {
    expect(await out(['databases', '--output', 'csv'])).toBe('name,alias,t\r\npurchases,pur,2\r\n')
    expect(await out(['schema', '--database', 'pur'])).toContain(':db/doc "pur-1, pur-2, …"')
    expect(await out(['schema', '--database', 'pur', '--output', 'ts'])).toBe(
      [
        `import { defineSchema } from 'varve'`,
        '',
        `export const purchases = defineSchema('purchases', { alias: 'pur' }, {`,
        `  ':purchase/id': { type: 'string', unique: 'identity', doc: 'pur-1, pur-2, …' },`,
        `  ':purchase/cents': { type: 'long' },`,
        `  ':purchase/tags': { type: 'keyword', many: true, index: true },`,
        '})',
        '',
      ].join('\n'),
    )
  })

  it('log gives transactions in every format', async () => {
    const range = ['log', '--database', 'pur', '--from', '2', '--to', '3']
    expect(await out([...range, '--output', 'ndjson'])).toMatch(
      /^\{"t":2,"txInstant":\{"#inst":"[^"]+"\},"datoms":\[.*\]\}\n$/,
    )
    expect(JSON.parse(await out([...range, '--output', 'json']))).toMatchObject([{ t: 2 }])
    expect(await out(range)).toMatch(
      /^\{:t 2, :tx-instant #inst "[^"]+", :datoms \[.*:purchase\/cents 450 false.*\}\n$/,
    )
    expect(await out([...range, '--output', 'csv'])).toMatch(/^t,txInstant,e,attribute,value,added\r\n2,/)
    expect(await out([...range, '--output', 'table'])).toMatch(/^t 2 {2}\S+Z\n {2}[+-] /)
    expect(await out(['log', '--database', 'pur', '--from', '2035-01-01', '--output', 'json'])).toBe('[]\n')
  })

  it('log --live shows what is written meanwhile, and ends with Ctrl-C', async () => {
    for (const place of [
      ['--data', data],
      ['--url', url],
    ]) {
      await using live = new RunningVarve(['log', '--database', 'pur', '--from', '1', '--live', ...place])
      await live.printed(/^\{:t 2,/m)
      const written = await varve([
        'transact',
        '--url',
        url,
        '--database',
        'pur',
        '[{:purchase/id "pur-10"}]',
      ])
      const [, t] = /:t (\d+)/.exec(written.stdout)!
      await live.printed(new RegExp(`^\\{:t ${t},`, 'm'))
      expect(await live.stop()).toBe(0)
      expect(live.stderr).toBe('')
    }
  })

  it('transact answers what became of it, and says where it was wrong', async () => {
    const file = join(folder.path, 'tx.edn')
    writeFileSync(file, '[{:db/id "x" :purchase/id "pur-11" :purchase/cents 5}]')
    const done = await varve(['transact', '--url', url, '--database', 'pur', `@${file}`])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toMatch(
      /^\{:t \d+, :tx-instant #inst "[^"]+", :tempids \{"x" \d+\}, :datom-count 3\}\n$/,
    )
    const wrong = ['transact', '--database', 'pur', '[{:purchase/id "a"}\n {:purchase/cents "b"}]']
    const refused = await varve([...wrong, '--url', url])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('(tx, line 2, column 19)')
    const locked = await varve([...wrong, '--data', data])
    expect(locked).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/folder-locked') })
  })

  it('serve reads beside the writer, and takes no transaction', async () => {
    await using reader = new RunningVarve(['serve', '--data', data, '--port', '0'])
    const readerUrl = await reader.url()
    const cents = ['q', CENTS.replace('?id ?cents', '(count ?id) .')]
    expect((await varve([...cents, '--url', readerUrl])).stdout).toBe(
      (await varve([...cents, '--url', url])).stdout,
    )
    const put = await fetch(`${readerUrl}/v1/databases/purchases`, {
      method: 'PUT',
      headers: { 'content-type': 'application/edn' },
      body: '{:schema [{:db/ident :purchase/new :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]}',
    })
    expect([put.status, await put.text()]).toEqual([422, expect.stringContaining('varve.error/read-only')])
    const refused = await varve(['transact', '--url', readerUrl, '--database', 'pur', '[]'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('varve.error/read-only') })
    expect(await reader.stop()).toBe(0)
  })

  it('serve waits for a cursor that its follower has not reached, and says where it is', async () => {
    await using reader = new RunningVarve(['serve', '--data', data, '--port', '0'])
    const readerUrl = await reader.url()
    const asked = async (t: number, timeoutMs: number): Promise<object> => {
      const query = '[:find ?cents . :where [$pur ?p :purchase/id "pur-12"] [$pur ?p :purchase/cents ?cents]]'
      const response = await fetch(`${readerUrl}/v1/query`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, cursors: { pur: t }, timeoutMs }),
      })
      return (await response.json()) as object
    }
    const { basisT } = (await (await fetch(`${url}/v1/databases/pur`)).json()) as { readonly basisT: number }
    const waiting = asked(basisT + 1, 20_000)
    const done = await varve([
      'transact',
      '--url',
      url,
      '--database',
      'pur',
      '[{:purchase/id "pur-12" :purchase/cents 12}]',
    ])
    expect(done.code).toBe(0)
    expect(await waiting).toMatchObject({ result: 12, basis: { purchases: basisT + 1 } })
    expect(await asked(basisT + 9, 100)).toMatchObject({
      error: {
        code: 'varve.error/database-behind',
        message: `Database purchases has come to t ${basisT + 1} here, and was waited for until t ${basisT + 9}`,
        data: { name: 'purchases', t: basisT + 9, basisT: basisT + 1 },
      },
    })
  })

  it('delete ends a database, once it is really meant', async () => {
    const gone = join(folder.path, 'gone')
    await using made = await connect(`file:${gone}`)
    await made.open(schema)
    await made.close()
    expect(await varve(['delete', 'pur', '--yes', '--data', gone])).toMatchObject({ code: 0, stdout: '' })
    expect(await varve(['databases', '--data', gone, '--output', 'json'])).toMatchObject({ stdout: '[]\n' })
  })

  it('writes no colours where nobody looks', async () => {
    const all = await Promise.all([varve(['--help']), varve(['foo']), varve(['q', '--data', data, '[:find'])])
    expect(JSON.stringify(all)).not.toContain('\\u001b')
  })
})
