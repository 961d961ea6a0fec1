// Rules that say of which entities a grant shows something: a set of Datalog rules with one named `visible`, whose
// parameters are the entity and, if it has two, the name of the caller. They ask the one database that the grant is for.

import { readEdn } from '../fact/edn-reader.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { attributeUnknown } from '../plan/entity-errors.ts'
import type { Argument, Clause, RuleSet } from '../plan/syntax.ts'
import { parsedRules } from '../query/parsed.ts'
import { sourcesOf } from '../query/variables.ts'
import { rowRuleMalformed } from './errors.ts'

export type RowRule = {
  readonly text: string
  /** The rules as a form, which stays the same object. */
  readonly form: Edn
  readonly takesCaller: boolean
  readonly rules: RuleSet
  /** The attributes that it reads; undefined where that is only known while it runs. */
  readonly reads: readonly Keyword[] | undefined
}

const VISIBLE = 'visible'
const FIX =
  'Write rules with a head (visible ?e) or (visible ?e ?caller): [[(visible ?e) [?e :order/region "north"]]]'

/** Throws `varve.error/row-rule-malformed`, and what is wrong with the rules as such. */
export function parseRowRule(text: string): RowRule {
  const { value: form, places } = readEdn(text, { source: 'row rule' })
  const rules = parsedRules(form, places.placeOf)
  const parameterCount = rules.get(VISIBLE)?.[0]?.parameters.length
  if (parameterCount === undefined)
    throw rowRuleMalformed('The rule of a grant says nothing of who is visible', FIX, text)
  if (parameterCount !== 1 && parameterCount !== 2)
    throw rowRuleMalformed(`visible takes an entity and a caller, not ${parameterCount} things`, FIX, text)
  const bodies = [...rules.values()].flat().map(({ body }) => body)
  for (const { source } of bodies.flatMap((body) => [...sourcesOf(body)])) {
    if (source !== '$') {
      const fix = 'Leave out the source: a rule asks the database that its grant is for'
      throw rowRuleMalformed(`The rule of a grant cannot ask ${source}`, fix, text)
    }
  }
  return { text, form, rules, takesCaller: parameterCount === 2, reads: readsOf(bodies) }
}

/** That the attributes that it names are there. */
export function checkRowRule({ rules }: RowRule, schema: Schema): void {
  for (const { body } of [...rules.values()].flat()) {
    for (const { attribute, place } of namedAttributes(body)) {
      if (schema.attributeNamed(attribute) === undefined) throw attributeUnknown(attribute, schema, place)
    }
  }
}

type Named = { readonly attribute: Keyword; readonly place: (Clause & { kind: 'pattern' })['place'] }

function* namedAttributes(clauses: readonly Clause[]): Iterable<Named> {
  for (const clause of clauses) {
    if (clause.kind === 'pattern') {
      const term = clause.terms[1]
      if (term?.kind === 'constant' && term.value instanceof Keyword)
        yield { attribute: term.value, place: clause.place }
    } else for (const inside of insideOf(clause)) yield* namedAttributes(inside)
  }
}

function insideOf(clause: Clause): readonly (readonly Clause[])[] {
  return clause.kind === 'not' ? [clause.clauses] : clause.kind === 'or' ? clause.branches : []
}

/** All attributes of which facts are read: then nothing else changes what the rules give, but names of entities. */
function readsOf(bodies: readonly (readonly Clause[])[]): readonly Keyword[] | undefined {
  const reads = new Set<Keyword>()
  for (const body of bodies) for (const clause of body) if (!addReads(clause, reads)) return undefined
  return [...reads]
}

/** False where more may be read than can be told from the text. */
function addReads(clause: Clause, reads: Set<Keyword>): boolean {
  switch (clause.kind) {
    case 'pattern': {
      const [, attribute] = clause.terms
      if (attribute?.kind !== 'constant' || !(attribute.value instanceof Keyword)) return false
      reads.add(attribute.value)
      // A vector may be a lookup ref, which reads another attribute.
      return !clause.terms.some((term) => term.kind === 'constant' && Array.isArray(term.value))
    }
    case 'predicate':
    case 'function':
      return !clause.args.some(asksFacts)
    case 'rule':
      return !clause.args.some((term) => term.kind === 'constant' && Array.isArray(term.value))
    default:
      return insideOf(clause).every((clauses) => clauses.every((inside) => addReads(inside, reads)))
  }
}

function asksFacts(arg: Argument): boolean {
  return arg.kind === 'source' || (arg.kind === 'call' && arg.args.some(asksFacts))
}
