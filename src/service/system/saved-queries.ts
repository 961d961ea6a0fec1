// Saved queries as facts of the system database. What a query was stays: each change of its text is a version, and what was
// said of it (doc, owner, tags) has the history that every fact has.

import type { Env } from '../../base/env.ts'
import { nearest } from '../../base/nearest.ts'
import type { T } from '../../fact/attribute.ts'
import type { FactSource } from '../../fact/datom.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import { type Edn, EdnMap, type Keyword, keyword, type Value } from '../../fact/value.ts'
import { parsedQuery, parsedRules } from '../../query/parsed.ts'
import { type Parameter, parametersOf, type ParameterType } from '../../query/saved-query.ts'
import { entitiesWith, type EntityFields, fieldsOf, fieldsOfEntity, formOf, textsOf } from './entities.ts'
import { queryRetired, queryUnknown, savedTextTooLong, versionUnknown } from './errors.ts'
import type { SystemFacts } from './system-folder.ts'

export type QueryVersion = {
  readonly number: number
  readonly text: string
  readonly rules: string | undefined
  readonly database: string | undefined
  readonly parameters: readonly Parameter[]
  readonly note: string | undefined
  readonly savedAt: Date
  readonly savedBy: string
}

export type Expectation = {
  readonly name: string
  readonly arguments: EdnMap
  readonly cursors: Readonly<Record<string, T>>
  readonly resultHash: string
  readonly rowCount: number
}

export type SavedQuery = {
  readonly name: string
  readonly doc: string | undefined
  readonly owner: string
  readonly tags: readonly string[]
  readonly retiredAt: Date | undefined
  /** The newest last. */
  readonly versions: readonly QueryVersion[]
  readonly expectations: readonly Expectation[]
}

/** What is said of a query when it is saved; what is left out stays as it was. */
export type QueryToSave = {
  readonly text: string
  readonly rules?: string
  readonly database?: string
  readonly parameters: readonly Parameter[]
  readonly doc?: string
  readonly owner?: string
  readonly tags?: readonly string[]
  readonly note?: string
}

/** What shows of a query to whoever looks; undefined: that it is there is not told either. */
export type Seen = (query: SavedQuery) => SavedQuery | undefined

const TEXT_LENGTH_MAX = 100_000

export class SavedQueries {
  readonly #env: Env
  readonly #system: SystemFacts
  readonly #seen: Seen

  /** Those of which `seen` shows nothing are not there. */
  constructor(env: Env, system: SystemFacts, seen: Seen = (query) => query) {
    this.#env = env
    this.#system = system
    this.#seen = seen
  }

  /** The same queries, as far as they show. */
  as(seen: Seen): SavedQueries {
    return new SavedQueries(this.#env, this.#system, seen)
  }

  async list(): Promise<readonly SavedQuery[]> {
    const { facts } = await this.#system.system()
    return entitiesWith(facts, 'query/name')
      .map((fields) => this.#seen(queryOf(facts, fields)))
      .filter((query) => query !== undefined)
      .sort((x, y) => (x.name < y.name ? -1 : 1))
  }

  /** Throws `varve.error/saved-query-unknown`. */
  async get(name: string): Promise<SavedQuery> {
    const found = await this.find(name)
    if (found !== undefined) return found
    const names = (await this.list()).map((query) => query.name)
    throw queryUnknown(name, nearest(name, names))
  }

  async find(name: string): Promise<SavedQuery | undefined> {
    const { facts } = await this.#system.system()
    const fields = fieldsOf(facts, 'query/name', name)
    return fields === undefined ? undefined : this.#seen(queryOf(facts, fields))
  }

  /** The version of this number, or the newest. Throws `varve.error/saved-query-retired`, `varve.error/version-unknown`. */
  async version(
    name: string,
    number?: number,
  ): Promise<{ readonly query: SavedQuery; readonly version: QueryVersion }> {
    const query = await this.get(name)
    const { versions, retiredAt } = query
    if (retiredAt !== undefined) throw queryRetired(name, retiredAt)
    const version = number === undefined ? versions.at(-1) : versions.find((each) => each.number === number)
    if (version === undefined) throw versionUnknown(name, number, versions.length)
    return { query, version }
  }

  /**
   * Saves a query: a new one, or a version of one where its text, its rules, its database or its parameters are new. Throws
   * what is wrong in the query.
   */
  async save(name: string, given: QueryToSave, by: string): Promise<SavedQuery> {
    checkQuery(given)
    const { facts } = await this.#system.system()
    const fields = fieldsOf(facts, 'query/name', name)
    const before = fields === undefined ? undefined : queryOf(facts, fields)
    const last = before?.versions.at(-1)
    const isNew = last === undefined || !isSameVersion(last, given)
    const number = (last?.number ?? 0) + 1
    const key = `${name}@${number}`
    await this.#system.change([
      formOf({
        'query/name': name,
        'query/owner': given.owner ?? (before === undefined ? by : undefined),
        'query/doc': given.doc,
        'query/tags': given.tags === undefined || given.tags.length === 0 ? undefined : given.tags,
        'query/versions': isNew ? [key] : undefined,
      }),
      ...(isNew ? [versionForm(key, number, given, by, new Date(this.#env.clock.nowMs()))] : []),
      // Tags that are not named any more, and the end that is over.
      ...(before?.tags ?? [])
        .filter((tag) => given.tags?.includes(tag) === false)
        .map((tag) => retraction(name, 'query/tags', tag)),
      ...(before?.retiredAt === undefined ? [] : [retraction(name, 'query/retired-at', before.retiredAt)]),
    ])
    return this.get(name)
  }

  /** It is not run any more; what it was stays, and saving it again brings it back. */
  async retire(name: string): Promise<SavedQuery> {
    await this.get(name)
    await this.#system.change([
      formOf({ 'query/name': name, 'query/retired-at': new Date(this.#env.clock.nowMs()) }),
    ])
    return this.get(name)
  }

  async expect(name: string, expectation: Expectation): Promise<SavedQuery> {
    const key = `${name}/${expectation.name}`
    await this.#system.change([
      formOf({ 'query/name': name, 'query/expectations': [key] }),
      formOf({
        'db/id': key,
        'expectation/key': key,
        'expectation/name': expectation.name,
        'expectation/arguments': writeEdn(expectation.arguments),
        'expectation/cursors': writeEdn(new EdnMap(Object.entries(expectation.cursors))),
        'expectation/result-hash': expectation.resultHash,
        'expectation/row-count': expectation.rowCount,
      }),
    ])
    return this.get(name)
  }

  async forgetExpectation(name: string, expectation: string): Promise<SavedQuery> {
    await this.#system.change([
      [keyword('db/retractEntity'), [keyword('expectation/key'), `${name}/${expectation}`]],
    ])
    return this.get(name)
  }
}

function checkQuery({ text, rules, parameters }: QueryToSave): void {
  if (text.length + (rules?.length ?? 0) > TEXT_LENGTH_MAX) throw savedTextTooLong(TEXT_LENGTH_MAX)
  if (rules !== undefined) parsedRules(rules)
  parametersOf(parsedQuery(text).query, parameters)
}

function isSameVersion(last: QueryVersion, { text, rules, database, parameters }: QueryToSave): boolean {
  return (
    last.text === text &&
    last.rules === rules &&
    last.database === database &&
    writeParameters(last.parameters) === writeParameters(parameters)
  )
}

function versionForm(key: string, number: number, given: QueryToSave, by: string, at: Date): EdnMap {
  return formOf({
    'db/id': key,
    'version/key': key,
    'version/number': number,
    'version/text': given.text,
    'version/rules': given.rules,
    'version/database': given.database,
    'version/parameters': writeParameters(given.parameters),
    'version/note': given.note,
    'version/saved-at': at,
    'version/saved-by': by,
  })
}

function retraction(name: string, attribute: string, value: Value): Edn {
  return [keyword('db/retract'), [keyword('query/name'), name], keyword(attribute), value]
}

function queryOf(facts: FactSource, fields: EntityFields): SavedQuery {
  const parts = (name: string): readonly EntityFields[] =>
    ((fields.get(name) ?? []) as readonly number[]).map((e) => fieldsOfEntity(facts, e))
  return {
    name: String(fields.get('query/name')),
    doc: fields.get('query/doc') as string | undefined,
    owner: String(fields.get('query/owner')),
    tags: [...textsOf(fields, 'query/tags')].sort(),
    retiredAt: fields.get('query/retired-at') as Date | undefined,
    versions: parts('query/versions')
      .map(versionOf)
      .sort((x, y) => x.number - y.number),
    expectations: parts('query/expectations')
      .map(expectationOf)
      .sort((x, y) => (x.name < y.name ? -1 : 1)),
  }
}

function versionOf(fields: EntityFields): QueryVersion {
  return {
    number: fields.get('version/number') as number,
    text: String(fields.get('version/text')),
    rules: fields.get('version/rules') as string | undefined,
    database: fields.get('version/database') as string | undefined,
    parameters: readParameters(String(fields.get('version/parameters'))),
    note: fields.get('version/note') as string | undefined,
    savedAt: fields.get('version/saved-at') as Date,
    savedBy: String(fields.get('version/saved-by')),
  }
}

function expectationOf(fields: EntityFields): Expectation {
  const cursors = ednOf(fields, 'expectation/cursors') as EdnMap
  return {
    name: String(fields.get('expectation/name')),
    arguments: ednOf(fields, 'expectation/arguments') as EdnMap,
    cursors: Object.fromEntries(cursors.entries.map(([name, t]) => [String(name), t as T])),
    resultHash: String(fields.get('expectation/result-hash')),
    rowCount: fields.get('expectation/row-count') as number,
  }
}

function ednOf(fields: EntityFields, name: string): Edn {
  return readEdn(String(fields.get(name)), WRITTEN_BY_VARVE).value
}

function writeParameters(parameters: readonly Parameter[]): string {
  return writeEdn(
    parameters.map(({ name, type, doc, default: value }) =>
      formOf({ name, type: keyword(type), doc, ...(value !== undefined && { default: value }) }),
    ),
  )
}

function readParameters(text: string): readonly Parameter[] {
  const forms = readEdn(text, WRITTEN_BY_VARVE).value as readonly EdnMap[]
  return forms.map((each): Parameter => {
    const doc = each.get(keyword('doc'))
    const value = each.get(keyword('default'))
    return {
      name: String(each.get(keyword('name'))),
      type: (each.get(keyword('type')) as Keyword).text as ParameterType,
      ...(typeof doc === 'string' && { doc }),
      ...(value !== undefined && { default: value }),
    }
  })
}
