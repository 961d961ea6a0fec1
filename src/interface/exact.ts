// Attributes that `defineSchema` declares exact: their longs are bigints in every result, also those that a number would
// hold. How a value is shown is a matter between this process and its user, so no database knows of it.

import { type Edn, EdnMap, EdnSet, equalValues, Keyword } from '../fact/value.ts'
import type { Answer } from '../plan/engine.ts'
import type { FindElement, PullAttribute, PullPattern, Query, SourceName } from '../plan/syntax.ts'
import type { Asked } from '../query/ask.ts'
import { mentionsOf } from '../query/plain-arguments.ts'
import type { DefinedSchema } from './types/define-schema.ts'

/** Names without colon. */
export type ExactNames = ReadonlySet<string>
export const NOTHING_EXACT: ExactNames = new Set()

/** What one connection was told, by database. */
export class ExactAttributes {
  readonly #byDatabase = new Map<string, Set<string>>()

  declare({ name, attributes }: DefinedSchema): void {
    for (const [ident, definition] of Object.entries(attributes)) {
      if (definition.type !== 'long' || definition.exact !== true) continue
      const names = this.#byDatabase.get(name) ?? new Set()
      this.#byDatabase.set(name, names.add(ident.slice(1)))
    }
  }

  of(database: string | undefined): ExactNames {
    return this.#byDatabase.get(database ?? '') ?? NOTHING_EXACT
  }

  get isEmpty(): boolean {
    return this.#byDatabase.size === 0
  }
}

/** The answer, with bigints where its columns come from exact attributes. */
export function exactAnswer(
  { query, answer, databases }: Pick<Asked, 'query' | 'answer' | 'databases'>,
  exact: ExactAttributes,
): Answer {
  if (exact.isEmpty) return answer
  const namesIn = (source: SourceName): ExactNames => exact.of(databases.get(source))
  const changes = query.find.elements.map((element) => changeOf(query, element, namesIn))
  if (changes.every((change) => change === undefined)) return answer
  return {
    ...answer,
    rows: answer.rows.changed((place) => changes[place]),
  }
}

/** A long as a bigint, also within lists and sets. */
export function exactValue(value: Edn): Edn {
  if (typeof value === 'number') return BigInt(value)
  if (Array.isArray(value)) return (value as readonly Edn[]).map(exactValue)
  return value instanceof EdnSet ? new EdnSet(value.items.map(exactValue)) : value
}

/** What a pattern gave, with bigints under exact attributes. */
export function exactPulled(value: Edn, pattern: PullPattern, names: ExactNames): Edn {
  if (names.size === 0 || !(value instanceof EdnMap)) return value
  return new EdnMap(
    value.entries.map(([key, item]): [Edn, Edn] => {
      const asked = pattern.attributes.find((attribute) => equalValues(attribute.key, key))
      return [
        key,
        asked === undefined ? exactUnder(key, item, names) : exactAsked(asked, item, pattern, names),
      ]
    }),
  )
}

/** An entity that was pulled whole. */
export function exactWhole(value: Edn, names: ExactNames): Edn {
  if (names.size === 0) return value
  if (Array.isArray(value)) return (value as readonly Edn[]).map((item) => exactWhole(item, names))
  if (!(value instanceof EdnMap)) return value
  return new EdnMap(value.entries.map(([key, item]): [Edn, Edn] => [key, exactUnder(key, item, names)]))
}

function exactUnder(key: Edn, value: Edn, names: ExactNames): Edn {
  return key instanceof Keyword && names.has(key.text) ? exactValue(value) : exactWhole(value, names)
}

function exactAsked(asked: PullAttribute, value: Edn, around: PullPattern, names: ExactNames): Edn {
  // A default is given back as it was written, and a function may have made anything.
  if (asked.xform !== undefined || (asked.default !== undefined && equalValues(asked.default, value)))
    return value
  if (asked.nested.kind === 'none') {
    return asked.isReverse ? value : exactUnder(asked.attribute, value, names)
  }
  const pattern = asked.nested.kind === 'pattern' ? asked.nested.pattern : around
  return Array.isArray(value)
    ? (value as readonly Edn[]).map((item) => exactPulled(item, pattern, names))
    : exactPulled(value, pattern, names)
}

/** Aggregates that give values of what they are over, or sums of them. */
const KEEPING: ReadonlySet<string> = new Set(['sum', 'min', 'max', 'rand', 'sample', 'distinct'])

function changeOf(
  query: Query,
  element: FindElement,
  namesIn: (source: SourceName) => ExactNames,
): ((value: Edn) => Edn) | undefined {
  switch (element.kind) {
    case 'pull': {
      const { pattern } = element
      return pattern.kind === 'pattern'
        ? (value) => exactPulled(value, pattern, namesIn(element.source))
        : undefined
    }
    case 'variable':
      return isExact(query, element.name, namesIn) ? exactValue : undefined
    case 'aggregate':
      return KEEPING.has(element.name) && isExact(query, element.variable, namesIn) ? exactValue : undefined
  }
}

/** True for a variable that stands for the value of an exact attribute. */
function isExact(query: Query, name: string, namesIn: (source: SourceName) => ExactNames): boolean {
  return mentionsOf(query.where, name).values.some(
    ({ source, ident, isNegated }) => !isNegated && namesIn(source).has(ident.text),
  )
}
