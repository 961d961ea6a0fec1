import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { VarveError } from '../../base/errors.ts'
import { parseCases } from './case-file.ts'
import { runCase } from './run-cases.ts'

const SCHEMA = ':schema [{:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]'
const QUERY = ':query [:find ?n :where [_ :p/n ?n]]'

function refusal(text: string): VarveError {
  try {
    parseCases(text, 'some.edn')
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
  throw new Error('the case was taken')
}

describe('case files', () => {
  it.each([
    ['[1]', 'A case is a map'],
    ['{:query [:find ?x]}', 'a case: it has no :name'],
    ['{:name "x" :expected 1}', 'x: it asks no question, or two'],
    ['{:name "x" :query [] :pull {:eid 1 :pattern [*]} :expected 1}', 'x: it asks no question, or two'],
    ['{:name "x" :query []}', 'x: it does not say one outcome'],
    ['{:name "x" :query [] :expected 1 :expect-error true}', 'x: it does not say one outcome'],
    ['{:name "x" :query [] :expect-error "no"}', 'x: its :expect-error is none'],
    ['{:name "x" :query [] :expected-count "2"}', 'x: its :expected-count is no number'],
    ['{:name "x" :query [] :args 1 :expected 1}', 'x: its :args is no vector'],
    ['{:name "x" :view :past :query [] :expected 1}', 'x: its :view is none'],
    ['{:name "x" :extra-dbs {1 2} :query [] :expected 1}', 'x: its :extra-dbs are none'],
    ['{:name "x" :query [] :expected 1 :datomic "no"}', 'x: its :datomic is no map'],
    ['{:name "x" :query [] :expected 1 :datomic {:error true}}', 'x: its :datomic gives no reason'],
    ['{:name "x" :query [] :expected 1 :datomic {:because "y"}}', 'x: its :datomic gives no answer'],
  ])('%s is refused', (text, message) => {
    expect(refusal(text)).toMatchObject({ code: 'varve.error/case-invalid', message })
  })

  it('a refusal points at the case and knows what was meant', () => {
    const text = `{:name "a" :query [] :expected 1}\n\n{:name "b" :veiw {:as-of 1} :query [] :expected 1}`
    const error = refusal(text)
    expect(error.fix).toBe('Did you mean :view?')
    expect(error.data['place']).toMatchObject({ source: 'some.edn', line: 3, column: 1 })
  })
})

/** test/cases.test.ts runs them on all layouts; here on the quickest, so that no change breaks one unseen. */
it('every case of test/cases gives its answer', { timeout: 60_000 }, async () => {
  const root = join(import.meta.dirname, '../../../test/cases')
  const failures = []
  for (const file of globSync(join(root, '**/*.edn'))) {
    for (const made of parseCases(readFileSync(file, 'utf8'), file)) {
      failures.push(await runCase(nodeEnv(), made, { folder: '', layouts: ['novelty'] }))
    }
  }
  expect(failures.length).toBeGreaterThan(1200)
  expect(failures.filter((failure) => failure !== undefined)).toEqual([])
})

describe('running a case', () => {
  const env = nodeEnv()
  const folder = mkdtempSync(join(tmpdir(), 'varve-case-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const run = (rest: string): Promise<unknown> =>
    runCase(env, parseCases(`{:name "x" ${SCHEMA} ${rest}}`, 'x.edn')[0]!, { folder })

  it('tells on which layout it fails, what it expected and what it got', async () => {
    const failure = { name: 'x', layout: 'novelty' }
    expect(await run(`:tx [[{:p/n 1}]] ${QUERY} :expected #{[1]}`)).toBeUndefined()
    expect(await run(`:tx [[{:p/n 1}]] ${QUERY} :expected #{[2]}`)).toEqual({
      ...failure,
      expected: '#{[2]}',
      got: '[[1]]',
    })
    expect(await run(`${QUERY} :expect-error :db.error/nil-value`)).toMatchObject({ ...failure, got: '[]' })
    expect(await run(`:tx [[{:p/n nil}]] ${QUERY} :expect-error :db.error/nil-input`)).toMatchObject({
      got: 'error db.error/nil-value: nil stands as value of :p/n',
    })
    expect(await run(`:tx [[{:p/n 1}]] ${QUERY} :expected-count 2`)).toMatchObject({ expected: '2 items' })
  })

  it('the order of a relation never matters, that of a tuple does', async () => {
    const pair = ':tx [[{:p/n 1}]] :query [:find [?n ?m] :where [_ :p/n ?n] [(inc ?n) ?m]]'
    expect(await run(`${pair} :expected [1 2]`)).toBeUndefined()
    expect(await run(`${pair} :expected [2 1]`)).toMatchObject({ got: '[1 2]' })
    expect(await run(`:tx [[{:p/n 1} {:p/n 2}]] ${QUERY} :expected [[2] [1]]`)).toBeUndefined()
  })

  it('names a tempid that no earlier transaction resolved', async () => {
    const failure = await run(`:tx [[[:db/add #tempid "a" :p/n 1]]] ${QUERY} :expected #{}`)
    expect(failure).toMatchObject({ got: expect.stringContaining('varve.error/case-tempid-unresolved') })
  })
})
