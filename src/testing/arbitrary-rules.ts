// Rules over the references, names and numbers of a random world: recursion to the left and to the right, twice in one
// body, mutual, counting; a bound head, several branches, a rule inside a `not`, functions and predicates.

import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnList, EdnSymbol } from '../fact/value.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What an argument of a rule stands for: that decides which variables a call is made with. */
export type Place = 'entity' | 'name' | 'number'

export type RuleShape = {
  readonly name: string
  readonly places: readonly Place[]
  /** How many of the first must be bound at the call. */
  readonly requiredCount: number
  readonly forms: readonly Edn[]
}

/** Rules of every shape over two attributes that are references. */
export function arbitraryRules(
  random: SeededRandom,
  refs: readonly [string, ...string[]],
): readonly RuleShape[] {
  const [r, s] = [random.pick(refs), random.pick(refs)]
  const two: readonly Place[] = ['entity', 'entity']
  const made = (name: string, places: readonly Place[], text: string, requiredCount = 0): RuleShape => ({
    name,
    places,
    requiredCount,
    forms: readEdn(`[${text}]`).value as readonly Edn[],
  })
  return [
    made('reach', two, `[(reach ?x ?y) [?x ${r} ?y]] [(reach ?x ?y) [?x ${r} ?z] (reach ?z ?y)]`),
    made('come', two, `[(come ?x ?y) [?x ${r} ?y]] [(come ?x ?y) (come ?x ?z) [?z ${s} ?y]]`),
    made('far', two, `[(far ?x ?y) [?x ${r} ?y]] [(far ?x ?y) (far ?x ?z) (far ?z ?y)]`),
    made(
      'linked',
      two,
      `[(linked ?x ?y) [?x ${r} ?y]] [(linked ?x ?y) [?y ${s} ?x]] [(linked ?x ?y) [?x ${r} ?z] (linked ?z ?y)]`,
    ),
    made('evenly', two, `[(evenly ?x ?y) [?x ${r} ?z] (oddly ?z ?y)]`),
    made('oddly', two, `[(oddly ?x ?y) [?x ${r} ?y]] [(oddly ?x ?y) [?x ${s} ?z] (evenly ?z ?y)]`),
    made('larger', two, `[(larger [?x] ?y) [?x :p/long ?a] [?y :p/long ?b] [(< ?b ?a)]]`, 1),
    made('alone', ['entity'], `[(alone ?x) [?x :p/name] (not-join [?x] [?x ${r} ?y] [?y :p/name])]`),
    made(
      'apart',
      ['entity'],
      `[(apart ?x) [?x :p/name "tea"] (not-join [?x] (reach ?x ?y) [?y :p/name "Tea"])]`,
    ),
    made('same', two, `[(same ?x ?y) [?x :p/name ?n] [?y :p/name ?n] [(not= ?x ?y)]]`),
    made(
      'called',
      ['entity', 'name'],
      `[(called ?x ?n) (or-join [?x ?n] [?x :p/name ?n] (and [?x ${r} ?y] [?y :p/name ?n]))]`,
    ),
    made(
      'valued',
      ['entity', 'number'],
      `[(valued ?x ?v) [?x :p/long ?v]] [(valued ?x ?v) [?y ${r} ?x] [?y :p/long ?v]]`,
    ),
    made(
      'deep',
      ['entity', 'number'],
      `[(deep ?x ?n) [?x :p/name] [(ground 0) ?n]] [(deep ?x ?n) [?x ${r} ?y] (deep ?y ?m) [(< ?m 3)] [(inc ?m) ?n]]`,
    ),
  ]
}

const RECURSIVE: ReadonlySet<string> = new Set([
  'reach',
  'come',
  'far',
  'linked',
  'evenly',
  'oddly',
  'deep',
  'apart',
])

/** The names of the rules that a clause calls, at any depth of it. */
export function calledRules(shapes: readonly RuleShape[], clause: string): readonly string[] {
  return shapes.map(({ name }) => name).filter((name) => new RegExp(`\\((?:\\$b )?${name} `).test(clause))
}

export function isRecursive(name: string): boolean {
  return RECURSIVE.has(name)
}

/** The rules of these names and of all names that they call. */
export function ruleClosure(shapes: readonly RuleShape[], names: readonly string[]): readonly Edn[] {
  const wanted = new Set(names)
  let size = 0
  while (size < wanted.size) {
    size = wanted.size
    for (const { name, forms } of shapes) if (wanted.has(name)) collectNames(forms, shapes, wanted)
  }
  return shapes.filter(({ name }) => wanted.has(name)).flatMap(({ forms }) => forms)
}

function collectNames(form: Edn, shapes: readonly RuleShape[], found: Set<string>): void {
  if (form instanceof EdnSymbol && shapes.some(({ name }) => name === form.text)) found.add(form.text)
  const items = form instanceof EdnList ? form.items : Array.isArray(form) ? (form as readonly Edn[]) : []
  for (const item of items) collectNames(item, shapes, found)
}
