// The checks must be able to fail: each is shown a small house with one thing wrong, and one with nothing wrong.

import { describe, expect, it } from 'vitest'
import { checkCycles } from './cycles.ts'
import { checkEffects } from './effects.ts'
import { checkCodesTested, checkErrorTable, rowsOf } from './error-table.ts'
import { checkExamples } from './examples.ts'
import { checkLayers } from './layers.ts'
import { anchorsOf, checkLinks } from './links.ts'
import { codeBlocks } from './markdown.ts'
import { formatProblem } from './problem.ts'
import { parseSource, type SourceFile } from './source.ts'
import { checkWords } from './words.ts'

const PACKAGES = { dependencies: ['commander'], optionalDependencies: ['@duckdb/node-api'] }

function house(files: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => parseSource(path, text))
}

function messages(problems: readonly { readonly line: number; readonly message: string }[]): string[] {
  return problems.map(({ line, message }) => `${line}: ${message}`)
}

describe('layers', () => {
  const found = (path: string, text: string): string[] =>
    messages(checkLayers(house({ [path]: text }), PACKAGES))

  it('takes imports of the own folder and of lower layers', () => {
    expect(found('src/query/ask.ts', "import './parse.ts'\nimport { a } from '../fact/value.ts'")).toEqual([])
  })

  it.each([
    [
      'a higher layer',
      'src/fact/a.ts',
      "\nimport { q } from '../query/ask.ts'",
      '2: fact (layer 1) imports query (layer 7)',
    ],
    [
      'a type of a higher layer',
      'src/fact/a.ts',
      "import type { Q } from '../query/ask.ts'",
      '1: fact (layer 1) imports query (layer 7)',
    ],
    [
      'a type of a higher layer in place',
      'src/fact/a.ts',
      "type Q = import('../query/ask.ts').Q",
      '1: fact (layer 1) imports query (layer 7)',
    ],
    [
      'a re-export of a higher layer',
      'src/fact/a.ts',
      "export { q } from '../query/ask.ts'",
      '1: fact (layer 1) imports query (layer 7)',
    ],
    [
      'a late import of a higher layer',
      'src/fact/a.ts',
      "await import('../api/index.ts')",
      '1: fact (layer 1) imports api (layer 10)',
    ],
    ['the same layer', 'src/log/a.ts', "import '../blob/key.ts'", '1: log (layer 2) imports blob (layer 2)'],
    ['an unknown folder', 'src/helpers/a.ts', '', '1: src/helpers stands on no layer'],
    ['deep nesting', 'src/cli/a/b/c.ts', '', '1: folders are nested more than two deep below src'],
    [
      'something unpublished',
      'src/cli/a.ts',
      "import '../../test/cases.ts'",
      '1: src imports test/cases.ts, which is not published',
    ],
    [
      'arming of planted bugs',
      'src/log/a.ts',
      "import { plantMistake } from '../base/planted.ts'",
      '1: only src/testing arms planted bugs',
    ],
    [
      'testing outside of tests',
      'src/query/a.ts',
      "import '../testing/naive.ts'",
      '1: only tests, benchmarks and src/testing import src/testing',
    ],
    [
      'api from testing',
      'src/testing/a.ts',
      "import '../api/index.ts'",
      '1: testing (layer below api) imports api (layer 10)',
    ],
    [
      'an adapter from below',
      'src/database/a.ts',
      "import '../adapter/s3/store.ts'",
      '1: only api, cli and its own folder import adapter/s3',
    ],
    [
      'another adapter',
      'src/adapter/duckdb/a.ts',
      "import '../s3/store.ts'",
      '1: only api, cli and its own folder import adapter/s3',
    ],
    [
      'an unknown package',
      'src/query/a.ts',
      "import lodash from 'lodash/fp'",
      '1: lodash is no dependency of the package',
    ],
    [
      'an optional package at start',
      'src/adapter/duckdb/a.ts',
      "import '@duckdb/node-api'",
      '1: @duckdb/node-api is optional',
    ],
    [
      'an optional package outside of adapters',
      'src/cli/a.ts',
      "await import('@duckdb/node-api')",
      '1: @duckdb/node-api is optional',
    ],
  ])('refuses %s', (_, path, text, message) => {
    expect(found(path, text)).toEqual([message])
  })

  it.each([
    ['tests that use testing', 'src/query/ask.test.ts', "import '../testing/naive.ts'\nimport 'vitest'"],
    [
      'testing that uses what is below api',
      'src/testing/a.ts',
      "import '../service/http.ts'\nimport 'fast-check'",
    ],
    ['an adapter chosen by api', 'src/api/connect.ts', "await import('../adapter/s3/store.ts')"],
    [
      'an adapter that implements an interface',
      'src/adapter/s3/store.ts',
      "import '../../blob/blob-store.ts'",
    ],
    ['a driver loaded on first use', 'src/adapter/duckdb/a.ts', "await import('@duckdb/node-api')"],
    ['a segment that is read from a blob', 'src/segment/a.ts', "import '../blob/blob-store.ts'"],
    ['a dependency', 'src/cli/import.ts', "import { Command } from 'commander/esm.mjs'"],
  ])('takes %s', (_, path, text) => {
    expect(found(path, text)).toEqual([])
  })
})

describe('cycles', () => {
  it('tells the shortest way round of files, once', () => {
    const files = house({
      'src/fact/a.ts': "import './b.ts'",
      'src/fact/b.ts': "import './c.ts'",
      'src/fact/c.ts': "\nimport './a.ts'\nimport './d.ts'",
      'src/fact/d.ts': '',
    })
    expect(messages(checkCycles(files))).toEqual([
      '1: files import each other: src/fact/a.ts → src/fact/b.ts → src/fact/c.ts → src/fact/a.ts',
    ])
  })

  it('finds a file that imports itself', () => {
    expect(checkCycles(house({ 'src/fact/a.ts': "import './a.ts'" }))).toHaveLength(1)
  })

  it('lets types of one folder refer to each other', () => {
    const files = house({
      'src/fact/a.ts': "import type { B } from './b.ts'",
      'src/fact/b.ts': "import './a.ts'",
    })
    expect(checkCycles(files)).toEqual([])
  })

  it('finds folders that know each other by types alone', () => {
    const files = house({
      'src/adapter/x/a.ts': "import type { Y } from '../y/b.ts'",
      'src/adapter/y/c.ts': "import type { X } from '../x/d.ts'",
    })
    expect(messages(checkCycles(files))).toEqual([
      '1: folders import each other: adapter/x → adapter/y → adapter/x',
    ])
  })
})

describe('effects', () => {
  const found = (text: string, path = 'src/log/a.ts'): string[] =>
    messages(checkEffects(house({ [path]: text })))

  it.each([
    ['Date.now()', 'Date.now'],
    ["Date['now']()", 'Date.now'],
    ['const now = Date.now', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['new Date', 'new Date()'],
    ['Date()', 'Date()'],
    ['Math.random()', 'Math.random'],
    ['performance.now()', 'performance'],
    ['setTimeout(() => {}, 1)', 'setTimeout'],
    ['const later = { setImmediate }', 'setImmediate'],
    ['globalThis.setInterval(f, 1)', 'globalThis.setInterval'],
    ["fetch('http://localhost')", 'fetch'],
    ['process.env.HOME', 'process'],
    ['process.exit(1)', 'process'],
    ['crypto.randomUUID()', 'crypto.randomUUID'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ["import { readFileSync } from 'node:fs'", 'node:fs'],
    ["export { Worker } from 'node:worker_threads'", 'node:worker_threads'],
    ["await import('node:child_process')", 'node:child_process'],
    ["import { setTimeout } from 'node:timers/promises'", 'node:timers/promises'],
    ["import { randomBytes } from 'node:crypto'", 'randomBytes of node:crypto'],
  ])('finds %s', (text, effect) => {
    expect(found(`\n${text}`)).toContain(`2: ${effect} is an effect`)
  })

  it.each([
    ['a comment', '// Date.now() and setTimeout'],
    ['a string', "const text = 'Math.random() process.env'"],
    ['a date of a given moment', 'new Date(ms)'],
    ['a pure module', "import { createHash } from 'node:crypto'\nimport { crc32 } from 'node:zlib'"],
    ['a type of an impure module', "import type { Stats } from 'node:fs'"],
    ['a member that bears the name', 'env.network.fetch(url)\nenv.clock.performance'],
    ['a method that bears the name', 'class A { fetch(): void {} }\ntype B = { fetch: string }'],
    ['a parameter that bears the name', 'function f(fetch: F, { process }: G) { return fetch(process) }'],
  ])('lets %s pass', (_, text) => {
    expect(found(text)).toEqual([])
  })

  it('lets the door itself and tests have effects', () => {
    expect(found('Date.now()', 'src/base/env-node-files.ts')).toEqual([])
    expect(found('Date.now()', 'src/base/env-node.test.ts')).toEqual([])
    expect(found('Date.now()', 'src/base/environment.ts')).toHaveLength(1)
  })
})

describe('words', () => {
  it.each([['TO', 'DO'].join(''), ['FIX', 'ME'].join('')])('finds %s', (word) => {
    expect(messages(checkWords(house({ 'src/fact/a.ts': `\n// ${word}: later` })))).toEqual([
      `2: unfinished: ${word}`,
    ])
  })

  it('finds tests that do not run', () => {
    const call = ['it', 'only'].join('.')
    const files = house({ 'src/fact/a.test.ts': `${call}('works', () => {})` })
    expect(messages(checkWords(files))).toEqual([`1: ${call} keeps tests from running`])
  })
})

describe('links', () => {
  const pages = [
    { path: 'README.md', text: '# Varve: facts, once\n## `q` and pull\n## Twice\n## Twice\n' },
    { path: 'docs/a.md', text: '' },
  ]
  const found = (text: string): string[] =>
    messages(
      checkLinks([...pages, { path: 'docs/b.md', text }], (path) => pages.some((page) => page.path === path)),
    )

  it('takes files, anchors, and addresses elsewhere', () => {
    expect(
      found('[a](a.md) [b](../README.md#varve-facts-once) [c](../README.md#q-and-pull) [d](https://x.org/y)'),
    ).toEqual([])
  })

  it('counts headings that bear the same name', () => {
    expect([...anchorsOf(pages[0]!.text)]).toContain('twice-1')
  })

  it('ends a heading with its line, also above a block of code', () => {
    expect([...anchorsOf('## One #\n\n```sh\nls\n```\n')]).toEqual(['one'])
  })

  it.each([
    ['[a](c.md)', '1: the link c.md leads to nothing'],
    ['\n![picture](x.svg)', '2: the link x.svg leads to nothing'],
    ['[named]: ./nowhere.md', '1: the link ./nowhere.md leads to nothing'],
    ['[a](../README.md#nothing)', '1: README.md has no heading #nothing'],
    ['[a](#here)', '1: docs/b.md has no heading #here'],
  ])('finds %s', (text, message) => {
    expect(found(text)).toEqual([message])
  })

  it('reads no links in code', () => {
    expect(found('`[a](c.md)`\n```md\n[a](c.md)\n```\n')).toEqual([])
  })
})

describe('examples', () => {
  const readme = { path: 'README.md', text: '```ts run\nrun()\n```\n' }

  it('takes programs that run and parts that say so', () => {
    expect(
      checkExamples([readme, { path: 'docs/guide/a.md', text: '```ts part\na\n```\n```sh\nb\n```' }]),
    ).toEqual([])
  })

  it('finds an example that nothing runs', () => {
    const page = { path: 'docs/guide/a.md', text: 'text\n```ts\na\n```\n' }
    expect(messages(checkExamples([readme, page]))).toEqual(['2: an example that nothing runs'])
  })

  it('wants a program in the README', () => {
    expect(messages(checkExamples([{ path: 'README.md', text: '# Varve' }]))).toEqual([
      '1: no program that the tests run',
    ])
  })

  it('reads the code of a block as it stands', () => {
    expect(codeBlocks('x\n```ts run file=a.ts\nconst a = 1\n\nb()\n```\ny')).toEqual([
      { language: 'ts', tags: ['run', 'file=a.ts'], code: 'const a = 1\n\nb()\n', line: 2 },
    ])
  })
})

describe('error table', () => {
  const source = house({
    'src/log/errors.ts': "new VarveError({\n  code: 'varve.error/log-closed',\n  kind: 'interrupted',\n})",
    'src/testing/a.ts': "throw problem('varve.error/of-the-model')",
  })
  const table = (...rows: readonly string[]): { path: string; text: string } => ({
    path: 'errors.md',
    text: rows.join('\n'),
  })
  const row = '| `varve.error/log-closed` | interrupted | when | what |'

  it('takes a table that equals the code', () => {
    expect(
      checkErrorTable(source, table('| code | kind | when | what to do |', '|---|---|---|---|', row)),
    ).toEqual([])
  })

  it.each([
    ['a code without a row', [], 'varve.error/log-closed has no row in errors.md'],
    [
      'a row without a code',
      [row, '| `varve.error/gone` | fault | a | b |'],
      'nothing in src has varve.error/gone',
    ],
    [
      'another kind',
      ['| `varve.error/log-closed` | fault | a | b |'],
      'varve.error/log-closed is interrupted here and fault in errors.md',
    ],
    ['a second row', [row, row], 'varve.error/log-closed has two rows'],
    [
      'an empty cell',
      ['| `varve.error/log-closed` | interrupted | when | |'],
      'varve.error/log-closed lacks a cell',
    ],
  ])('finds %s', (_, rows, message) => {
    expect(checkErrorTable(source, table(...rows)).map((problem) => problem.message)).toEqual([message])
  })

  it('finds codes that are handed to a function', () => {
    const files = house({
      'src/fact/errors.ts': "const code = x ? 'db.error/a' : fail('db.error/b', 'incorrect')",
    })
    expect(checkErrorTable(files, table()).map((problem) => problem.message)).toEqual([
      'db.error/a has no row in errors.md',
      'db.error/b has no row in errors.md',
    ])
  })

  it('finds codes that no test names', () => {
    expect(
      checkCodesTested(source, [{ path: 'a.test.ts', text: 'varve.error/log-closed-twice' }]),
    ).toHaveLength(1)
    expect(checkCodesTested(source, [{ path: 'a.edn', text: ':varve.error/log-closed}' }])).toEqual([])
  })

  it('reads rows with their kind and line', () => {
    expect(rowsOf(table('', row))).toEqual([
      { code: 'varve.error/log-closed', kind: 'interrupted', isFull: true, line: 2 },
    ])
  })
})

it('tells file, line and fix of every problem', () => {
  const problem = { file: 'src/a.ts', line: 7, message: 'wrong', fix: 'Mend it' }
  expect(formatProblem(problem)).toBe('src/a.ts:7  wrong\n    fix: Mend it')
})
