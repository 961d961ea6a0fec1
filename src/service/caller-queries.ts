// Saved queries as one caller sees them: those that ask databases of which it may see something, and its own. To everybody else
// a query that asks a hidden database is not there: its text would tell of names that are hidden. Who manages sees all.

import type { SourceName } from '../plan/syntax.ts'
import { parsedQuery, parsedRules } from '../query/parsed.ts'
import { databasesMeant } from '../query/saved-query.ts'
import { sourcesOf } from '../query/variables.ts'
import type { RouteContext } from './route.ts'
import type { QueryVersion, SavedQueries, Seen } from './system/saved-queries.ts'

export function queriesFor(context: RouteContext): SavedQueries {
  return context.service.queries.as(seenBy(context))
}

export function seenBy({ caller, databases }: RouteContext): Seen {
  if (caller.scopes.includes('manage')) return (query) => query
  const names = databases.list().map(({ name }) => name)
  const known = new Set([...names, ...databases.list().map(({ alias }) => alias)])
  // A pattern asks those alone that the caller sees.
  const isSeen = (asked: string): boolean =>
    databasesMeant(asked, () => names).every((name) => known.has(name))
  const isShown = (version: QueryVersion): boolean => databasesAsked(version).every(isSeen)
  return (query) => {
    if (query.owner === caller.name) return query
    const versions = query.versions.filter(isShown)
    return versions.at(-1) === query.versions.at(-1) ? { ...query, versions } : undefined
  }
}

/** By the names, aliases or patterns that it says. */
function databasesAsked({ text, rules, database }: QueryVersion): readonly string[] {
  const { inputs, catalogSources } = parsedQuery(text).query
  const bodies = rules === undefined ? [] : [...parsedRules(rules).values()].flat().map(({ body }) => body)
  const sources: readonly SourceName[] = [
    ...catalogSources,
    ...inputs.flatMap((input) => (input.kind === 'source' ? [input.name] : [])),
    ...bodies.flatMap((body) => [...sourcesOf(body)].map(({ source }) => source)),
  ]
  const named = sources.filter((source) => source !== '$').map((source) => source.slice(1))
  return database === undefined ? named : [...named, database]
}
