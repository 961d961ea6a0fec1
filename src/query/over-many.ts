// One question over several databases at once: `$` stands for each of them in turn, and what it finds is put together before
// anything is counted. Its clauses become a rule, which is called once for each database:
//
//   [:find (count ?i) :where [?i :intent/at]]      over audit-1 and audit-2 is
//   [:find (count ?i) :with ?each-database :in %
//    :where (or-join [?each-database ?i]
//             (and [(ground "audit-1") ?each-database] ($audit-1 each-database/found ?i))
//             (and [(ground "audit-2") ?each-database] ($audit-2 each-database/found ?i)))]
//
// Ids of two databases may be the same number: only with the database beside it is a row one of its own.

import { VarveError } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { type Edn, EdnList, EdnSymbol, keyword, symbol } from '../fact/value.ts'
import type { Query } from '../plan/syntax.ts'
import { argumentVariables, bindingVariables, variablesOfAll } from '../plan/variables.ts'
import { sectionsOf } from './form-sections.ts'
import type { ParsedQuery } from './parsed.ts'

const DATABASE = symbol('?each-database')
const RULE = symbol('each-database/found')

/** The question as EDN text, and the rule that it needs beside those of its own. Throws `varve.error/query-pulls-of-many`. */
export function overMany(
  { form, query }: ParsedQuery,
  databases: readonly string[],
): { readonly text: string; readonly rule: Edn } {
  const pull = query.find.elements.find((element) => element.kind === 'pull' && element.source === '$')
  if (pull !== undefined) throw pullsOfMany(databases)
  const sections = new Map(sectionsOf(form))
  const variables = sharedVariables(query).map(symbol)
  const call = new EdnList([RULE, ...variables])
  const branches = databases.map((name) => {
    const named = [new EdnList([symbol('ground'), name]), DATABASE]
    return new EdnList([symbol('and'), named, new EdnList([symbol(`$${name}`), ...call.items])])
  })
  const rule: Edn = [call, ...(sections.get('where') ?? [])]
  // Where rows are counted or kept as often as they are; else equal ones of two databases are one.
  if (query.with.length > 0 || query.find.elements.some(({ kind }) => kind === 'aggregate'))
    sections.set('with', [...(sections.get('with') ?? []), DATABASE])
  const inputs = (sections.get('in') ?? []).filter((item) => !isSymbol(item, '$') && !isSymbol(item, '%'))
  sections.set('in', [symbol('%'), ...inputs])
  sections.set('where', [new EdnList([symbol('or-join'), [DATABASE, ...variables], ...branches])])
  const text = writeEdn([...sections].flatMap(([name, items]): Edn[] => [keyword(name), ...items]))
  return { text, rule }
}

/** Those of the clauses that anything outside of them names. */
function sharedVariables({ find, with: counted, inputs, where }: Query): readonly string[] {
  const outside = new Set<string>(counted)
  for (const element of find.elements) {
    if (element.kind === 'variable') outside.add(element.name)
    else {
      outside.add(element.variable)
      if (element.kind === 'aggregate') for (const name of argumentVariables(element.args)) outside.add(name)
    }
  }
  for (const input of inputs)
    if (input.kind === 'binding') for (const name of bindingVariables(input.binding)) outside.add(name)
  const inside = variablesOfAll(where)
  return [...outside].filter((name) => inside.has(name))
}

function isSymbol(form: Edn, text: string): boolean {
  return form instanceof EdnSymbol && String(form) === text
}

function pullsOfMany(databases: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/query-pulls-of-many',
    kind: 'incorrect',
    message: `The query pulls from $, which means ${databases.length} databases at once`,
    fix: 'Find the values themselves, or name one database',
    data: { databases },
  })
}
