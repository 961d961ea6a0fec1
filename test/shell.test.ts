// `varve shell` as people use it: text through a pipe, over a folder and over HTTP; and keys at a real terminal, which
// the system's `script` command gives it.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
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
    ':purchase/id': { type: 'string', unique: 'identity' },
    ':purchase/cents': { type: 'long', doc: 'paid' },
  },
)

beforeAll(async () => {
  await using made = await connect(`file:${data}`)
  const purchases = await made.open(schema)
  await purchases.transact([
    { ':purchase/id': 'pur-8', ':purchase/cents': 450 },
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

const CENTS = '[:find ?id ?cents\n :where [?p :purchase/id ?id]\n        [?p :purchase/cents ?cents]]\n'
const NUMBERS = Array.from({ length: 2_000 }, (_, i) => i).join(' ')
const many = (name: string): string => `[(ground [${NUMBERS}]) [${name} ...]]`
/** Takes as long as one lets it: no row is left at the end, so no bound on rows ends it either. */
const ENDLESS = `[:find ?sum :where [$pur _ :db/ident] ${many('?x')} ${many('?y')} ${many('?z')} [(+ ?x ?y ?z) ?sum] [(< ?sum 0)]]`

/** The same text through a shell on the folder and one on the server; both must answer alike. */
async function piped(stdin: string, args: readonly string[] = []): Promise<Finished> {
  const ofFolder = await varve(['shell', ...args, '--data', data], { stdin })
  expect(await varve(['shell', ...args, '--url', url], { stdin })).toEqual(ofFolder)
  return ofFolder
}

describe('varve shell in a pipe', () => {
  it('answers form by form, without prompts, as `varve q` does', async () => {
    expect(await piped(`; what was paid\n${CENTS}\n\\asof 1\n${CENTS}\\asof now\n`)).toEqual({
      code: 0,
      stdout: '[["pur-8" 480] ["pur-9" -20]]\n[["pur-8" 450] ["pur-9" -20]]\n',
      stderr: '',
    })
  })

  it('takes arguments behind a question, and a whole request', async () => {
    const question = '[:find ?cents . :in $ ?id :where [?p :purchase/id ?id] [?p :purchase/cents ?cents]]'
    const request = `{:as-of 1 :args ["pur-8"] :query ${question}}`
    expect(await piped(`${question} pur-8\n${question} "pur-9"\n${request}\n`)).toMatchObject({
      code: 0,
      stdout: '480\n-20\n450\n',
    })
  })

  it('shows databases, schema, entities and the log, in any format', async () => {
    expect(await piped('\\d\n\\schema\n\\output csv\n\\d\n', ['--output', 'table'])).toMatchObject({
      code: 0,
      stdout:
        'name       alias  t\n─────────  ─────  ─\npurchases  pur    2\n' +
        'attribute        type                     doc\n───────────────  ──────  ───────────────  ────\n' +
        ':purchase/id     string  unique identity\n:purchase/cents  long                     paid\n' +
        'name,alias,t\r\npurchases,pur,2\r\n',
    })
    const pulled = await piped('\\pull [:purchase/cents] [:purchase/id "pur-9"]\n\\log 1\n')
    expect(pulled.stdout).toMatch(/^\{:purchase\/cents -20\}\n\{:t 2, :tx-instant #inst "[^"]+", :datoms \[/)
  })

  it('explains a question, run or not', async () => {
    const question = '[:find ?id :where [?p :purchase/cents 480] [?p :purchase/id ?id]]'
    const { stdout } = await varve(['shell', '--data', data], {
      stdin: `\\plan ${question}\n\\explain ${question}\n`,
    })
    expect(stdout).toMatch(/:purchase\/cents 480[\s\S]*:purchase\/id[\s\S]*:purchase\/cents 480[\s\S]*ms/)
    const overHttp = await varve(['shell', '--url', url, '--output', 'json'], {
      stdin: `\\explain ${question}\n`,
    })
    expect(JSON.parse(overHttp.stdout)).toMatchObject({ ':mode': 'run', ':row-count': 1 })
  })

  it('counts and times on stderr where that is wanted', async () => {
    const { stdout, stderr } = await varve(['shell', '--data', data], { stdin: `\\timing on\n${CENTS}` })
    expect(stdout).toBe('[["pur-8" 480] ["pur-9" -20]]\n')
    expect(stderr).toMatch(/^Timing is on\.\n2 rows \([\d.]+ m?s\)\n$/)
  })

  it('stops at the first error, which points at the place in the text', async () => {
    expect(await piped(`\n\\d\n[:find ?x\n :where [_ :purchase/idd ?x]]\n${CENTS}`)).toEqual({
      code: 1,
      stdout: '[["purchases" "pur" 2]]\n',
      stderr:
        'error: There is no attribute :purchase/idd in the schema (stdin, line 4, column 9)\n' +
        '     :where [_ :purchase/idd ?x]]\n            ^\n' +
        '  fix: Did you mean :purchase/id?\n  code: db.error/not-an-entity\n',
    })
    const wrong: [string, number, RegExp][] = [
      ['[:find ?x\n', 1, /stdin|line 1, column 1/],
      ['\\dtabases\n', 2, /Did you mean \\databases\?/],
      ['\\asof yesterday\n', 2, /neither a t nor an instant/],
      ['\\rows 0\n', 2, /positive whole number/],
      ['\\output xml\n', 2, /table or json/],
      ['\\use purchase\n', 1, /Did you mean purchases\?/],
      ['\\use\n\\schema\n', 2, /No database is chosen/],
      ['\\pull [*]\n', 2, /a pattern and an entity/],
      ['\\transact\n', 2, /one transaction/],
      ['[{:purchase/id "x"}]\n', 2, /\\transact/],
      ['42\n', 2, /no question/],
    ]
    for (const [stdin, code, message] of wrong) {
      const ended = await varve(['shell', '--data', data], { stdin })
      expect([stdin, ended.code, ended.stdout]).toEqual([stdin, code, ''])
      expect(ended.stderr).toMatch(message)
    }
  }, 120_000)

  it('ends with 124 when the time is over, with 0 at \\quit', async () => {
    expect(await piped(`\\timeout 100\n${ENDLESS}\n`)).toMatchObject({
      code: 124,
      stderr: expect.stringContaining('varve.error/query-timeout'),
    })
    expect(await piped('\\quit\n[:find')).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it('transacts through the server; a folder needs --write', async () => {
    const tx = '\\transact [{:purchase/id "pur-10" :purchase/cents 7}]\n'
    const refused = await varve(['shell', '--data', data], { stdin: tx })
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/varve shell --write[\s\S]*varve\.error\/read-only/)
    const taken = await varve(['shell', '--url', url], { stdin: tx })
    expect(taken).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(':datom-count 3') })
    await using made = await connect(`file:${join(folder.path, 'own')}`)
    await made.open('things', {
      schema: '[{:db/ident :thing/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
    })
    await made.close()
    const written = await varve(['shell', '--write', '--data', join(folder.path, 'own')], {
      stdin: '\\tx [{:thing/name "first"}]\n[:find [?n ...] :where [_ :thing/name ?n]]\n',
    })
    expect(written).toMatchObject({ code: 0, stdout: expect.stringMatching(/:t 1[\s\S]*\["first"\]\n$/) })
  })
})

/** How long a shell may take to show something. */
const PATIENCE_MS = 60_000

/** A shell at a terminal of its own, 100 cells wide, that keys are sent to. */
class TerminalShell implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly ended: Promise<number | null>
  #text = ''
  #changed: () => void = () => undefined

  constructor(args: readonly string[], home: string) {
    const words = [process.execPath, join(root, 'bin/varve.mjs'), 'shell', ...args]
    const command = `stty cols 100 rows 30; ${words.map((word) => `'${word}'`).join(' ')}`
    this.#child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, HOME: home, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#text += text
      this.#changed()
    })
    this.ended = new Promise((resolve) => this.#child.once('close', resolve))
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys)
  }

  /** What came since the last look, up to the pattern; throws with all of it where that does not come. */
  async shown(pattern: RegExp): Promise<string> {
    const patience = AbortSignal.timeout(PATIENCE_MS)
    patience.addEventListener('abort', () => this.#changed())
    for (;;) {
      const found = pattern.exec(this.#text)
      if (found !== null) {
        const end = found.index + found[0].length
        const seen = this.#text.slice(0, end)
        this.#text = this.#text.slice(end)
        return seen
      }
      if (this.#child.exitCode !== null || patience.aborted)
        throw new Error(`${pattern} did not come:\n${this.#text}`)
      await new Promise<void>((resolve) => (this.#changed = resolve))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }
}

/** util-linux's `script`, which runs a command at a terminal; where it is missing, the editor has only its unit tests. */
const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0

describe.runIf(hasScript)('varve shell at a terminal', () => {
  it.each(['folder', 'server'])(
    'over a %s: completes, goes on over lines, cancels, remembers',
    async (place) => {
      const home = join(folder.path, `home-${place}`)
      mkdirSync(home)
      const args = place === 'folder' ? ['--data', data] : ['--url', url]
      {
        await using shell = new TerminalShell(args, home)
        await shell.shown(/Databases: \$pur\.[\s\S]*purchases=> /)
        shell.type('[:find ?id :where [?p :purchase/i\t')
        await shell.shown(/:purchase\/id /)
        shell.type('?id]\r[?p :purchase/cents 480]]\r')
        await shell.shown(/\?id\r\n─+\r\npur-8\r\n1 row \([\d.]+ m?s\)/)
        await shell.shown(/=> /)
        shell.type(`\u001b[200~${ENDLESS}\u001b[201~\r`)
        await shell.shown(/\?sum 0\)\]\]/)
        shell.type('\u0003')
        await shell.shown(/varve\.error\/query-cancelled/)
        shell.type('[:find ?x :where [_ :purchase/idd ?x]]\r')
        await shell.shown(/ +\^\r\n {2}fix: Did you mean :purchase\/id\?/)
        shell.type('\\quit\r')
        expect(await shell.ended).toBe(0)
      }
      await using again = new TerminalShell(args, home)
      await again.shown(/purchases=> /)
      again.type('\u001b[A\u001b[A')
      await again.shown(/:purchase\/idd \?x/)
      again.type('\u0012480')
      await again.shown(/:purchase\/cents 480/)
      again.type('\r')
      await again.shown(/pur-8\r\n1 row /)
      again.type('\u0004')
      expect(await again.ended).toBe(0)
    },
    240_000,
  )
})
