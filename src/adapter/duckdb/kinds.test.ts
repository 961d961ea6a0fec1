// Every value comes back from DuckDB as it went there, whatever its type.

import { afterAll, expect, it } from 'vitest'
import fc from 'fast-check'
import { nodeEnv } from '../../base/env-node.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { type Edn, equalValues, textKey } from '../../fact/value.ts'
import type { Answer } from '../../plan/engine.ts'
import { checkRules } from '../../query/check-rules.ts'
import { parseQuery } from '../../query/parse-query.ts'
import { forms, scalars } from '../../testing/arbitrary-values.ts'
import { DuckDbEngine } from './engine.ts'
import { equalOf, type SqlKind } from './kinds.ts'

const engine = new DuckDbEngine(nodeEnv())
afterAll(() => engine[Symbol.asyncDispose]())

function ask(text: string, ...args: readonly Edn[]): Promise<Answer> {
  const query = checkRules(parseQuery(readEdn(text).value), new Map())
  const inputs = args.map((value) => ({ kind: 'value', value }) as const)
  return engine.answer(query, inputs, new Map(), {
    deadlineMs: Infinity,
    rowCountMax: 100_000,
    memoryBytesMax: Infinity,
  })
}

it('values go there and back, each type in a column of its own and all in one', async () => {
  const sampled = fc.sample(fc.oneof(scalars, forms), { numRuns: 400, seed: 7 })
  const distinct = [...new Map(sampled.map((value) => [textKey(value), value])).values()].filter(
    (value) => value !== null && !/NaN/.test(writeEdn(value)) && writeEdn(value).isWellFormed(),
  )
  const mixed = await ask('[:find [?x ...] :in [?x ...]]', distinct)
  expect(new Set([...mixed.rows].map(([value]) => writeEdn(value!)))).toEqual(
    new Set(distinct.map((value) => writeEdn(value))),
  )
  const byType = Map.groupBy(distinct, (value) => `${typeof value} ${(value as object).constructor.name}`)
  for (const ofOneType of byType.values()) {
    const answer = await ask('[:find [?x ...] :in [?x ...]]', ofOneType)
    expect([...answer.rows].map(([value]) => writeEdn(value!)).sort()).toEqual(
      ofOneType.map((value) => writeEdn(value)).sort(),
    )
  }
})

it('numbers meet across their types exactly where they are equal', async () => {
  const written =
    '[0 1 2 1.0 2.5 1.5M 1M 1N 0.1 0.1M #float 0.1 #float 2.5 9007199254740993 9007199254740992.0 9007199254740993N 9223372036854775807 9.223372036854775807E18 1e300 12345678901234567890N]'
  const numbers = readEdn(written).value as readonly Edn[]
  const pairs = numbers.flatMap((x) => numbers.map((y) => [x, y] as const))
  const answer = await ask(
    '[:find ?i :in [[?i ?x ?y]] :where [(= ?x ?y)]]',
    pairs.map(([x, y], i) => [i, x, y]),
  )
  const equal = pairs.flatMap(([x, y], i) => (equalValues(x, y) ? [i] : []))
  expect([...answer.rows].map(([i]) => i)).toEqual(equal)
  for (const kind of ['long', 'double', 'float', 'bigint', 'bigdec'] satisfies SqlKind[]) {
    for (const x of numbers) {
      const made = equalOf(kind, x)
      if (made !== undefined) expect(equalValues(made, x), `${kind} ${writeEdn(x)}`).toBe(true)
    }
  }
})
