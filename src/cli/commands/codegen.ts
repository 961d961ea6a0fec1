// `varve codegen`: a TypeScript module with a typed function for each saved query.

import type { Command } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { readTextFile, writeTextFile } from '../../base/text-file.ts'
import { type EdnMap, keyword } from '../../fact/value.ts'
import { parsedQuery } from '../../query/parsed.ts'
import { databasesMeant } from '../../query/saved-query.ts'
import { parametersOfForm } from '../../service/saved-query-forms.ts'
import { parseViewedName } from '../../query/viewed-name.ts'
import { versionUnknown } from '../../service/system/errors.ts'
import { moduleSource, type QueryToWrite, type Schemas } from '../codegen/module.ts'
import type { Context } from '../main.ts'
import { type Management, type ManagementOptions, openManagement, withManagement } from '../management.ts'

type Options = ManagementOptions & {
  readonly output?: string
  readonly check?: boolean
  readonly only?: readonly string[]
}

export function addCodegenCommand(program: Command, { env, terminal }: Context): void {
  withManagement(program.command('codegen'))
    .description('write a TypeScript module with a typed function for each saved query')
    .option('--output <file>', 'the file (default: stdout)')
    .option('--check', 'change nothing, and exit with 1 if the file is not what would be written')
    .option('--only <what...>', 'tags, names of queries, or name@2 for a version')
    .addHelpText('after', '\nExample:\n  varve codegen --output src/queries.ts --only billing price@2')
    .action(async ({ output, check = false, only = [], ...place }: Options) => {
      if (check && output === undefined) throw nothingToCheck()
      await using management = await openManagement(env, place)
      const chosen = await chosenQueries(management, only)
      const { queries, schemas, unknown } = await withSchemas(management, chosen)
      for (const [database, names] of unknown)
        terminal.err(
          `warning: ${database} is not to be seen here, so what ${names.join(', ')} finds in it has no types.\n`,
        )
      const source = moduleSource(queries, schemas)
      if (output === undefined) {
        terminal.out(source)
        return
      }
      const before = env.files.stat(output) === undefined ? undefined : readTextFile(env.files, output)
      const told = `${output}: ${queries.length} ${queries.length === 1 ? 'query' : 'queries'}`
      if (before === source) terminal.err(`${told}, as it stands there.\n`)
      else if (check) throw outOfDate(output, before, source)
      else {
        writeTextFile(env.files, output, source)
        terminal.err(`${told}, written.\n`)
      }
    })
}

type Chosen = Omit<QueryToWrite, 'sources'> & { readonly database: string | undefined }

/** Those that are named or tagged so, each once, by name and version; all where nothing is said. */
async function chosenQueries(management: Management, only: readonly string[]): Promise<readonly Chosen[]> {
  const answer = await management.ask('/v1/queries')
  const all = mapsIn(answer, 'queries').filter((query) => query.get(keyword('retired-at')) === undefined)
  const chosen = new Map<string, Chosen>()
  const choose = (query: Chosen): unknown =>
    chosen.set(`${query.name}@${query.isPinned}${query.version}`, query)
  if (only.length === 0) for (const query of all) choose(chosenOf(query, query, false))
  for (const what of only) {
    const [, pinnedName, number] = /^(.+)@(\d+)$/.exec(what) ?? []
    const pinned = all.find((query) => textIn(query, 'name') === pinnedName)
    if (pinned !== undefined) {
      choose(await versionOf(management, pinned, Number(number)))
      continue
    }
    const found = all.filter((query) => textIn(query, 'name') === what || tagsOf(query).includes(what))
    if (found.length === 0) throw nothingNamedSo(what, all)
    for (const query of found) choose(chosenOf(query, query, false))
  }
  return [...chosen.values()].sort((x, y) =>
    x.name === y.name ? x.version - y.version : x.name < y.name ? -1 : 1,
  )
}

async function versionOf(management: Management, query: EdnMap, number: number): Promise<Chosen> {
  const name = textIn(query, 'name')
  const whole = await management.ask(`/v1/queries/${encodeURIComponent(name)}`)
  const versions = mapsIn(whole, 'versions')
  const version = versions.find((each) => each.get(keyword('version')) === number)
  if (version === undefined) throw versionUnknown(name, number, versions.length)
  return chosenOf(query, version, true)
}

function chosenOf(query: EdnMap, version: EdnMap, isPinned: boolean): Chosen {
  return {
    name: textIn(query, 'name'),
    version: version.get(keyword('version')) as number,
    isPinned,
    text: textIn(version, 'text'),
    doc: optionalText(query, 'doc'),
    parameters: parametersOfForm(version.get(keyword('parameters')) ?? []),
    database: optionalText(version, 'database'),
  }
}

type Found = {
  readonly queries: readonly QueryToWrite[]
  readonly schemas: Schemas
  /** Databases that are not there for whoever asks, and the queries that ask them. */
  readonly unknown: ReadonlyMap<string, readonly string[]>
}

async function withSchemas(management: Management, chosen: readonly Chosen[]): Promise<Found> {
  const names = new Map<string, string | undefined>()
  const schemas = new Map<string, readonly EdnMap[]>()
  const unknown = new Map<string, string[]>()
  const databaseOf = async (nameOrAlias: string): Promise<string | undefined> => {
    if (!names.has(nameOrAlias)) names.set(nameOrAlias, await fetchSchema(management, nameOrAlias, schemas))
    return names.get(nameOrAlias)
  }
  const queries: QueryToWrite[] = []
  for (const query of chosen) {
    const sources = new Map<string, string>()
    for (const [source, nameOrAlias] of sourcesOf(query)) {
      const database = await databaseOf(nameOrAlias)
      if (database !== undefined) sources.set(source, database)
      else unknown.set(nameOrAlias, [...(unknown.get(nameOrAlias) ?? []), query.name])
    }
    queries.push({ ...query, sources })
  }
  return { queries, schemas, unknown }
}

/** What each source of a query means: a database by name or alias, or a pattern. */
function sourcesOf({ text, database }: Chosen): readonly (readonly [source: string, nameOrAlias: string])[] {
  const { query } = parsedQuery(text)
  const declared = query.inputs.flatMap((input) => (input.kind === 'source' ? [input.name] : []))
  return [...new Set([...declared, ...query.catalogSources])].flatMap((source) => {
    if (source !== '$') return [[source, source.slice(1)] as const]
    return database === undefined ? [] : [[source, parseViewedName(database).name] as const]
  })
}

/** The name of the database, whose schema is kept; undefined where there is none for whoever asks. */
async function fetchSchema(
  management: Management,
  nameOrAlias: string,
  schemas: Map<string, readonly EdnMap[]>,
): Promise<string | undefined> {
  // Databases that one query asks at once have one schema.
  const all = nameOrAlias.endsWith('*') ? await databaseNames(management) : []
  const [first = nameOrAlias] = databasesMeant(nameOrAlias, () => all)
  const path = `/v1/databases/${encodeURIComponent(first)}`
  try {
    const name = textIn(await management.ask(path), 'name')
    if (!schemas.has(name)) schemas.set(name, mapsIn(await management.ask(`${path}/schema`), 'schema'))
    return name
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/database-unknown') return undefined
    throw error
  }
}

async function databaseNames(management: Management): Promise<readonly string[]> {
  const answer = await management.ask('/v1/databases?system=true')
  return mapsIn(answer, 'databases').map((info) => textIn(info, 'name'))
}

function mapsIn(map: EdnMap, name: string): readonly EdnMap[] {
  return map.get(keyword(name)) as readonly EdnMap[]
}

function textIn(map: EdnMap, name: string): string {
  return String(map.get(keyword(name)))
}

function optionalText(map: EdnMap, name: string): string | undefined {
  const value = map.get(keyword(name))
  return typeof value === 'string' ? value : undefined
}

function tagsOf(query: EdnMap): readonly string[] {
  return (query.get(keyword('tags')) ?? []) as readonly string[]
}

function nothingToCheck(): VarveError {
  return new VarveError({
    code: 'varve.error/usage',
    kind: 'incorrect',
    message: '--check compares with a file, and none is named',
    fix: 'Name it: varve codegen --check --output src/queries.ts',
    data: {},
  })
}

function nothingNamedSo(what: string, queries: readonly EdnMap[]): VarveError {
  const known = new Set(queries.flatMap((query) => [textIn(query, 'name'), ...tagsOf(query)]))
  const meant = nearest(what.replace(/@.*/, ''), known)
  return new VarveError({
    code: 'varve.error/nothing-to-generate',
    kind: 'not-found',
    message: `No saved query has the name or the tag ${what}`,
    fix: meant === undefined ? 'See varve queries list' : `Did you mean ${meant}?`,
    data: { what },
  })
}

/** With the first line that differs, so that a failed check tells where to look. */
function outOfDate(path: string, before: string | undefined, source: string): VarveError {
  const [old, young] = [before?.split('\n') ?? [], source.split('\n')]
  const index = young.findIndex((line, at) => line !== old[at])
  const line = index === -1 ? young.length : index + 1
  return new VarveError({
    code: 'varve.error/generated-out-of-date',
    kind: 'conflict',
    message:
      before === undefined
        ? `${path} is not there`
        : `${path} is not what would be written: line ${line} would be ${JSON.stringify(young[line - 1] ?? '')}`,
    fix: 'Write it again: the same command without --check',
    data: { path, line },
  })
}
