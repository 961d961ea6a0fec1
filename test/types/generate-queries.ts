// Programs full of questions for the compiler: distinct ones, as text and as data, from one clause to forty, every
// result with its type written out, so that a type that went loose is an error.

import { SeededRandom } from '../../src/base/seeded-random.ts'

const ATTRIBUTES: readonly (readonly [name: string, type: string])[] = [
  [':article/code', 'string'],
  [':article/cents', 'number | bigint'],
  [':article/weight', 'number'],
  [':article/sold', 'boolean'],
  [':article/since', 'Date'],
  [':article/tags', 'string'],
  [':article/serial', 'bigint'],
  [':article/kind', 'number'],
]
const CLAUSE_COUNT_MAX = 40

/** One statement for each question; every second one is text. */
export function programOfQueries(count: number, seed: number): string {
  const random = new SeededRandom(seed)
  const statements: string[] = []
  for (let i = 0; i < count; i++) {
    // Evenly from one clause to the most.
    const clauseCount = 1 + Math.floor((i * CLAUSE_COUNT_MAX) / count)
    const variables: (readonly [name: string, type: string])[] = []
    const clauses: string[][] = []
    for (let c = 0; c < clauseCount; c++) {
      const [attribute, type] = ATTRIBUTES[random.below(ATTRIBUTES.length)]!
      const variable = `?v${i}x${c}`
      if (random.below(6) === 0 && c > 0) {
        clauses.push(['not', `?e${random.below(c)}`, attribute, '_'])
        continue
      }
      clauses.push(['', `?e${random.below(c + 1)}`, attribute, variable])
      variables.push([variable, type])
    }
    const first = variables[0]!
    const found = [first, variables[random.below(variables.length)]!, variables.at(-1)!].filter(
      (variable, index, all) => all.indexOf(variable) === index,
    )
    const query = i % 2 === 0 ? asText(found, clauses) : asData(found, clauses)
    statements.push(
      `const rows${i}: Rows<[${found.map(([, type]) => type).join(', ')}]> = await db.q(${query})\nvoid rows${i}`,
    )
  }
  return statements.join('\n')
}

function asText(found: readonly (readonly [string, string])[], clauses: readonly string[][]): string {
  const where = clauses.map(([kind, ...terms]) =>
    kind === 'not' ? `(not [${terms.join(' ')}])` : `[${terms.join(' ')}]`,
  )
  return '`[:find ' + found.map(([name]) => name).join(' ') + '\n  :where ' + where.join('\n         ') + ']`'
}

function asData(found: readonly (readonly [string, string])[], clauses: readonly string[][]): string {
  const where = clauses.map(([kind, ...terms]) => (kind === 'not' ? ['not', terms] : terms))
  return JSON.stringify({ find: found.map(([name]) => name), where })
}
