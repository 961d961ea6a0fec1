import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../base/seeded-random.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { attributes, NaiveDatabase } from './naive-database.ts'
import { treeEngine } from './tree-engine.ts'
import { withWalks } from './tree-walks.ts'

const engine = treeEngine({ clock: { nowMs: () => 0 }, random: new SeededRandom(1) })

/** Two-place relations, each told in another way. */
const RULES = {
  'the last call leads on': '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/to ?z] (r ?z ?y)]]',
  'the first call leads on': '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) (r ?x ?z) [?z :p/to ?y]]]',
  'the last call is written first': '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) (r ?z ?y) [?x :p/to ?z]]]',
  'two ways to go on':
    '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/to ?z] (r ?z ?y)] [(r ?x ?y) [?z :p/by ?x] (r ?z ?y)]]',
  'two ways to end':
    '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?y :p/by ?x]] [(r ?x ?y) [?x :p/to ?z] (r ?z ?y)]]',
  'one rule leads on, one calls twice':
    '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/by ?z] (r ?z ?y)] [(r ?x ?y) (r ?x ?z) (r ?z ?y)]]',
  'a condition on the way':
    '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/to ?z] [?z :p/n ?n] [(< ?n 3)] (r ?z ?y)]]',
  'what is handed on matters':
    '[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/to ?z] (r ?z ?y) (not [?y :p/n 1])]]',
  'it ends nowhere but at itself':
    '[[(r ?x ?y) [?x :p/n] [(identity ?x) ?y]] [(r ?x ?y) [?x :p/to ?z] (r ?z ?y)]]',
}

type Graph = readonly (readonly [from: number, to: number])[]
const SIZE = 7
const graphs = fc.array(fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE - 1)), { maxLength: 14 })

function database(to: Graph, by: Graph): NaiveDatabase {
  const made = new NaiveDatabase(attributes('p/n long identity', 'p/to ref many', 'p/by ref many'))
  const nodes = Array.from({ length: SIZE }, (_, n) => `{:db/id "${n}" :p/n ${n}}`)
  const edges = (name: string, graph: Graph): string[] =>
    graph.map(([x, y]) => `[:db/add "${x}" :p/${name} "${y}"]`)
  made.transact(`[${[...nodes, ...edges('to', to), ...edges('by', by)].join(' ')}]`)
  return made
}

async function asked(
  made: NaiveDatabase,
  query: string,
  rules: string,
  rowCountMax = 100_000,
): Promise<readonly string[]> {
  const inputs = [
    { kind: 'facts', facts: made.facts } as const,
    { kind: 'rules', rules: parseRules(rules) } as const,
  ]
  const { rows } = await engine.answer(parseQuery(query), inputs, new Map(), {
    deadlineMs: Infinity,
    rowCountMax,
    memoryBytesMax: Infinity,
  })
  return Array.from(rows, (row) => row.join(' '))
}

describe('a rule that leads on', () => {
  it.each(Object.entries(RULES))(
    'means the same from one start, from many, towards an end and between two: %s',
    async (_, rules) => {
      await fc.assert(
        fc.asyncProperty(graphs, graphs, fc.nat(SIZE - 1), async (to, by, node) => {
          const made = database(to, by)
          const find = '[:find ?i ?j :in $ % :where'
          const names = '[?x :p/n ?i] [?y :p/n ?j]'
          // With nothing bound no walk is possible: every pair that there is.
          const all = await asked(made, `${find} (r ?x ?y) ${names}]`, rules)
          const from = all.filter((pair) => pair.startsWith(`${node} `))
          expect(await asked(made, `${find} [?x :p/n ${node}] (r ?x ?y) ${names}]`, rules)).toEqual(from)
          const towards = all.filter((pair) => pair.endsWith(` ${node}`))
          expect(await asked(made, `${find} [?y :p/n ${node}] (r ?x ?y) ${names}]`, rules)).toEqual(towards)
          const others = await asked(made, `${find} [?x :p/n ${node}] ${names} (not (r ?x ?y))]`, rules)
          expect([...from, ...others].sort()).toEqual(Array.from({ length: SIZE }, (_, j) => `${node} ${j}`))
          const between = await asked(made, `${find} ${names} [(< ?i ?j)] (r ?x ?y)]`, rules)
          expect(between).toEqual(all.filter((pair) => pair[0]! < pair[2]!))
        }),
        { numRuns: 40 },
      )
    },
  )

  it('is a walk where it hands on what nothing else names, once', () => {
    const isWalk = (rules: string): boolean => withWalks(parseRules(rules)).walks.has('r')
    expect(isWalk(RULES['the last call leads on'])).toBe(true)
    expect(isWalk(RULES['what is handed on matters'])).toBe(false)
    expect(isWalk('[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) (r ?x ?z) (r ?z ?y)]]')).toBe(false)
    expect(isWalk('[[(r ?x ?y) [?x :p/to ?y]] [(r ?x ?y) [?x :p/to ?z] [?z :p/to ?y]]]')).toBe(false)
    expect(isWalk('[[(r ?x ?y) [?x :p/to ?z] (r ?z ?y)]]')).toBe(false)
  })

  it('needs from one start no more rows than there are places, though every place reaches every other', async () => {
    const count = 300
    const made = new NaiveDatabase(attributes('p/n long identity', 'p/to ref many'))
    const edges = Array.from(
      { length: count },
      (_, n) => `{:db/id "${n}" :p/n ${n} :p/to ["${(n + 1) % count}" "${(n * 7) % count}"]}`,
    )
    made.transact(`[${edges.join(' ')}]`)
    const query = '[:find (count ?y) . :in $ % :where [?x :p/n 1] (r ?x ?y)]'
    expect(await asked(made, query, RULES['the last call leads on'], 3 * count)).toEqual([`${count}`])
  })
})
