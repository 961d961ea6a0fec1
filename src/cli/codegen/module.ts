// A TypeScript module with a function for each saved query. Its types are not worked out here: the query and the schema
// of the databases that it asks stand in the module, and the compiler makes of them what it makes of `db.q`.

import { writeEdn } from '../../fact/edn-writer.ts'
import type { EdnMap } from '../../fact/value.ts'
import type { Input } from '../../plan/syntax.ts'
import { parsedQuery, textOfForm } from '../../query/parsed.ts'
import { queryHashOf } from '../../query/pinned.ts'
import { type Parameter, parameterInputs, type ParameterType, parametersOf } from '../../query/saved-query.ts'
import { schemaEntries } from '../schema-source.ts'
import { capitalized, checkDistinct, functionName, literal, propertyName } from './names.ts'
import { bindingType, queryType } from './query-type.ts'

export type QueryToWrite = {
  readonly name: string
  readonly version: number
  /** Asked for by its number: the function has it in its name. */
  readonly isPinned: boolean
  readonly text: string
  readonly doc: string | undefined
  readonly parameters: readonly Parameter[]
  /** The databases that are known, by the sources that mean them. */
  readonly sources: ReadonlyMap<string, string>
}

/** Schemas as transaction data, by database. */
export type Schemas = ReadonlyMap<string, readonly EdnMap[]>

/** The same for the same queries and schemas. Throws `varve.error/generated-names-collide`. */
export function moduleSource(queries: readonly QueryToWrite[], schemas: Schemas): string {
  const functions = queries.map((query) => ({
    query: query.name,
    name: functionName(query.name, query.isPinned ? query.version : undefined),
    source: query,
  }))
  checkDistinct(functions)
  return [
    HEAD,
    databasesType(schemas),
    ...functions.map(({ name, source }) => querySource(name, source)),
  ].join('\n')
}

const HEAD = `// Written by \`varve codegen\` from saved queries. Write it again instead of changing it.

import type * as Varve from 'varve'

/** What runs them: a connection of \`varve\` or of \`varve/client\`. */
type Connection = Pick<Varve.Varve, 'run'>
/** The version is the one that the types are of. */
type Options = Omit<Varve.RunOptions, 'version'>
`

function databasesType(schemas: Schemas): string {
  if (schemas.size === 0) return ''
  const databases = [...schemas]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([name, forms]) => {
      const entries = schemaEntries(forms, { hasDocs: false }).map((entry) => `    ${entry}\n`)
      return `  ${propertyName(name)}: {\n${entries.join('')}  }\n`
    })
  return `type Databases = {\n${databases.join('')}}\n`
}

function querySource(name: string, query: QueryToWrite): string {
  const { form, query: parsed } = parsedQuery(query.text)
  const type = capitalized(name)
  const sources = [...query.sources]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([source, database]) => `${propertyName(source)}: Databases[${literal(database)}]`)
  const parameters = parametersOf(parsed, query.parameters)
  const saved = `${query.name}, version ${query.version}, ${queryHashOf(textOfForm(form))}`
  return [
    comment('', query.doc === undefined ? [saved] : [...query.doc.split('\n'), '', saved]),
    `export async function ${name}(\n`,
    `  varve: Connection,\n`,
    `  args: ${type}Arguments${parameters.every(isOptional) ? ' = {}' : ''},\n`,
    `  options: Options = {},\n`,
    `): Promise<Varve.Answer<${type}Result>> {\n`,
    `  const answer = await varve.run(${literal(query.name)}, args, { ...options, version: ${query.version} })\n`,
    `  return answer as Varve.Answer<${type}Result>\n`,
    `}\n\n`,
    argumentsType(type, parameters, parsed.inputs),
    `export type ${type}Result = Varve.QueryResult<${type}Sources, ${type}Query>\n`,
    `type ${type}Sources = {${sources.length === 0 ? '' : ` ${sources.join('; ')} `}}\n`,
    `type ${type}Query = ${queryType(form, '')}\n`,
  ].join('')
}

function argumentsType(type: string, parameters: readonly Parameter[], inputs: readonly Input[]): string {
  if (parameters.length === 0) return `export type ${type}Arguments = { readonly [name: string]: never }\n`
  const bindings = new Map(parameterInputs({ inputs }).map(({ name, binding }) => [name, binding]))
  const lines = parameters.map((parameter) => {
    const binding = bindings.get(parameter.name)!
    const value =
      parameter.type === 'any'
        ? `Varve.QueryArgument<${type}Sources, ${type}Query, ${bindingType(binding)}>`
        : binding.kind === 'collection'
          ? `readonly ${parenthesized(VALUE_TYPES[parameter.type])}[]`
          : VALUE_TYPES[parameter.type]
    const name = `${propertyName(parameter.name)}${isOptional(parameter) ? '?' : ''}`
    return `${parameterComment(parameter)}  readonly ${name}: ${value}\n`
  })
  return `export type ${type}Arguments = {\n${lines.join('')}}\n`
}

/** What parameters of each type take (fact/coerce.ts: as plain data). */
const VALUE_TYPES: Readonly<Record<Exclude<ParameterType, 'any'>, string>> = {
  string: 'string',
  keyword: 'string',
  symbol: 'string',
  boolean: 'boolean',
  long: 'number | bigint',
  bigint: 'number | bigint | string | Varve.BigNumber',
  float: 'number | bigint | Varve.BigNumber',
  double: 'number | bigint | Varve.BigNumber',
  bigdec: 'number | bigint | string | Varve.BigNumber',
  instant: 'Date | string',
  uuid: 'string',
  uri: 'string',
  bytes: 'Uint8Array | string',
}

function parenthesized(type: string): string {
  return type.includes('|') ? `(${type})` : type
}

function isOptional(parameter: Parameter): boolean {
  return parameter.default !== undefined
}

function parameterComment(parameter: Parameter): string {
  const { doc, default: otherwise } = parameter
  const told = otherwise === undefined ? [] : [`${writeEdn(otherwise)} where it is left out`]
  const lines = [...(doc === undefined ? [] : doc.split('\n')), ...told]
  return lines.length === 0 ? '' : comment('  ', lines)
}

/** Text of others stays within the comment, whatever it says. */
function comment(indent: string, lines: readonly string[]): string {
  const safe = lines.map((line) => line.replaceAll('*/', '*\\/').trimEnd())
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`
  const told = safe.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}\n`)
  return `${indent}/**\n${told.join('')}${indent} */\n`
}
