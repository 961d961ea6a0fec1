// Two companies with three services each, all of them processes that write, and two processes of the query service over both,
// which may only read the data. Nobody of one company sees anything of the other; whoever is killed, hangs or comes back, the
// others go on, and the record of questions holds.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './examples.ts'
import { AS_NOBODY, folderOfNobody, RunningVarve, TestFolder } from './varve-process.ts'

const folder = new TestFolder()
const system = join(folder.path, 'service', 'system')
const COMPANIES = ['north', 'south'] as const
const SERVICES = ['orders', 'people', 'money'] as const
type Company = (typeof COMPANIES)[number]

/** A service of a company, as a process. */
class WritingService {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reading: Interface

  constructor(company: Company, service: string) {
    this.name = `${company}-${service}`
    const words = [join(root, 'test/company-writer.ts'), join(folder.path, company), this.name]
    this.#child = spawn(process.execPath, words, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
    this.#reading = createInterface({ input: this.#child.stdout! })
    this.#lines = this.#reading[Symbol.asyncIterator]()
  }

  async ready(): Promise<void> {
    if ((await this.#line()) !== 'ready') throw new Error(`${this.name} is not ready`)
  }

  /** The t at which the row is durable. */
  async add(n: number): Promise<number> {
    this.#child.stdin!.write(`${n}\n`)
    return Number(await this.#line())
  }

  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.kill('SIGKILL')
    await ended
    this.#reading.close()
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`${this.name} ended`)
    return value
  }
}

type Answer = { readonly status: number; readonly text: string; readonly place?: string | null }
type Asking = { readonly method?: string; readonly body?: object; readonly type?: string }

/** Somebody with a token; remembers all that was answered. */
class Person {
  readonly token: string | undefined
  readonly heard: string[] = []

  constructor(token?: string) {
    this.token = token
  }

  async ask(url: string, path: string, { method, body, type }: Asking = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(this.token !== undefined && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(type !== undefined && { accept: type }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const headers = JSON.stringify([...response.headers])
    const place = response.headers.get('content-location')
    const answer = { status: response.status, text: await response.text(), place }
    this.heard.push(headers, answer.text)
    return answer
  }

  async json(url: string, path: string, asking: Asking = {}): Promise<Record<string, unknown>> {
    const { status, text } = await this.ask(url, path, asking)
    if (status >= 300) throw new Error(`${path}: ${status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }
}

function serving(): RunningVarve {
  const data = COMPANIES.flatMap((company) => ['--data', join(folder.path, company)])
  return new RunningVarve(['serve', ...data, '--system', system, '--port', '0'], {}, { through: AS_NOBODY })
}

/** Until it is so; the runner ends what never is. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((next) => setTimeout(next, 20))
}

const writers = new Map<string, WritingService>()
const people = {} as Record<'boss' | 'ann' | 'bob', Person>
let [one, two]: RunningVarve[] = []
let urls: { one: string; two: string }

beforeAll(async () => {
  for (const company of COMPANIES) {
    mkdirSync(join(folder.path, company))
    for (const service of SERVICES) {
      const writer = new WritingService(company, service)
      await writer.ready()
      writers.set(writer.name, writer)
      await writer.add(1)
    }
  }
  folderOfNobody(join(folder.path, 'service'))
  one = serving()
  urls = { one: await one.url(), two: '' }
  two = serving()
  urls.two = await two.url()
  const nobody = new Person()
  const token = async (caller: string, scopes: readonly string[]): Promise<Person> => {
    const body = { caller, scopes }
    const by = people.boss ?? nobody
    return new Person(String((await by.json(urls.one, '/v1/tokens', { body }))['token']))
  }
  people.boss = await token('boss', ['query', 'manage'])
  for (const [caller, company] of [
    ['ann', 'north'],
    ['bob', 'south'],
  ] as const) {
    people[caller] = await token(caller, ['query'])
    for (const service of SERVICES) {
      const body = { principal: caller, database: `${company}-${service}`, attributes: ['*'] }
      await people.boss.json(urls.one, '/v1/grants', { body })
    }
    const query = `[:find ?n :where [$${company}-orders _ :${company}-orders/n ?n]]`
    const path = `/v1/queries/${company}%2Fnumbers`
    await people[caller].json(urls.one, path, { method: 'PUT', body: { query } })
  }
  for (const audit of ['audit-1', 'audit-2']) {
    const body = { principal: 'boss', database: audit, attributes: ['*'] }
    await people.boss.json(urls.one, '/v1/grants', { body })
  }
  // The other process follows.
  await until(async () => (await people.boss.ask(urls.two, '/v1/databases/audit-2')).status === 200)
})

afterAll(async () => {
  await one?.[Symbol.asyncDispose]()
  await two?.[Symbol.asyncDispose]()
  for (const writer of writers.values()) await writer.kill()
  folder[Symbol.dispose]()
})

const numbersOf = (company: Company): object => ({
  query: `[:find ?n ?word ?sum :where [$${company}-orders ?o :${company}-orders/n ?n]
    [$${company}-people ?p :${company}-people/n ?n] [$${company}-people ?p :${company}-people/word ?word]
    [$${company}-money ?m :${company}-money/n ?sum] [(= ?sum ?n)]]`,
})

describe('two companies behind one service', () => {
  it('see nothing of each other, by any route', async () => {
    const { ann, bob } = people
    const theirs = await bob.json(urls.two, '/v1/query', { body: numbersOf('south') })
    expect(theirs['result']).toEqual([[1, 'secret of south-people 1', 1]])
    const { id } = theirs['receipt'] as { readonly id: string }
    const cursors = { 'south-orders': 1, 'south-people': 1, 'south-money': 1 }
    const { place } = await bob.ask(urls.two, '/v1/query', { body: { ...numbersOf('south'), cursors } })
    expect((await bob.ask(urls.two, place!)).status).toBe(200)
    for (const url of Object.values(urls)) {
      const { databases } = await ann.json(url, '/v1/databases?system=true')
      const names = (databases as readonly { readonly name: string }[]).map(({ name }) => name)
      expect(names.sort()).toEqual(SERVICES.map((service) => `north-${service}`).sort())
      const { queries } = await ann.json(url, '/v1/queries')
      expect((queries as readonly { readonly name: string }[]).map(({ name }) => name)).toEqual([
        'north/numbers',
      ])
      for (const name of ['list_databases', 'list_saved_queries'])
        await ann.ask(url, '/mcp', {
          body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } },
        })
      await ann.ask(url, '/v1/procedures')
      await ann.ask(url, '/v1/whoami')
      expect((await ann.ask(url, `/v1/receipts/${id}`)).status).toBe(404)
      expect((await ann.ask(url, place!)).status).toBe(404)
      for (const path of ['/v1/tokens', '/v1/grants', '/v1/audit/verify'])
        expect((await ann.ask(url, path)).status).toBe(403)
      // What is hidden is answered as what is not there: byte for byte, but for the name that was asked for.
      const asked: readonly ((name: string) => readonly [string, Asking])[] = [
        (name) => [`/v1/databases/${name}`, {}],
        (name) => [`/v1/databases/${name}/schema`, {}],
        (name) => [`/v1/databases/${name}/log`, {}],
        (name) => [`/v1/databases/${name}/datoms`, { body: { index: 'eavt' } }],
        (name) => ['/v1/query', { body: { query: `[:find ?e :where [$${name} ?e :db/ident]]` } }],
        (name) => ['/v1/query', { body: { query: '[:find ?e :where [?e :db/ident]]', database: name } }],
        (name) => [
          '/v1/query',
          {
            body: { query: '[:find ?n :where [$north-money _ :north-money/n ?n]]', cursors: { [name]: 99 } },
          },
        ],
        (name) => ['/v1/query', { type: 'text/csv', body: { ...numbersOf('north'), database: `${name}@1` } }],
        (name) => ['/v1/pull', { body: { database: name, pattern: '[*]', eid: 1 } }],
      ]
      for (const asking of asked) {
        const answers: Answer[] = []
        for (const name of ['south-orders', 'nowhe-orders']) {
          const silent = new Person(ann.token)
          const { status, text } = await silent.ask(url, ...asking(name))
          answers.push({ status, text: text.replaceAll(name, 'NAME').replaceAll(/"(id|at)": ?"[^"]*"/g, '') })
        }
        expect(answers[0]).toEqual(answers[1])
      }
      // Nor does a slip of the pen find it.
      const body = { query: '[:find ?e :where [$sout-order ?e :db/ident]]' }
      expect((await ann.ask(url, '/v1/query', { body })).status).toBe(404)
      expect((await ann.ask(url, '/v1/queries/sout%2Fnumbers')).status).toBe(404)
    }
    expect(ann.heard.filter((text) => text.includes('south'))).toEqual([])
  })

  it('ask across their databases at cursors that were just written', async () => {
    for (const n of [2, 3]) {
      const cursors: Record<string, number> = {}
      for (const service of SERVICES)
        cursors[`north-${service}`] = await writers.get(`north-${service}`)!.add(n)
      for (const url of Object.values(urls)) {
        const { result, basis } = await people.ann.json(url, '/v1/query', {
          body: { ...numbersOf('north'), cursors },
        })
        expect(basis).toEqual(cursors)
        expect(result).toContainEqual([n, `secret of north-people ${n}`, n])
      }
    }
    const body = { ...numbersOf('north'), cursors: { 'north-people': 99 }, timeoutMs: 50 }
    const { status, text } = await people.ann.ask(urls.two, '/v1/query', { body })
    expect([status, JSON.parse(text)]).toMatchObject([
      503,
      { error: { code: 'varve.error/database-behind', data: { name: 'north-people', t: 99 } } },
    ])
  })

  it('go on when a process of the service is killed, and its record holds when it comes back', async () => {
    const { ann, boss } = people
    const counts = { one: 0, failed: 0 }
    let isOver = false
    const client = async (name: 'one' | 'two'): Promise<void> => {
      while (!isOver) {
        const answered = await ann
          .ask(urls[name], '/v1/query', { body: numbersOf('north') })
          .catch(() => undefined)
        if (answered?.status === 200) counts.one += name === 'one' ? 1 : 0
        else counts.failed += name === 'one' ? 1 : 0
        if (answered === undefined) return
      }
    }
    const clients = (['one', 'two', 'one', 'two'] as const).map(client)
    // One that takes long, so that it is being answered when its process dies.
    const long = `[:find (count ?a) . :where [$north-orders ?a :db/ident] [$north-people ?b :db/ident] [$north-money ?c :db/ident]
      [$north-orders ?d :db/ident] [$north-people ?e :db/ident] [(!= ?a ?b ?c ?d ?e 1)]]`
    const unanswered = ann.ask(urls.two, '/v1/query', { body: { query: long, timeoutMs: 60_000 } })
    const isBroken = unanswered.then(
      () => false,
      () => true,
    )
    const begun =
      '[:find (count ?i) . :where [?q :question/text ?text] [(clojure.string/includes? ?text "!=")] [?i :intent/question ?q]]'
    await until(async () => {
      const body = { query: begun, database: 'audit-2' }
      return (await boss.json(urls.one, '/v1/query', { body }))['result'] === 1
    })
    await two!.stop('SIGKILL')
    expect(await isBroken).toBe(true)
    const countThen = counts.one
    await until(() => Promise.resolve(counts.one > countThen + 10))
    isOver = true
    await Promise.all(clients)
    expect(counts.failed).toBe(0)
    two = serving()
    urls.two = await two.url()
    expect(await ann.json(urls.two, '/v1/query', { body: numbersOf('north') })).toHaveProperty('result')
    const { audits } = await boss.json(urls.two, '/v1/audit/verify')
    const reports = audits as readonly { readonly database: string; readonly unknownCount: number }[]
    expect(reports.map(({ database }) => database)).toEqual(['audit-1', 'audit-2'])
    for (const report of reports) expect(report).not.toHaveProperty('broken')
    expect(reports[1]!.unknownCount).toBeGreaterThanOrEqual(1)
    const ends =
      '[:find ?i :where [?q :question/text ?text] [(clojure.string/includes? ?text "!=")] [?i :intent/question ?q] [?i :outcome/end]]'
    const body = { query: ends, database: 'audit-2' }
    expect((await boss.json(urls.two, '/v1/query', { body }))['result']).toEqual([])
  })

  it('have another owner of tokens and grants when the first is killed', async () => {
    const { boss } = people
    const body = { principal: 'zoe', database: 'north-money', attributes: ['*'] }
    const refused = await boss.ask(urls.two, '/v1/grants', { body })
    expect([refused.status, refused.text]).toEqual([
      409,
      expect.stringContaining(`process ${one!.child.pid} on`),
    ])
    await one!.stop('SIGKILL')
    expect((await boss.ask(urls.two, '/v1/grants', { body })).status).toBe(201)
    one = serving()
    urls.one = await one.url()
    const { grants } = await boss.json(urls.one, '/v1/grants')
    expect(JSON.stringify(grants)).toContain('zoe')
    expect((await boss.ask(urls.one, '/v1/grants', { body })).status).toBe(409)
  })

  it('have another owner when the one that there is hangs, which follows once it goes on', async () => {
    const { boss } = people
    const { token, id } = (await boss.json(urls.two, '/v1/tokens', { body: { caller: 'eve' } })) as {
      readonly token: string
      readonly id: string
    }
    const eve = new Person(token)
    await until(async () => (await eve.ask(urls.one, '/v1/whoami')).status === 200)
    two!.child.kill('SIGSTOP')
    const path = `/v1/tokens/${id}`
    const early = await boss.ask(urls.one, path, { method: 'DELETE' })
    expect([early.status, early.text]).toEqual([409, expect.stringContaining(`process ${two!.child.pid} on`)])
    // As if half a minute had passed since its last sign.
    const past = new Date(Date.now() - 60_000)
    utimesSync(join(system, 'system/log/lock'), past, past)
    expect((await boss.ask(urls.one, path, { method: 'DELETE' })).status).toBe(200)
    two!.child.kill('SIGCONT')
    await until(async () => (await eve.ask(urls.two, '/v1/whoami')).status === 401)
    const late = await boss.ask(urls.two, '/v1/tokens', { body: { caller: 'joe' } })
    expect([late.status, late.text]).toEqual([409, expect.stringContaining(`process ${one!.child.pid} on`)])
  })

  it('follow a writer that was killed and comes back', async () => {
    const name = 'south-orders'
    await writers.get(name)!.kill()
    const query = `[:find ?n :where [$${name} _ :${name}/n ?n]]`
    expect((await people.bob.json(urls.one, '/v1/query', { body: { query } }))['result']).toEqual([[1]])
    const again = new WritingService('south', 'orders')
    writers.set(name, again)
    await again.ready()
    const t = await again.add(2)
    for (const url of Object.values(urls)) {
      const body = { query, cursors: { [name]: t } }
      expect((await people.bob.json(url, '/v1/query', { body }))['result']).toEqual([[1], [2]])
    }
    expect(people.bob.heard.filter((text) => text.includes('north'))).toEqual([])
  })
})
