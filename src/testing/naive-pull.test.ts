// Random patterns over random facts, in every layout and view: pull says what the naive pull says, whether it seeks facts
// or reads tables.

import { describe, expect, it } from 'vitest'
import type { Attribute } from '../fact/attribute.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { show } from '../plan/show.ts'
import { preparePull } from '../engine/pull.ts'
import { arbitraryWorld } from './arbitrary-world.ts'
import { FACT_LAYOUTS, laidOut } from './layouts.ts'
import type { NaiveFacts } from './naive-facts.ts'
import { naivePull } from './naive-pull.ts'
import { SeededRandom } from './seeded-random.ts'

const WORLD_COUNT = 6
const PATTERN_COUNT = 12
const SIZE = { entityCount: 24, transactionCount: 12 }

let comparedCount = 0
let filledCount = 0
let nestedCount = 0

describe('pull', () => {
  it('says what the naive pull says', { timeout: 60_000 }, async () => {
    const seed = Number(process.env['VARVE_SEED'] ?? 0)
    for (let world = 0; world < WORLD_COUNT; world++) {
      const random = new SeededRandom(seed * 1_000 + world)
      const { facts, entities } = arbitraryWorld(random, SIZE)
      for (const layout of FACT_LAYOUTS) {
        const indexed = await laidOut(facts, layout, random)
        const t = 1 + random.below(facts.basisT)
        for (let i = 0; i < PATTERN_COUNT; i++) {
          const text = patternText(random, facts, 2)
          const pattern = parsePullPattern(readEdn(text).value)
          const [judge, asked] = i % 3 === 0 ? [facts.asOf(t), indexed.asOf(t)] : [facts, indexed]
          const pull = preparePull(asked, pattern, { entityCountMax: Infinity })
          for (const entity of [...entities.values(), 7]) {
            const wanted = show(naivePull(judge, pattern, entity))
            expect(show(pull(entity)), `${text} of ${entity}, ${layout}, seed ${seed}`).toBe(wanted)
            comparedCount++
            if (wanted !== 'nil') filledCount++
            if (wanted.lastIndexOf('{') > 0) nestedCount++
          }
        }
      }
    }
  })

  it('had something to say, and within maps', () => {
    expect(filledCount / comparedCount).toBeGreaterThan(0.4)
    expect(nestedCount / comparedCount).toBeGreaterThan(0.1)
  })
})

/** A pattern over the attributes of these facts, each of them once at most. */
function patternText(random: SeededRandom, facts: NaiveFacts, depth: number): string {
  const own = [...facts.schema.attributes()].filter(({ ident }) => ident.namespace !== 'db')
  const picked = new Set(Array.from({ length: 1 + random.below(4) }, () => own[random.below(own.length)]!))
  const specs = [...picked].map((attribute) => specText(random, facts, attribute, depth))
  if (random.below(4) === 0) specs.push(':db/id')
  if (random.below(6) === 0) specs.unshift('*')
  return `[${specs.join(' ')}]`
}

function specText(random: SeededRandom, facts: NaiveFacts, attribute: Attribute, depth: number): string {
  const { ident, valueType, cardinality } = attribute
  const isRef = valueType === 'ref'
  const isReverse = isRef && random.below(4) === 0
  const name = `:${ident.namespace}/${isReverse ? '_' : ''}${ident.name}`
  const options = [
    ...(random.below(6) === 0 ? [':default 0'] : []),
    ...(random.below(6) === 0 ? [`:limit ${1 + random.below(3)}`] : []),
    ...(random.below(8) === 0 ? [`:as "${ident.text}!"`] : []),
  ]
  const key = options.length === 0 ? name : `[${name} ${options.join(' ')}]`
  if (!isRef || depth === 0 || random.below(3) === 0) return key
  if (random.below(3) > 0) return `{${key} ${patternText(random, facts, depth - 1)}}`
  // Without a bound, many references unfold into more paths than a test can follow.
  const bound = cardinality === 'one' && !isReverse && random.below(2) === 0 ? '...' : 1 + random.below(2)
  return `{${key} ${bound}}`
}
