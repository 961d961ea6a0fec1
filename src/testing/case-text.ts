// A scenario as a case file (docs/reference/cases.md), so that `varve cases FILE` runs it and `npm run judge` can ask
// Datomic.

import type { EntityId } from '../fact/attribute.ts'
import { kindOf, TX_BASE, TX_KIND } from '../fact/attribute.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { type Edn, EdnMap, EdnSet, keyword, symbol, Tagged } from '../fact/value.ts'
import { argumentForms, queryForm, type Scenario, type View } from './question.ts'

/** The case; `expected` is the answer with ids as they are in the first world, of which `entities` are the names. */
export function caseText(
  name: string,
  scenario: Scenario,
  expected: Edn,
  entities: ReadonlyMap<string, EntityId>,
): string {
  const [first, ...others] = scenario.sources
  const world = scenario.worlds[0]!
  const names = new Map([...entities].map(([tempid, e]) => [e, tempid]))
  const args = argumentForms(scenario.question)
  const parts: (readonly [string, Edn])[] = [
    ['schema', world.schema],
    ['tx', world.transactions],
    ...viewPart(first!.view),
    ...(others.length === 0 ? [] : [['extra-dbs', extraForm(scenario)] as const]),
    ['query', queryForm(scenario)],
    ...(args.length === 0 ? [] : [['args', args] as const]),
    ['expected', named(expected, names)],
  ]
  return `{:name ${writeEdn(name)}\n${parts.map(([key, form]) => ` :${key} ${writeEdn(form)}`).join('\n')}}\n`
}

/** Views of the one database in their order; or, if there is another one, each source with facts of its own. */
function extraForm({ sources, worlds }: Scenario): Edn {
  const others = sources.slice(1)
  if (others.every(({ world }) => world === 0)) return others.map(({ view }) => viewForm(view))
  return new EdnMap(
    others.map(({ name, world, view }) => {
      const { schema, transactions } = worlds[world]!
      const facts: readonly (readonly [string, Edn])[] = [
        ['schema', schema],
        ['tx', transactions],
        ...viewPart(view),
      ]
      return [symbol(name), new EdnMap(facts.map(([key, form]) => [keyword(key), form]))]
    }),
  )
}

function viewPart(view: View): readonly (readonly [string, Edn])[] {
  const form = viewForm(view)
  return form === keyword('current') ? [] : [['view', form]]
}

function viewForm({ asOf, since, isHistory }: View): Edn {
  const entries: [Edn, Edn][] = []
  if (asOf !== undefined) entries.push([keyword('as-of'), asOf])
  if (since !== undefined) entries.push([keyword('since'), since])
  if (isHistory === true && entries.length > 0) entries.push([keyword('history'), true])
  if (entries.length > 0) return new EdnMap(entries)
  return keyword(isHistory === true ? 'history' : 'current')
}

/** Entities by their tempids, transactions by their place. */
function named(form: Edn, names: ReadonlyMap<EntityId, string>): Edn {
  if (typeof form === 'number') {
    const name = names.get(form)
    if (name !== undefined) return new Tagged('tempid', name)
    return form > TX_BASE && kindOf(form) === TX_KIND ? new Tagged('tx', form - TX_BASE) : form
  }
  if (Array.isArray(form)) return (form as readonly Edn[]).map((item) => named(item, names))
  if (form instanceof EdnSet) return new EdnSet(form.items.map((item) => named(item, names)))
  if (form instanceof EdnMap) return new EdnMap(form.entries.map(([key, item]) => [key, named(item, names)]))
  return form
}
