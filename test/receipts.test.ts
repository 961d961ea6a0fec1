// The hash of a result by somebody else: a program in another language, written from the reference, makes of random answers
// in JSON the same hashes as Varve.

import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { NEVER_ENDS } from '../src/base/batches.ts'
import { writeJson } from '../src/fact/json-writer.ts'
import type { Edn } from '../src/fact/value.ts'
import { returnKeysOf } from '../src/engine/shape.ts'
import { AnswerRows } from '../src/plan/answer-rows.ts'
import { parseQuery } from '../src/query/parse-query.ts'
import { writeAnswer } from '../src/query/written.ts'
import { forms, scalars } from '../src/testing/arbitrary-values.ts'
import { root } from './examples.ts'
import { runProgram } from './toolchains.ts'

const hasPython = await runProgram('python3', ['--version'], { cwd: root }).then(
  ({ code }) => code === 0,
  () => false,
)

const FINDS = [
  '?a ?b',
  '?a ?b :keys x y',
  '?a ?b :strs x y',
  '[?a ...]',
  '[?a ?b]',
  '[?a ?b] :syms x y',
  '?a .',
]

type Answered = { readonly hash: string; readonly line: string }

function answered(find: string, rows: readonly (readonly Edn[])[], isTruncated: boolean): Answered {
  const query = parseQuery(`[:find ${find} :in [[?a ?b]]]`)
  const { kind, elements } = query.find
  const isOne = kind === 'tuple' || kind === 'scalar'
  const held = rows.slice(0, isOne ? 1 : rows.length).map((row) => row.slice(0, elements.length))
  const columns = elements.map((_, i) => ({ name: `?${'ab'[i]}`, type: 'any' }) as const)
  const answer = { columns, rows: AnswerRows.of(held), isTruncated, warnings: [] }
  const options = { format: 'json', engine: 'native', bytesMax: Infinity, check: NEVER_ENDS } as const
  const { pieces, resultHash, rowCount } = writeAnswer(query, answer, options)
  const keys = query.returnKeys === undefined ? null : returnKeysOf(query.returnKeys)
  const said = { kind, width: elements.length, count: rowCount, truncated: isTruncated }
  const result = Buffer.concat(pieces).toString()
  return {
    hash: resultHash,
    line: `${JSON.stringify(said).slice(0, -1)},"keys":${writeJson(keys)},"result":${result}}`,
  }
}

it.runIf(hasPython)(
  'the hash of a result can be made from its JSON and the reference',
  async () => {
    const values = fc.oneof(scalars, forms, fc.constant(null))
    const answers = fc.sample(
      fc
        .tuple(fc.constantFrom(...FINDS), fc.array(fc.tuple(values, values), { maxLength: 8 }), fc.boolean())
        .map(([find, rows, isTruncated]) => answered(find, rows, isTruncated)),
      { numRuns: 500, seed: 1 },
    )
    const { code, stdout, stderr } = await runProgram('python3', [join(root, 'test/judges/result-hash.py')], {
      cwd: root,
      stdin: answers.map(({ line }) => `${line}\n`).join(''),
    })
    expect([code, stderr]).toEqual([0, ''])
    const hashes = stdout.trimEnd().split('\n')
    const differing = answers.filter(({ hash }, i) => hash !== hashes[i]).map(({ line }) => line)
    expect(differing).toEqual([])
    expect(hashes).toHaveLength(500)
  },
  60_000,
)
