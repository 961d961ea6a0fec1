// The examples of docs/reference/query.md give the answers that stand below them, and its tables hold every
// function and aggregate that a query may call.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { codeBlocks } from '../scripts/check/markdown.ts'
import { nodeEnv } from '../src/base/env-node.ts'
import { parseCases } from '../src/cli/cases/case-file.ts'
import { runCase } from '../src/cli/cases/run-cases.ts'
import { readEdn } from '../src/fact/edn-reader.ts'
import { writeEdn } from '../src/fact/edn-writer.ts'
import { type Edn, EdnList, EdnMap, keyword } from '../src/fact/value.ts'
import { AGGREGATES, FUNCTIONS } from '../src/plan/functions.ts'

const PAGE = 'docs/reference/query.md'
const ANSWER = ';=>'

const text = readFileSync(join(import.meta.dirname, '..', PAGE), 'utf8')
const blocks = codeBlocks(text)
const data = readEdn(blocks.find(({ tags }) => tags.includes('data'))!.code).value as EdnMap
const examples = blocks.filter(({ tags }) => tags.includes('run'))

const folder = mkdtempSync(join(tmpdir(), 'varve-page-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A case of an example: a question, a request with arguments, or `(pull pattern entity)`. */
function caseOf(name: string, asked: Edn, answer: Edn): EdnMap {
  const entries: [Edn, Edn][] = [
    [keyword('name'), name],
    [keyword('expected'), answer],
    ...data.entries.map(([key, value]): [Edn, Edn] => [key, value]),
  ]
  if (asked instanceof EdnList) {
    const [, pattern, eid] = asked.items
    entries.push([
      keyword('pull'),
      new EdnMap([
        [keyword('pattern'), pattern!],
        [keyword('eid'), eid!],
      ]),
    ])
  } else if (asked instanceof EdnMap && asked.get(keyword('args')) !== undefined) {
    entries.push(...asked.entries.map(([key, value]): [Edn, Edn] => [key, value]))
  } else entries.push([keyword('query'), asked])
  return new EdnMap(entries)
}

describe(PAGE, () => {
  it.each(examples.map(({ line, code }) => [`line ${line}`, code]))(
    '%s gives its answer',
    async (name, code) => {
      const [asked = '', answer = ''] = code.split(ANSWER)
      const made = caseOf(name, readEdn(asked).value, readEdn(answer).value)
      const failure = await runCase(nodeEnv(), parseCases(writeEdn(made), PAGE)[0]!, {
        folder,
        layouts: ['novelty'],
      })
      expect(failure).toBeUndefined()
    },
  )

  it('has a row for every function and every aggregate', () => {
    const named = new Set([...text.matchAll(/`\((\S+?)[ )]/g)].map((match) => match[1]))
    const missing = [...FUNCTIONS.keys(), ...AGGREGATES.keys()].filter((name) => !named.has(name))
    expect(missing).toEqual([])
  })
})
