// `npm start` as a newcomer meets it: a company, a server, a tour; again in a moment; whole after an interruption.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './examples.ts'
import { runProgram } from './toolchains.ts'
import { codeBlocks } from '../scripts/check/markdown.ts'
import { RunningVarve, TestFolder, varve } from './varve-process.ts'

const folder = new TestFolder()
const data = join(folder.path, 'varve-data')
let first: RunningVarve

beforeAll(async () => {
  first = new RunningVarve(['dev', '--data', data, '--port', '0'])
  await first.printed(/answers until you press Ctrl-C/)
})
afterAll(async () => {
  await first[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** Rows of the n-th table that was printed, as arrays of cells. */
function tableOf(text: string, n: number): string[][] {
  const tables = text.split(/^ {3}─[─ ]+\n/m)
  return tables[n + 1]!.split(/\n {3}\d+ rows in/)[0]!
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
}

describe('the first start', () => {
  it('makes a company of about 300,000 facts', () => {
    const [, facts] = /([\d,]+) facts in [\d,]+ transactions/.exec(first.stdout) ?? []
    expect(Number(facts?.replaceAll(',', ''))).toBeGreaterThan(270_000)
    expect(Number(facts?.replaceAll(',', ''))).toBeLessThan(330_000)
  })

  it('shows one customer across three databases, then and now', () => {
    const then = tableOf(first.stdout, 0)
    const now = tableOf(first.stdout, 1)
    expect(then.length).toBeGreaterThan(1)
    expect(now.length).toBeGreaterThan(then.length)
    const statusOf = new Map(now.map(([, purchase, , status]) => [purchase, status]))
    const changed = then.filter(([, purchase, , status]) => statusOf.get(purchase) !== status)
    expect(changed.length).toBeGreaterThan(0)
  })

  it('tells the history of one name: asserted, put right, by whom and why', () => {
    const rows = tableOf(first.stdout, 2)
    expect(rows.map(([, name, added]) => [name, added])).toEqual([
      ['Joan Brnadt', 'true'],
      ['Joan Brandt', 'true'],
      ['Joan Brnadt', 'false'],
    ])
    expect(rows[1]!.slice(3)).toEqual(['ida@shop', 'name was mistyped'])
    expect(rows[1]![0]).toBe(rows[2]![0])
  })

  it('has DuckDB open the same files', () => {
    expect(first.stdout).toMatch(/opened by DuckDB[\s\S]*status\/paid +\d+/)
  })

  it('shows the service: a saved question that calls procedures, over HTTP', () => {
    expect(tableOf(first.stdout, 4).map(([bucket]) => bucket)).toEqual(['1-30', '31-60', '61-90', 'over 90'])
  })

  it('shows five people what each of them may see of the same question', () => {
    const rows = tableOf(first.stdout, 5).slice(0, 5)
    const [you, ida, rosa, tove, noor] = rows.map((cells) => cells.join(' '))
    const count = /\d+(?= {0,4}Ada)/.exec(you!)![0]
    expect(you).toMatch(/@example\.com$/)
    expect(ida).toMatch(new RegExp(`${count} .*\\| [0-9a-f]{32}$`))
    expect(rosa).toMatch(new RegExp(`${count} .*@example\\.com$`))
    expect(tove).toMatch(/ 0$/)
    expect(noor).toContain('There is no attribute :customer/name')
    expect(first.stdout).toMatch(/--token NOOR {2,}No query is saved as staff\/salaries/)
    expect(first.stdout).toMatch(/--token NOOR --purpose budget {2}5 teams, finance \| 2 \|/)
  })

  it('shows a receipt that is replayed, formats, and who could read addresses', () => {
    expect(first.stdout).toMatch(
      /receipt +[0-9a-f-]{36}\n {3}result +\d+ rows, sha256:[\s\S]*asked again +the same answer\n/,
    )
    expect(first.stdout).toMatch(
      /CSV +[\d,]+ bytes +Amsterdam,\d+,\d+\n {3}NDJSON +[\d,]+ bytes +\["Amsterdam"/,
    )
    expect(
      tableOf(first.stdout, 7)
        .slice(0, 4)
        .map(([caller]) => caller),
    ).toEqual(['ida@shop', 'local', 'rosa@shop', 'tove@shop'])
  })

  it('suggests commands that work as they stand', async () => {
    const [, next] = first.stdout.split('Try next, in another terminal:\n\n')
    const commands = next!.split(/\n\n/).filter((each) => /^ {3}(npx varve|curl)/.test(each))
    expect(commands).toHaveLength(6)
    const printed = await inShell(commands.join('\n'))
    expect(printed).toMatchObject({ exitCode: 0, errors: [] })
    for (const part of [
      'staff/salaries',
      ' 40M]',
      '@example.com"]',
      '"Vienna"',
      ':article/name',
      '{:result ',
    ])
      expect(printed.stdout).toContain(part)
  })

  it('keeps the tokens of people where only their owner reads them, and what they see with them', async () => {
    for (const name of ['ida', 'noor', 'rosa', 'tove'])
      expect(statSync(join(`${data}-system`, 'people', name)).mode & 0o077).toBe(0)
    const url = await first.url()
    const whoami = async (headers: Readonly<Record<string, string>>): Promise<unknown> =>
      (await fetch(`${url}/v1/whoami`, { headers })).json()
    const authorization = `Bearer ${readFileSync(join(`${data}-system`, 'people', 'rosa'), 'utf8')}`
    expect(await whoami({})).toMatchObject({ name: 'local' })
    expect(await whoami({ authorization })).toMatchObject({ name: 'rosa@shop', scopes: ['query'] })
    expect(await whoami({ authorization: 'Bearer nobody' })).toMatchObject({
      error: { code: 'varve.error/token-unknown' },
    })
  })

  it('has questions that answer what they must', async () => {
    for (const name of ['bills/aging', 'customer/purchases'])
      expect(await varve(['queries', 'check', name, '--url', await first.url()])).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^holds /),
      })
  })
})

/** As where a checkout is: `npx varve` runs from source. */
async function inShell(
  script: string,
): Promise<{ readonly exitCode: number; readonly stdout: string; readonly errors: readonly string[] }> {
  const shim = join(folder.path, 'npx')
  writeFileSync(shim, `#!/bin/sh\nshift\nexec "${process.execPath}" "${join(root, 'bin/varve.mjs')}" "$@"\n`)
  chmodSync(shim, 0o755)
  const words = `set -e\nPATH="${folder.path}:$PATH"\n${script}`
  const { code, stdout, stderr } = await runProgram('bash', ['-c', words], { cwd: folder.path })
  return { exitCode: code, stdout, errors: stderr.match(/^error: .*/gm) ?? [] }
}

describe('the requests of the talk', () => {
  const LARGEST = 'docs/guide/largest-purchase.edn'
  const SHARD = 'docs/guide/shard-of-bills.edn'
  type Answer = {
    readonly result: readonly (readonly (string | number)[])[]
    readonly warnings: readonly {
      readonly code: string
      readonly place: { readonly line: number; readonly column: number }
    }[]
  }
  const ask = async (body: string): Promise<Answer> => {
    const response = await fetch(`${await first.url()}/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/edn', accept: 'application/json' },
      body,
    })
    expect(response.status).toBe(200)
    return (await response.json()) as Answer
  }

  it('are answered over HTTP, the stray bracket pointed at', async () => {
    const largest = await ask(readFileSync(join(root, LARGEST), 'utf8'))
    expect(largest.result).toEqual([['Ines Kaya', 66_545]])
    expect(largest.warnings).toMatchObject([
      { code: 'varve.warning/bracket-recovered', place: { line: 4, column: 33 } },
    ])
    const shard = await ask(readFileSync(join(root, SHARD), 'utf8'))
    expect(shard.result.length).toBeGreaterThan(300)
    expect(shard.warnings).toMatchObject([{ place: { line: 2, column: 43 } }])
  })

  it('are answered by the command, of the server and of the folder alike', async () => {
    const url = await first.url()
    for (const file of [LARGEST, SHARD]) {
      const ofFolder = await varve(['q', '--data', data, `@${file}`])
      expect(ofFolder.code).toBe(0)
      expect(ofFolder.stderr).toMatch(
        /^warning: The bracket ] \(at line \d, column \d\d of \S+\) is one too many/,
      )
      expect(await varve(['q', '--url', url, `@${file}`])).toEqual(ofFolder)
    }
  })

  it('make up the whole answer of 35 shards of about equal size', async () => {
    const text = readFileSync(join(root, SHARD), 'utf8')
    const shards = []
    for (let index = 0; index < 35; index++) {
      shards.push((await ask(text.replace(':args [0 35]', `:args [${index} 35]`))).result)
    }
    const { result: whole } = await ask(text.replace(':args [0 35]', ':args [0 1]'))
    const rowsOf = (rows: Answer['result']): string[] => rows.map((row) => row.join(' '))
    expect(new Set(shards.flatMap(rowsOf))).toEqual(new Set(rowsOf(whole)))
    const mean = shards.reduce((sum, rows) => sum + rows.length, 0) / 35
    const sizes = shards.map((rows) => rows.length / mean)
    console.log(
      `35 shards of ${Math.min(...sizes).toFixed(3)} to ${Math.max(...sizes).toFixed(3)} of their mean, ${mean.toFixed(0)} rows`,
    )
    expect(Math.min(...sizes)).toBeGreaterThan(0.9)
    expect(Math.max(...sizes)).toBeLessThan(1.1)
  })
})

describe('the first day', () => {
  const blocks = codeBlocks(readFileSync(join(root, 'docs/guide/first-day.md'), 'utf8'))
    .filter(({ language, code }) => language === 'sh' && !code.startsWith('npm start'))
    .map(({ code, line }) => ({ name: `the commands at line ${line}`, code }))

  it.each(blocks)('$name work as they stand', async ({ code }) => {
    const { port } = new URL(await first.url())
    // Where a checkout would be: what the commands name by its path is there, and `npx varve` runs from source.
    for (const name of ['docs', 'test/data']) {
      cpSync(join(root, name), join(folder.path, name), { recursive: true })
    }
    const { exitCode, stdout, errors } = await inShell(code.replaceAll(':8470', `:${port}`))
    expect({ exitCode, errors }).toEqual({ exitCode: 0, errors: [] })
    expect(stdout).not.toBe('')
    expect(stdout).not.toMatch(/^\{(:error|"error")/m)
  })
})

describe('another start', () => {
  it('in the folder of a running one says who has it', async () => {
    const second = await varve(['dev', '--data', data, '--port', '0'])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`process ${first.child.pid} `)
    expect(second.stderr).toContain('varve.error/folder-locked')
    expect(second.stderr).toContain('fix: ')
  })

  /** Saved queries (four of them about usage), grants and tokens. */
  const kept = (url: string): Promise<readonly (readonly unknown[])[]> =>
    Promise.all(
      ['queries', 'grants', 'tokens'].map(async (name) => {
        const answer = (await (await fetch(`${url}/v1/${name}`)).json()) as Record<string, readonly unknown[]>
        return answer[name]!
      }),
    )

  it('stops when asked to, and reopens what is there in a moment', async () => {
    const before = await kept(await first.url())
    expect(before.map(({ length }) => length)).toEqual([17, 9, 4])
    expect(await first.stop()).toBe(0)
    const fromMs = performance.now()
    await using second = new RunningVarve(['dev', '--data', data, '--port', '0'])
    await second.printed(/rows in [\d.]+ ms/)
    console.log(`second start: ${Math.round(performance.now() - fromMs)} ms to its first answer`)
    expect(second.stdout).not.toContain('Making')
    await second.printed(/answers until/)
    expect(second.stdout).not.toContain('Saved its questions')
    expect(await kept(await second.url())).toEqual(before)
    expect(await second.stop('SIGTERM')).not.toBe(1)
  })

  it('on a port in use says so and what to do', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as AddressInfo
    const refused = await varve([
      'dev',
      '--data',
      join(folder.path, 'empty'),
      '--empty',
      '--port',
      String(port),
    ])
    holder.close()
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(`127.0.0.1:${port}`)
    expect(refused.stderr).toContain('varve.error/port-in-use')
    expect(refused.stderr).toContain('--port')
  })

  it('takes an empty folder without the company', async () => {
    await using running = new RunningVarve([
      'dev',
      '--data',
      join(folder.path, 'empty'),
      '--empty',
      '--port',
      '0',
    ])
    const url = await running.url()
    expect(await (await fetch(`${url}/v1/databases`)).json()).toEqual({ databases: [] })
    await running.printed(/answers until/)
    expect(await running.stop()).toBe(0)
  })
})

describe('a first start that is interrupted', () => {
  it('is finished by the next, wherever it stopped', async () => {
    const interrupted = join(folder.path, 'interrupted')
    // Before anything was written, and in the midst of it.
    for (const moment of [/Making/, /Writing: \S+ \d+%|answers until/]) {
      await using start = new RunningVarve(['dev', '--data', interrupted, '--port', '0'])
      await start.printed(moment)
      await start.stop('SIGKILL')
    }
    expect(existsSync(join(interrupted, '.company-unfinished'))).toBe(true)
    {
      await using last = new RunningVarve(['dev', '--data', interrupted, '--port', '0'])
      await last.printed(/answers until/)
      await last.stop()
    }
    expect(existsSync(join(interrupted, '.company-unfinished'))).toBe(false)
    const lastTs = async (of: string): Promise<string[]> =>
      (await varve(['databases', '--data', of])).stdout.match(
        /"(bills|customers|purchases|staff)" "\w+" \d+/g,
      ) ?? []
    expect(await lastTs(interrupted)).toHaveLength(4)
    expect(await lastTs(interrupted)).toEqual(await lastTs(data))
    const everything = '[:find (count ?e) (sum ?cents) :where [$pur ?e :purchase/amount ?cents]]'
    expect(await varve(['q', '--data', interrupted, everything])).toEqual(
      await varve(['q', '--data', data, everything]),
    )
  })
})

describe('the guide of the service', () => {
  it('works as it is printed, command by command', async () => {
    const page = codeBlocks(readFileSync(join(root, 'docs/guide/service.md'), 'utf8'))
    const scripts = page.filter(({ language, code }) => language === 'sh' && !code.includes('varve serve'))
    expect(scripts).toHaveLength(8)
    // In a folder of its own, so that what it counts is what the page did.
    const own = join(folder.path, 'guide')
    mkdirSync(own)
    symlinkSync(data, join(own, 'varve-data'))
    await using server = new RunningVarve(['dev', '--data', join(own, 'varve-data'), '--port', '0'])
    await server.printed(/answers until/)
    const url = await server.url()
    // What npx would find in a checkout.
    const npx = `npx() { shift; ${process.execPath} ${join(root, 'bin/varve.mjs')} "$@"; }`
    const commands = scripts.map(({ code }) => code.replaceAll('http://127.0.0.1:8470', url))
    const ran = await runProgram('bash', ['-ec', [npx, ...commands].join('\n')], { cwd: own })
    expect(ran).toMatchObject({ code: 0 })
    for (const { code } of page.filter(({ language }) => language === 'text'))
      expect(ran.stdout).toContain(code)
    const lines = ran.stdout.trim().split('\n')
    expect(lines.filter((line) => /^\d+$/.test(line))).toHaveLength(1)
    expect(ran.stdout).toContain('"ada" 1')
    expect(ran.stdout).toMatch(/^audit-1 {2}holds: /m)
  })
})
