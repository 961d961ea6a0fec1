// `defineSchema`: a schema written in TypeScript. It keeps the definitions as they were given, which carry the types, and
// writes them as transaction data for `open`. A definition that contradicts itself is refused here, with its path;
// what only a database can tell (whether a part of a tuple exists) is the transactor's business.

import { keyword, symbol, type Edn, EdnMap } from '../fact/value.ts'
import type { Attributes, Definition } from './types/attributes.ts'
import type { DefinedSchema } from './types/define-schema.ts'
import { checkDefinitions, checkNames } from './check-definitions.ts'

export type SchemaOptions<L extends string = string> = {
  /** What queries call the database: `$alias`. The name where none is given. */
  readonly alias?: L
}

/**
 * `defineSchema('purchases', { alias: 'pur' }, { ':purchase/id': { type: 'string', unique: 'identity' } })`.
 * Throws `varve.error/schema-definition-invalid`.
 */
export function defineSchema<const N extends string, const S extends Attributes>(
  name: N,
  attributes: S,
): DefinedSchema<N, S, N>
export function defineSchema<const N extends string, const L extends string, const S extends Attributes>(
  name: N,
  options: { readonly alias: L },
  attributes: S,
): DefinedSchema<N, S, L>
export function defineSchema(
  name: string,
  ...rest: readonly [Attributes] | readonly [SchemaOptions, Attributes]
): DefinedSchema {
  const [options, attributes] = rest.length === 1 ? [{}, rest[0]] : rest
  const alias = options.alias ?? name
  checkNames(name, alias)
  checkDefinitions(attributes)
  return {
    name,
    alias,
    attributes,
    toTransaction: () =>
      Object.entries(attributes).map(([ident, definition]) => new EdnMap(entriesOf(ident, definition))),
  }
}

function entriesOf(ident: string, definition: Definition): [Edn, Edn][] {
  const entries: [Edn, Edn][] = [[keyword('db/ident'), named(ident)]]
  if (definition.type === 'entity-spec') {
    const { attributes = [], predicates = [] } = definition
    if (attributes.length > 0) entries.push([keyword('db.entity/attrs'), attributes.map(named)])
    if (predicates.length > 0) entries.push([keyword('db.entity/preds'), predicates.map(symbol)])
  } else if (definition.type !== 'ident') entries.push(...attributeEntries(definition))
  if (definition.doc !== undefined) entries.push([keyword('db/doc'), definition.doc])
  return entries
}

function attributeEntries(definition: Exclude<Definition, { type: 'ident' | 'entity-spec' }>): [Edn, Edn][] {
  const { type, many, unique, index, noHistory, predicates = [] } = definition
  const entries: [Edn, Edn][] = [
    [keyword('db/valueType'), keyword(`db.type/${type}`)],
    [keyword('db/cardinality'), keyword(`db.cardinality/${many ? 'many' : 'one'}`)],
  ]
  if (unique !== undefined) entries.push([keyword('db/unique'), keyword(`db.unique/${unique}`)])
  if (index) entries.push([keyword('db/index'), true])
  if (noHistory) entries.push([keyword('db/noHistory'), true])
  if (type === 'ref' && definition.component) entries.push([keyword('db/isComponent'), true])
  if (type === 'tuple') entries.push(membersEntry(definition))
  if (predicates.length > 0) entries.push([keyword('db.attr/preds'), predicates.map(symbol)])
  return entries
}

function membersEntry(definition: Extract<Definition, { type: 'tuple' }>): [Edn, Edn] {
  if ('types' in definition)
    return [keyword('db/tupleTypes'), definition.types.map((type) => keyword(`db.type/${type}`))]
  if ('of' in definition) return [keyword('db/tupleType'), keyword(`db.type/${definition.of}`)]
  return [keyword('db/tupleAttrs'), definition.attributes.map(named)]
}

/** The keyword that `:a/b` writes. */
function named(ident: string): Edn {
  return keyword(ident.slice(1))
}
