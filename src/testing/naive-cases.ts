// Runs language cases over the naive model of facts: transactor, parser, pull and engine with nothing stored.
// The format of cases stands in semantics.md. `varve cases` runs the same files over real storage.

import { VarveError } from '../base/errors.ts'
import { prepareTransaction, bootstrapTransaction } from '../database/transact.ts'
import { naiveEngine } from '../engine/naive.ts'
import { pull } from '../engine/pull.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { readAllEdn } from '../fact/edn-reader.ts'
import {
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  keyword,
  Keyword,
  Tagged,
  textKey,
} from '../fact/value.ts'
import type { EngineInput } from '../plan/engine.ts'
import { parsePullPattern } from '../plan/parse-pull.ts'
import { show } from '../plan/show.ts'
import type { Input } from '../plan/syntax.ts'
import { parseQuery } from '../query/parse-query.ts'
import { parseRules } from '../query/parse-rules.ts'
import { NaiveFacts } from './naive-facts.ts'
import { SeededRandom } from './seeded-random.ts'

/** The maps of one case file. */
export function readCases(text: string): readonly EdnMap[] {
  return readAllEdn(text).value.filter((form) => form instanceof EdnMap)
}

export function caseName(made: EdnMap): string {
  return String(made.get(keyword('name')))
}

/** What is wrong with the outcome of a case, or undefined if it is as expected. */
export async function caseFault(made: EdnMap): Promise<string | undefined> {
  const wanted = made.get(keyword('expect-error'))
  try {
    const { value, expected } = await answerOf(made)
    if (wanted !== undefined) return `gave ${show(value)} instead of an error`
    const count = made.get(keyword('expected-count'))
    if (count !== undefined) return itemsOf(value)?.length === count ? undefined : `gave ${show(value)}`
    return isSame(expected, value) ? undefined : `gave ${show(value)} instead of ${show(expected)}`
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    const isWanted = wanted === true || (wanted instanceof Keyword && wanted.text === error.code)
    return isWanted ? undefined : `failed: ${error.code} ${error.message}`
  }
}

const NOW_MS = Date.UTC(2026, 0, 1)
const NO_LIMITS = { deadlineMs: Infinity, rowCountMax: 1_000_000 }

type MadeFacts = { readonly all: NaiveFacts; readonly view: NaiveFacts; readonly settle: (form: Edn) => Edn }

async function answerOf(made: EdnMap): Promise<{ readonly value: Edn; readonly expected: Edn }> {
  const { all, view, settle } = makeFacts(made)
  const expected = settle(made.get(keyword('expected')) ?? null)
  const asked = made.get(keyword('pull'))
  if (asked instanceof EdnMap) {
    const pattern = parsePullPattern(asked.get(keyword('pattern')) ?? null)
    return { value: pull(view, pattern, settle(asked.get(keyword('eid')) ?? null)), expected }
  }
  const query = parseQuery(settle(made.get(keyword('query')) ?? null))
  const args = ((made.get(keyword('args')) ?? []) as readonly Edn[]).map(settle)
  const inputs = bind(query.inputs, args, sourcesOf(made, all, view))
  const engine = naiveEngine({ clock: { nowMs: () => 0 }, random: new SeededRandom(1) })
  return { value: shapeAnswer(query, await engine.answer(query, inputs, new Map(), NO_LIMITS)), expected }
}

/** The database of a source, in the order of `:in`. */
function sourcesOf(
  made: EdnMap,
  all: NaiveFacts,
  view: NaiveFacts,
): (name: string) => FactSource | undefined {
  const extra = made.get(keyword('extra-dbs'))
  const views = Array.isArray(extra) ? [...(extra as readonly Edn[])] : []
  return (name) => {
    if (name === '$') return view
    if (extra instanceof EdnMap) {
      const other = extra.get(EdnSymbol.of(name))
      return other instanceof EdnMap ? makeFacts(other).view : undefined
    }
    return views.length === 0 ? undefined : viewed(all, views.shift())
  }
}

function bind(
  inputs: readonly Input[],
  args: readonly Edn[],
  sourceOf: (name: string) => FactSource | undefined,
): readonly EngineInput[] {
  const left = [...args]
  const bound: EngineInput[] = []
  for (const input of inputs) {
    const facts = input.kind === 'source' ? sourceOf(input.name) : undefined
    if (facts !== undefined) bound.push({ kind: 'facts', facts })
    else if (left.length > 0) {
      const value = left.shift()!
      bound.push(
        input.kind === 'rules' ? { kind: 'rules', rules: parseRules(value) } : { kind: 'value', value },
      )
    }
  }
  return [...bound, ...left.map((value): EngineInput => ({ kind: 'value', value }))]
}

function makeFacts(made: EdnMap): MadeFacts {
  const entities = new Map<string, number>()
  const settle = (form: Edn): Edn => settled(form, entities)
  const schema = made.get(keyword('schema')) ?? []
  let all = NaiveFacts.create(bootstrapTransaction(schema))
  for (const tx of (made.get(keyword('tx')) ?? []) as readonly Edn[]) {
    const { datoms, tempids } = prepareTransaction(settle(tx), { before: all, nowMs: NOW_MS })
    all = all.with(datoms)
    for (const [name, entity] of tempids) entities.set(name, entity)
  }
  return { all, view: viewed(all, made.get(keyword('view'))), settle }
}

function viewed(all: NaiveFacts, view: Edn | undefined): NaiveFacts {
  if (view instanceof Keyword) return view.text === 'history' ? all.history() : all
  let seen = all
  if (!(view instanceof EdnMap)) return seen
  for (const [key, point] of view.entries) {
    const t = point instanceof Date ? all.tAt(point.getTime()) : Number(point)
    const name = key instanceof Keyword ? key.text : ''
    seen = name === 'as-of' ? seen.asOf(t) : name === 'since' ? seen.since(t) : seen.history()
  }
  return seen
}

/** The form with entity ids in the places of `#tempid "a"` and `#tx 1`. */
function settled(form: Edn, entities: ReadonlyMap<string, number>): Edn {
  const each = (item: Edn): Edn => settled(item, entities)
  if (form instanceof Tagged) {
    if (form.tag === 'tx') return TX_BASE + Number(form.value)
    return form.tag === 'tempid' ? (entities.get(String(form.value)) ?? null) : form
  }
  if (Array.isArray(form)) return (form as readonly Edn[]).map(each)
  if (form instanceof EdnList) return new EdnList(form.items.map(each))
  if (form instanceof EdnSet) return new EdnSet(form.items.map(each))
  if (form instanceof EdnMap) return new EdnMap(form.entries.map(([key, value]) => [each(key), each(value)]))
  return form
}

/** The order of rows and items does not matter, and nothing found may be nil or empty. */
function isSame(expected: Edn, value: Edn): boolean {
  const wanted = itemsOf(expected ?? [])
  const got = itemsOf(value ?? [])
  if (wanted === undefined || got === undefined) return textKey(expected) === textKey(value)
  return bag(wanted) === bag(got)
}

function itemsOf(value: Edn): readonly Edn[] | undefined {
  if (value instanceof EdnSet) return value.items
  return Array.isArray(value) ? (value as readonly Edn[]) : undefined
}

function bag(items: readonly Edn[]): string {
  return items.map(textKey).sort().join()
}
