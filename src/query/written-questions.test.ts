// Answers of random questions in every format: each value has the type that its column says, and what is read back from
// JSON, EDN and NDJSON has the hash of the answer.

import { describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { rowsOfShape } from '../engine/shape.ts'
import { typeOfValue } from '../engine/columns.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { ednFromJsonText } from '../fact/json-form.ts'
import type { Edn } from '../fact/value.ts'
import type { Answer, Column } from '../plan/engine.ts'
import { Refusal } from '../plan/refusal.ts'
import type { Query } from '../plan/syntax.ts'
import { arbitraryQuestion } from '../testing/arbitrary-question.ts'
import { arbitraryWorld } from '../testing/arbitrary-world.ts'
import { Arena } from '../testing/arena.ts'
import { type Contestant, outcomeOf } from '../testing/contestants.ts'
import { SeededRandom } from '../testing/seeded-random.ts'
import { resultHash } from './result-hash.ts'
import { type Format, FORMATS, writeAnswer } from './written.ts'

const WORLD_COUNT = 5
const QUESTIONS_PER_WORLD = 50

function hasItsType(value: Edn, type: Column['type']): boolean {
  if (value === null || type === 'any' || type === 'map') return true
  return typeOfValue(value) === (type === 'ref' ? 'long' : type)
}

/** The result that a text says. */
function resultOf(text: string, format: Format, { find: { kind } }: Query): Edn | undefined {
  switch (format) {
    case 'json':
      return ednFromJsonText(text, 'value')
    case 'edn':
      return readEdn(text).value
    case 'ndjson': {
      const lines = text.split('\n').slice(0, -1)
      const values = lines.map((line) => ednFromJsonText(line, 'value'))
      return kind === 'relation' || kind === 'collection' ? values : (values[0] ?? null)
    }
    default:
      return undefined
  }
}

/** Throws where something is not as it should be. */
function checkAnswer(query: Query, answer: Answer): void {
  for (const [place, { type }] of answer.columns.entries())
    for (const value of answer.rows.valuesAt(place))
      if (!hasItsType(value, type)) expect([type, value]).toBe('of one type')
  const hash = resultHash(query, answer)
  for (const format of FORMATS) {
    const options = { format, engine: 'native', bytesMax: Infinity, check: NEVER_ENDS }
    const { pieces, resultHash: said } = writeAnswer(query, answer, options)
    expect(said).toBe(hash)
    const result = resultOf(Buffer.concat(pieces).toString(), format, query)
    if (result === undefined || (result === null && answer.rows.length > 0)) continue
    const rows = rowsOfShape(query, result)
    expect(resultHash(query, { rows, isTruncated: answer.isTruncated })).toBe(hash)
  }
}

describe('answers of random questions', () => {
  it('hold values of their types, and have one hash in every notation', async () => {
    let checkedCount = 0
    const writer: Contestant = {
      name: 'native',
      layouts: ['mixed'],
      answerAll: (questions) =>
        Promise.resolve(
          questions.map((question) =>
            outcomeOf(() => {
              let lookCount = 0
              const options = { clock: { nowMs: () => lookCount++ }, random: new SeededRandom(1) }
              const answer = nativeAnswer(question, options)
              if (answer instanceof Refusal) return { kind: 'refused', reason: answer.reason }
              checkAnswer(question.query, answer)
              checkedCount++
              return { kind: 'too large' }
            }),
          ),
        ),
    }
    for (let seed = 0; seed < WORLD_COUNT; seed++) {
      const random = new SeededRandom(seed)
      const worlds = [
        arbitraryWorld(random, { entityCount: 8, transactionCount: 4 }),
        arbitraryWorld(random, { entityCount: 4, transactionCount: 3 }),
      ] as const
      const scenarios = Array.from({ length: QUESTIONS_PER_WORLD }, () =>
        arbitraryQuestion(random, { worlds, favouriteT: 2 }),
      ).flatMap((one) => (one === undefined ? [] : [one.scenario]))
      const arena = await Arena.of(worlds, random, { contestants: [writer], hasBruteForce: false })
      await arena.judgeAll(scenarios)
    }
    expect(checkedCount).toBeGreaterThan(WORLD_COUNT * QUESTIONS_PER_WORLD * 0.8)
  })
})
