// `varve import` from outside: files of every format, what a person may say, what can be wrong, and being killed.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectLocal } from '../src/api/connect.ts'
import { SystemFolder } from '../src/service/system/system-folder.ts'
import { nodeEnv } from '../src/base/env-node.ts'
import { LocalSession } from '../src/cli/local-session.ts'
import { main } from '../src/cli/main.ts'
import { writeEdn } from '../src/fact/edn-writer.ts'
import { readEdn } from '../src/fact/edn-reader.ts'
import { startServer } from '../src/service/server.ts'
import { SeededRandom } from '../src/base/seeded-random.ts'
import { TestTerminal } from '../src/testing/test-terminal.ts'
import { root } from './examples.ts'

const RETAIL = readFileSync(join(root, 'test/data/online-retail-week.csv'), 'utf8')
/** Some thousand rows, and a bad one now and then. */
const SOME_WEEK = RETAIL.split('\n')
  .slice(0, 6_000)
  .map((line, index) => (index % 700 === 5 ? `${line},` : line))
  .join('\n')
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'varve-import-test-'))
  folders.push(folder)
  return folder
}

type Outcome = { readonly code: number; readonly out: string; readonly err: string }

/** The command line in this process; `answer` is what a person at a terminal types. */
async function varve(words: readonly string[], answer?: string): Promise<Outcome> {
  const terminal = new TestTerminal(words, answer)
  const code = await main(words, { env: nodeEnv(), terminal })
  return { code, out: terminal.written, err: terminal.reported }
}

/** A folder for a database and a file in it. */
class Place {
  readonly folder = freshFolder()
  readonly data = join(this.folder, 'data')

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.folder, name)
    writeFileSync(path, content)
    return path
  }

  import(path: string, ...flags: readonly string[]): Promise<Outcome> {
    return varve(['import', path, '--data', this.data, '--database', 'db', ...flags])
  }

  /** What a query answers, as EDN; whatever it complains about stands in its place. */
  async ask(query: string, ...words: readonly string[]): Promise<string> {
    const place = ['--data', this.data, '--database', 'db', '--output', 'edn']
    const { out, err } = await varve(['q', query, ...place, ...words])
    return `${out}${err}`.trim()
  }

  rejects(path: string): readonly Record<string, unknown>[] {
    return readFileSync(`${path}.rejects.ndjson`, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  /** Everything that ever happened, with or without the moments. */
  async log(hasMoments = true): Promise<readonly string[]> {
    await using session = await LocalSession.open(nodeEnv(), this.data, { isReadOnly: true })
    const lines: string[] = []
    for await (const { t, txInstant, datoms } of session.log('db', { isLive: false })) {
      const told = datoms
        .filter((datom) => String(datom[1]) !== ':db/txInstant')
        .map((datom) => writeEdn(datom))
      lines.push(`${t} ${hasMoments ? txInstant.toISOString() : ''} ${told.join(' ')}`)
    }
    return lines
  }
}

describe('CSV', () => {
  it('brings every type in, with quotes, line ends in fields, blanks and a mark of byte order', async () => {
    const place = new Place()
    const path = place.file(
      'My Things.csv',
      '\ufeffName,PaidAt,Cents,Ratio,isOpen,Key\n' +
        '"Müller, ""Jo""\nBerlin",2010-12-01 08:26,5,0.5,true,6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10\n' +
        'Ann,,7,2,FALSE,\n',
    )
    const { code, out, err } = await place.import(path)
    expect(err).toContain(':my-things/paid-at')
    expect({ code, out: out.replace(/, \d+ facts/, '') }).toEqual({
      code: 0,
      out: 'db: 2 rows imported in 3 transactions (t 1 to 3).\n',
    })
    expect(
      await place.ask(
        '[:find ?n ?at ?c ?r ?o ?k :where [?x :my-things/name ?n] [?x :my-things/paid-at ?at] [?x :my-things/cents ?c] [?x :my-things/ratio ?r] [?x :my-things/is-open ?o] [?x :my-things/key ?k]]',
      ),
    ).toBe(
      '[["Müller, \\"Jo\\"\\nBerlin" #inst "2010-12-01T08:26:00.000-00:00" 5 0.5 true #uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"]]',
    )
    expect(await place.ask('[:find ?r . :where [?x :my-things/name "Ann"] [?x :my-things/ratio ?r]]')).toBe(
      '2.0',
    )
  })

  it('takes names, types, several values, skipped columns and the delimiter from flags', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'Id;Zip;Tags;Note\na;01234;x| y;n\nb;99;;n\n')
    const flags = [
      '--name',
      'Id=:item/id',
      '--identity',
      'Id',
      '--type',
      'Zip=long',
      '--many',
      'Tags',
      '--split',
      '|',
    ]
    const { err } = await place.import(
      path,
      ...flags,
      '--skip',
      'Note',
      '--entity',
      'item',
      '--delimiter',
      ';',
    )
    expect(err).toMatch(/Note +skipped/)
    expect(await place.ask('[:find ?z . :where [?x :item/id "a"] [?x :item/zip ?z]]')).toBe('1234')
    expect(await place.ask('[:find [?t ...] :where [?x :item/id "a"] [?x :item/tags ?t]]')).toBe('["x" "y"]')
    expect(
      (await varve(['schema', '--data', place.data, '--database', 'db', '--output', 'edn'])).out,
    ).not.toContain('note')
  })

  it('prints a mapping that, edited or not, imports the same', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'Id,When,Price\na,31/1/2010,1.5\n')
    const flags = ['--identity', 'Id', '--as-known-at', 'When', '--type', 'Price=bigdec', '--skip', 'When']
    const { out } = await place.import(path, ...flags, '--print-mapping')
    expect(readEdn(out).value).toEqual(
      readEdn(`{:entity "x" :identity ["Id"] :as-known-at "When" :columns
        [{:column "Id" :attribute :x/id :type :string} {:column "When" :skip true}
         {:column "Price" :attribute :x/price :type :bigdec}]}`).value,
    )
    const mapping = place.file('mapping.edn', out)
    await place.import(path, '--mapping', mapping)
    expect(await place.ask('[:find ?p . :where [_ :x/price ?p]]')).toBe('1.5M')
    const json = place.file('mapping.json', '{"columns": [{"column": "Price", "attribute": ":y/price"}]}')
    await place.import(path, '--mapping', json)
    expect(await place.ask('[:find ?p . :where [_ :y/price ?p]]')).toBe('1.5')
  })

  it('upserts by identity, the later row winning, also over what the database has', async () => {
    const place = new Place()
    const first = place.file('a.csv', 'id,n\na,1\nb,2\na,3\n')
    await place.import(first, '--identity', 'id', '--entity', 'x')
    const second = place.file('b.csv', 'id,n\nb,4\nc,5\n')
    const { err } = await place.import(second, '--entity', 'x')
    expect(err).toContain('in the database already')
    expect(await place.ask('[:find ?i ?n :where [?x :x/id ?i] [?x :x/n ?n]]')).toBe(
      '[["a" 3] ["b" 4] ["c" 5]]',
    )
  })

  it('joins several columns to one identity', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'order,line,n\n1,1,10\n1,2,20\n1,1,30\n2,,40\n')
    await place.import(path, '--identity', 'order', '--identity', 'line')
    const again = place.file('y.csv', 'order,line,n\n1,2,21\n')
    await place.import(again, '--identity', 'order', '--identity', 'line', '--entity', 'x')
    expect(await place.ask('[:find ?k ?n :where [?x :x/order+line ?k] [?x :x/n ?n]]')).toBe(
      '[[[1 1] 30] [[1 2] 21] [[2 nil] 40]]',
    )
  })

  it('sends what cannot be imported to a file with line, reason and row', async () => {
    const place = new Place()
    const path = place.file(
      'x.csv',
      'id,n,email\na,1,a@x\nb,2\nc,three,c@x\n"d"x,4,d@x\n,,\ne,5,a@x\n,6,f@x\ng,7,g@x\n',
    )
    await place.import(
      place.file('schema.csv', 'id,n,email\n0,0,0\n'),
      '--entity',
      'x',
      '--identity',
      'id',
      '--type',
      'id=string',
      '--type',
      'email=string',
    )
    await varve([
      'transact',
      '[{:db/id :x/email :db/unique :db.unique/value}]',
      '--data',
      place.data,
      '--database',
      'db',
    ])
    const { code, out, err } = await place.import(path, '--entity', 'x', '--identity', 'id')
    expect(code).toBe(0)
    expect(out).toContain('2 rows imported')
    expect(err).toContain('varve.warning/rows-rejected')
    expect(place.rejects(path).map(({ line, code: reason, row }) => [line, reason, row])).toEqual([
      [3, 'varve.error/row-malformed', 'b,2'],
      [4, 'varve.error/cell-invalid', { id: 'c', n: 'three', email: 'c@x' }],
      [5, 'varve.error/row-malformed', '"d"x,4,d@x'],
      [6, 'varve.error/row-malformed', { id: '', n: '', email: '' }],
      [8, 'varve.error/row-unplaced', { id: '', n: '6', email: 'f@x' }],
      [7, 'db.error/unique-conflict', { id: 'e', n: '5', email: 'a@x' }],
    ])
    expect(await place.ask('[:find [?i ...] :where [?x :x/id ?i] [?x :x/n ?n] [(> ?n 0)]]')).toBe('["a" "g"]')
  })

  it('imports nothing under --strict where a row is wrong', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'id,n\na,1\nb\n')
    const { code, err } = await place.import(path, '--strict')
    expect([code, err.includes('varve.error/import-rejected')]).toEqual([1, true])
    expect(place.rejects(path)).toHaveLength(1)
    expect((await varve(['databases', '--data', place.data, '--output', 'edn'])).out.trim()).toBe('[]')
  })

  it('imports the same file with the same mapping once', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'n\n1\n2\n')
    await place.import(path)
    expect((await place.import(path)).out).toBe('db: nothing new. 2 rows had been imported before.\n')
    expect(await place.ask('[:find (count ?x) . :where [?x :x/n]]')).toBe('2')
  })

  it('asks a person before it writes', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'n\n1\n')
    const words = ['import', path, '--data', place.data, '--database', 'db']
    const { code, err } = await varve(words, 'n')
    expect([code, err.includes('Import? [Y/n]'), err.includes('varve.error/import-declined')]).toEqual([
      1,
      true,
      true,
    ])
    expect((await varve([...words, '--yes'], 'n')).code).toBe(0)
  })
})

describe('rows with moments', () => {
  it('apply in their order whatever that of the file, ties in the order of the file', async () => {
    const place = new Place()
    const path = place.file(
      'x.csv',
      'id,price,at\na,3,2015-03-01\na,1,2015-01-01\na,2,2015-02-01\na,9,2015-02-01\nb,1,never\nb,2,2999-01-01\n',
    )
    const { out } = await place.import(path, '--identity', 'id', '--as-known-at', 'at', '--type', 'at=string')
    expect(out).toContain('4 rows imported')
    const price = '[:find ?p . :where [?x :x/id "a"] [?x :x/price ?p]]'
    expect(await place.ask(price)).toBe('3')
    expect(await place.ask(price, '--as-of', '2015-02-10')).toBe('9')
    expect(await place.ask(price, '--as-of', '2015-01-31')).toBe('1')
    // Schema takes the first row's moment.
    expect(await place.ask('[:find ?at . :where [_ :db/ident :x/price ?tx] [?tx :db/txInstant ?at]]')).toBe(
      '#inst "2015-01-01T00:00:00.000-00:00"',
    )
    expect(place.rejects(path).map(({ line, code }) => [line, code])).toEqual([
      [6, 'varve.error/row-unplaced'],
      [7, 'db.error/future-tx-instant'],
    ])
  })

  it('refuses moments before what the database knows, and writes nothing', async () => {
    const place = new Place()
    await place.import(place.file('a.csv', 'n,at\n1,2015-01-02\n'), '--as-known-at', 'at')
    const before = await place.log()
    const { code, err } = await place.import(
      place.file('b.csv', 'n,at\n1,2015-01-01\n'),
      '--as-known-at',
      'at',
    )
    expect([code, err.includes('varve.error/import-before-known')]).toEqual([1, true])
    expect(await place.log()).toEqual(before)
  })

  it('assumes the month first where no date tells, and says so', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'at\n1/2/2015\n')
    expect((await place.import(path)).err).toContain('varve.warning/date-order-assumed')
    expect(await place.ask('[:find ?at . :where [_ :x/at ?at]]')).toBe(
      '#inst "2015-01-02T00:00:00.000-00:00"',
    )
    const other = new Place()
    expect((await other.import(path, '--dates', 'dmy')).err).not.toContain('warning')
    expect(await other.ask('[:find ?at . :where [_ :x/at ?at]]')).toBe(
      '#inst "2015-02-01T00:00:00.000-00:00"',
    )
  })
})

describe('other formats', () => {
  it('JSON lines: keys are columns, objects within are joined by dots, lists are several values', async () => {
    const place = new Place()
    const path = place.file(
      'x.ndjson',
      '{"id": "a", "n": 1, "tags": ["x", "y"], "at": {"#inst": "2015-01-01T00:00:00Z"}}\n' +
        '{"id": "b", "n": 2.5, "address": {"city": "Oslo"}, "late": null}\n{"id": \n[1]\n',
    )
    await place.import(path, '--identity', 'id')
    expect(await place.ask('[:find ?n . :where [?x :x/id "a"] [?x :x/n ?n]]')).toBe('1.0')
    expect(await place.ask('[:find [?t ...] :where [_ :x/tags ?t]]')).toBe('["x" "y"]')
    expect(await place.ask('[:find ?c . :where [_ :x/address-city ?c]]')).toBe('"Oslo"')
    expect(await place.ask('[:find ?at . :where [_ :x/at ?at]]')).toBe(
      '#inst "2015-01-01T00:00:00.000-00:00"',
    )
    expect(place.rejects(path).map(({ line, code }) => [line, code])).toEqual([
      [3, 'varve.error/row-malformed'],
      [4, 'varve.error/row-malformed'],
    ])
  })

  async function parquet(place: Place, select: string): Promise<string> {
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const path = join(place.folder, 'x.parquet')
    await connection.run(`copy (${select}) to '${path}' (format parquet)`)
    return path
  }

  it('Parquet: types come from the file', async () => {
    const place = new Place()
    const path = await parquet(
      place,
      `select 'a' as id, 9007199254740993::bigint as big, 1.50::decimal(9,2) as price, date '2015-01-02' as day,
        [1, 2]::integer[] as several, 'nan'::double as ratio, true as yes, 18446744073709551615::ubigint as huge,
        '6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'::uuid as key, '\\x01'::blob as raw, {'k': 1} as nested, 0.5::float as half`,
    )
    expect((await place.import(path)).code).toBe(0)
    const facts = await place.ask('[:find ?a ?v :where [?x :x/id] [?x ?attr ?v] [?attr :db/ident ?a]]')
    expect(facts).toBe(
      '[[:x/big 9007199254740993] [:x/day #inst "2015-01-02T00:00:00.000-00:00"] [:x/half #float 0.5] [:x/huge 18446744073709551615N] ' +
        '[:x/id "a"] [:x/key #uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"] [:x/nested "{\\"k\\":1}"] [:x/price 1.5M] [:x/raw #bytes "AQ=="] ' +
        '[:x/several 1] [:x/several 2] [:x/yes true]]',
    )
  })

  it('Parquet that is cut off is refused, and nothing is written', async () => {
    const place = new Place()
    const path = await parquet(place, 'select range as n from range(5000)')
    writeFileSync(path, readFileSync(path).subarray(0, 2_000))
    const { code, err } = await place.import(path)
    expect([code, err.includes('varve.error/import-file-broken')]).toEqual([1, true])
  })

  it('Parquet with a broken page behind whole ones is refused, and nothing is written', async () => {
    const place = new Place()
    const path = await parquet(place, "select range as n, 'text ' || hash(range) as t from range(200000)")
    const bytes = readFileSync(path)
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 5_000)
    writeFileSync(path, bytes)
    const { code, err } = await place.import(path)
    expect([code, err.includes('varve.error/import-file-broken')]).toEqual([1, true])
    expect((await varve(['databases', '--data', place.data])).out).not.toContain('db')
  })

  it('works over HTTP as it does on a folder', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'id,n\na,1\nb,two\na,3\n')
    await using server = await connectLocal('memory:')
    await using system = await SystemFolder.inMemory(nodeEnv())
    await using http = await startServer({
      system,
      catalog: server.catalog,
      runner: server.runner,
      procedures: server.procedures,
      port: 0,
      version: '1.2.3',
      onFault: () => undefined,
    })
    const words = [
      'import',
      path,
      '--database',
      'db',
      '--identity',
      'id',
      '--type',
      'n=long',
      '--url',
      `http://127.0.0.1:${http.port}`,
    ]
    expect((await varve(words)).out).toContain('2 rows imported')
    expect((await varve(words)).out).toContain('nothing new')
    const value = (await server.catalog.connection('db')).value()
    const n = value.schema.attributeNamed(readEdn(':x/n').value as never)!
    expect([...value.facts.match(undefined, n.id, undefined)].map(({ v }) => v)).toEqual([3])
    expect(place.rejects(path)).toHaveLength(1)
  })
})

describe('what is wrong is told, with nothing written', () => {
  const cases: readonly (readonly [string, string, string | Uint8Array, readonly string[], string])[] = [
    ['no such file', '', '', [], 'varve.error/file-missing'],
    ['an empty file', 'x.csv', '', [], 'varve.error/import-header-invalid'],
    ['a column twice in the header', 'x.csv', 'a,b,a\n1,2,3\n', [], 'varve.error/import-header-invalid'],
    [
      'bytes that are no text',
      'x.csv',
      Uint8Array.of(80, 75, 3, 4, 0, 0, 8),
      [],
      'varve.error/import-format-unknown',
    ],
    ['a header that is no CSV', 'x.csv', '"a"b,c\n', [], 'varve.error/import-format-unknown'],
    ['one row without end', 'x.csv', 'x'.repeat(18 << 20), [], 'varve.error/import-format-unknown'],
    ['a flag for no column', 'x.csv', 'id,n\n', ['--identity', 'Id2'], 'varve.error/import-column-unknown'],
    ['a type that is none', 'x.csv', 'id,n\n', ['--type', 'n=integer'], 'varve.error/import-mapping-invalid'],
    ['two columns of one name', 'x.csv', 'a b,a-b\n1,2\n', [], 'varve.error/import-mapping-invalid'],
    [
      'an identity that is skipped',
      'x.csv',
      'a,b\n1,2\n',
      ['--identity', 'a', '--skip', 'a'],
      'varve.error/import-mapping-invalid',
    ],
    ['nothing left to import', 'x.csv', 'a\n1\n', ['--skip', 'a'], 'varve.error/import-mapping-invalid'],
    [
      'an identity of several values',
      'x.csv',
      'a\n1\n',
      ['--identity', 'a', '--many', 'a'],
      'varve.error/import-mapping-invalid',
    ],
    ['a name that is none', 'x.csv', 'a\n1\n', ['--name', 'a=b c'], 'varve.error/import-mapping-invalid'],
    ['no Parquet at all', 'x.parquet', 'PAR1 and so on', [], 'varve.error/import-file-broken'],
  ]
  it.each(cases)('%s', async (_, name, content, flags, code) => {
    const place = new Place()
    const path = name === '' ? join(place.folder, 'none.csv') : place.file(name, content)
    const outcome = await place.import(path, ...flags)
    expect(outcome.err).toContain(code)
    expect(outcome.code).toBe(1)
    expect((await varve(['databases', '--data', place.data])).out).not.toContain('db')
  })

  it('a mapping file with a slip in it, an attribute of another type, an identity that the database does not have', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'id,n\na,1\n')
    const slip = await place.import(path, '--mapping', place.file('m.edn', '{:colums []}'))
    expect(slip.err).toContain('varve.error/import-mapping-invalid')
    expect(slip.err).toContain('Did you mean columns?')
    await place.import(path)
    expect((await place.import(path, '--type', 'n=string')).err).toContain(
      'The database has :x/n as long, not as string',
    )
    expect((await place.import(path, '--identity', 'id')).err).toContain(
      ':x/id is no identity in this database',
    )
  })

  it('wrong words on the command line are a matter of usage', async () => {
    const place = new Place()
    const path = place.file('x.csv', 'id\na\n')
    expect((await varve(['import', path])).code).toBe(2)
    expect((await place.import(path, '--dates', 'ymd')).code).toBe(2)
    expect((await place.import(path, '--delimiter', 'ab')).code).toBe(2)
    expect((await place.import(path, '--type', 'id')).code).toBe(2)
  })
})

describe('an import that is killed', () => {
  const KILL_COUNT = 10
  const modes = [
    [
      'with an identity and moments',
      ['--identity', 'StockCode', '--as-known-at', 'InvoiceDate', '--entity', 'article'],
      true,
    ],
    ['without an identity', ['--entity', 'line'], false],
  ] as const

  it.each(modes)(
    '%s ends, resumed, with what an unbroken one gives',
    async (_, flags, hasMoments) => {
      const unbroken = new Place()
      const startMs = performance.now()
      expect((await importProcess(unbroken, flags, undefined)).signal).toBe(null)
      const durationMs = performance.now() - startMs
      const expected = await unbroken.log(hasMoments)
      const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9))
      const random = new SeededRandom(seed)
      let broken = new Place()
      let killCount = 0
      while (killCount < KILL_COUNT) {
        // Most of the time goes into starting; the last stretch is where rows are written.
        const { signal } = await importProcess(broken, flags, durationMs * (0.3 + 0.7 * random.next()))
        if (signal === 'SIGKILL') killCount++
        else {
          expect(await broken.log(hasMoments), `seed ${seed}`).toEqual(expected)
          broken = new Place()
        }
      }
      await importProcess(broken, flags, undefined)
      expect(await broken.log(hasMoments), `seed ${seed}`).toEqual(expected)
      expect(readFileSync(join(broken.folder, 'rejects'), 'utf8')).toBe(
        readFileSync(join(unbroken.folder, 'rejects'), 'utf8'),
      )
    },
    180_000,
  )

  function importProcess(
    place: Place,
    flags: readonly string[],
    killAfterMs: number | undefined,
  ): Promise<{ readonly signal: NodeJS.Signals | null }> {
    const path = place.file('week.csv', SOME_WEEK)
    const words = [
      'import',
      path,
      '--data',
      place.data,
      '--database',
      'db',
      '--dates',
      'mdy',
      '--rejects',
      join(place.folder, 'rejects'),
    ]
    const child = spawn(process.execPath, [join(root, 'bin/varve.mjs'), ...words, ...flags], {
      stdio: 'ignore',
    })
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', (_code, signal) => {
        clearTimeout(timer)
        resolve({ signal })
      })
    })
  }
})
