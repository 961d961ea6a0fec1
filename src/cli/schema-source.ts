// A schema as the TypeScript that defines it: what `varve schema --output ts` prints, to be pasted into a program, and what
// stands in modules that `varve codegen` writes.

import { type Edn, type EdnMap, type EdnSymbol, Keyword, keyword } from '../fact/value.ts'
import { literal } from './codegen/names.ts'

/** `forms` are the schema as transaction data (fact/schema-forms.ts). */
export function schemaSource(name: string, alias: string, forms: readonly EdnMap[]): string {
  const lines = schemaEntries(forms, { hasDocs: true }).map((entry) => `  ${entry},\n`)
  const options = alias === name ? '' : `{ alias: ${literal(alias)} }, `
  return [
    `import { defineSchema } from 'varve'\n\n`,
    `export const ${variableName(name)} = defineSchema(${literal(name)}, ${options}{\n`,
    ...lines,
    `})\n`,
  ].join('')
}

/** `':item/id': { type: 'string' }` for each attribute and name: a property of an object, and of a type as well. */
export function schemaEntries(
  forms: readonly EdnMap[],
  options: { readonly hasDocs: boolean },
): readonly string[] {
  return forms.map(
    (form) => `${literal(String(form.get(keyword('db/ident'))))}: ${definition(form, options)}`,
  )
}

function definition(form: EdnMap, { hasDocs }: { readonly hasDocs: boolean }): string {
  const get = (attribute: string): Edn | undefined => form.get(keyword(attribute))
  const valueType = get('db/valueType')
  const parts = valueType === undefined ? nameParts(get) : attributeParts(get, bare(valueType))
  const doc = get('db/doc')
  if (hasDocs && typeof doc === 'string') parts.push(`doc: ${literal(doc)}`)
  return `{ ${parts.join(', ')} }`
}

type Get = (attribute: string) => Edn | undefined

function nameParts(get: Get): string[] {
  const attributes = get('db.entity/attrs')
  const predicates = get('db.entity/preds')
  if (attributes === undefined && predicates === undefined) return [`type: 'ident'`]
  return [
    `type: 'entity-spec'`,
    ...(attributes === undefined ? [] : [`attributes: ${literals(attributes)}`]),
    ...(predicates === undefined ? [] : [`predicates: ${literals(predicates)}`]),
  ]
}

function attributeParts(get: Get, type: string): string[] {
  const parts = [`type: ${literal(type)}`]
  if (bare(get('db/cardinality') ?? null) === 'many') parts.push('many: true')
  const unique = get('db/unique')
  if (unique !== undefined) parts.push(`unique: ${literal(bare(unique))}`)
  if (get('db/index') === true) parts.push('index: true')
  if (get('db/isComponent') === true) parts.push('component: true')
  if (get('db/noHistory') === true) parts.push('noHistory: true')
  const [composite, types, member] = [get('db/tupleAttrs'), get('db/tupleTypes'), get('db/tupleType')]
  if (composite !== undefined) parts.push(`attributes: ${literals(composite)}`)
  if (types !== undefined)
    parts.push(`types: [${(types as readonly Edn[]).map((t) => literal(bare(t))).join(', ')}]`)
  if (member !== undefined) parts.push(`of: ${literal(bare(member))}`)
  const predicates = get('db.attr/preds')
  if (predicates !== undefined) parts.push(`predicates: ${literals(predicates)}`)
  return parts
}

/** `:db.type/string` is string. */
function bare(value: Edn): string {
  return value instanceof Keyword ? value.name : String(value)
}

function literals(values: Edn): string {
  return `[${(values as readonly (Keyword | EdnSymbol)[]).map((value) => literal(String(value))).join(', ')}]`
}

/** `old-bills` is oldBills. */
function variableName(database: string): string {
  return database.replaceAll(/[-_]+(\w?)/g, (_, letter: string) => letter.toUpperCase())
}
