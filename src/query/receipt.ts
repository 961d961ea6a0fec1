// What goes with every answer, so that anybody can ask the question again and see whether the answer is the same: the
// question with its moments, and the answer by its hash. Pure: ids and clocks come in.

import { VarveError } from '../base/errors.ts'
import type { T } from '../fact/attribute.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { writeJson } from '../fact/json-writer.ts'
import { camelCase, kebabCase } from '../fact/plain-edn.ts'
import { type Edn, EdnMap, Keyword, keyword } from '../fact/value.ts'
import { type PinnedQuestion, queryHashOf } from './pinned.ts'
import type { Notation, WrittenAnswer } from './written.ts'

export type Receipt = PinnedQuestion & {
  readonly id: string
  /** `sha256:…` of the query's text. */
  readonly queryHash: string
  readonly engine: string
  /** Of Varve. */
  readonly version: string
  readonly rowCount: number
  readonly truncated: boolean
  readonly resultHash: string
  /** As the request said it. */
  readonly asOf?: Date | T
  /** When it was answered. */
  readonly at: Date
}

export type ReceiptSetting = {
  readonly id: string
  readonly version: string
  readonly atMs: number
  readonly asOf?: Date | T | undefined
}

export function receiptOf(
  question: PinnedQuestion,
  { rowCount, isTruncated, resultHash, engine }: Omit<WrittenAnswer, 'pieces'>,
  { id, version, atMs, asOf }: ReceiptSetting,
): Receipt {
  const { query, args, database, basis, schemaT, limit, speculations, procedures } = question
  return {
    id,
    query,
    queryHash: queryHashOf(query),
    args,
    ...(database !== undefined && { database }),
    basis,
    schemaT,
    ...(limit !== undefined && { limit }),
    ...(speculations !== undefined && { speculations }),
    ...(procedures !== undefined && { procedures }),
    engine,
    version,
    rowCount,
    truncated: isTruncated,
    resultHash,
    ...(asOf !== undefined && { asOf }),
    at: new Date(atMs),
  }
}

/** An object with camelCase names in JSON, a map of kebab-case keywords in EDN. Lists stay lists in both. */
export function writeReceipt(receipt: Partial<Receipt>, notation: Notation): string {
  return notation === 'json' ? jsonText(receipt) : writeEdn(formOf(receipt))
}

function jsonText(receipt: Partial<Receipt>): string {
  let text = ''
  for (const [name, value] of Object.entries(receipt)) {
    const isPlain = typeof value !== 'object' || isNamed(value)
    text += `${text === '' ? '{' : ','}"${name}":${isPlain ? JSON.stringify(value) : writeJson(value, { exact: true })}`
  }
  return `${text}}`
}

function formOf(receipt: Partial<Receipt>): Edn {
  const { procedures } = receipt
  return new EdnMap(
    Object.entries(receipt).map(([name, value]) => {
      if (!isNamed(value)) return [keyword(kebabCase(name)), value]
      // The names of procedures hold what no keyword may.
      const keyOf = value === procedures ? (text: string): Edn => text : keyword
      const entries = Object.entries<Edn>(value).map(([key, held]) => [keyOf(key), held] as const)
      return [keyword(kebabCase(name)), new EdnMap(entries)]
    }),
  )
}

/** By the names of databases or procedures. */
function isNamed(
  value: Receipt[keyof Receipt],
): value is Readonly<Record<string, T>> | Readonly<Record<string, string>> {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)
}

/** The receipt that a value of either notation says. Throws `varve.error/receipt-invalid`. */
export function readReceipt(form: Edn): Receipt {
  if (!(form instanceof EdnMap)) throw receiptInvalid('It is no object')
  const fields = new Map(form.entries.map(([key, value]) => [camelCase(nameOf(key)), value]))
  const text = (name: string): string => wanted(fields, name, isText, 'a text')
  const asOf = optional(fields, 'asOf', isMoment, 'an instant or a t')
  const limit = optional(fields, 'limit', isCount, 'a whole number')
  const database = optional(fields, 'database', isText, 'a text')
  const speculations = optional(fields, 'speculations', isTexts, 'a list of texts')
  const procedures = optional(fields, 'procedures', isMap, 'a hash for each procedure')
  const receipt: Receipt = {
    id: text('id'),
    query: text('query'),
    queryHash: text('queryHash'),
    args: wanted(fields, 'args', isList, 'a list'),
    ...(database !== undefined && { database }),
    basis: namedOf(fields, 'basis', isCount, 'a t for each database'),
    schemaT: namedOf(fields, 'schemaT', isCount, 'a t for each database'),
    ...(procedures && {
      procedures: namedOf(fields, 'procedures', isText, 'a hash for each procedure'),
    }),
    ...(limit !== undefined && { limit }),
    ...(speculations !== undefined && { speculations }),
    engine: text('engine'),
    version: text('version'),
    rowCount: wanted(fields, 'rowCount', isCount, 'a whole number'),
    truncated: wanted(fields, 'truncated', (value) => typeof value === 'boolean', 'true or false'),
    resultHash: text('resultHash'),
    ...(asOf !== undefined && { asOf }),
    at: wanted(fields, 'at', (value) => value instanceof Date, 'an instant'),
  }
  if (queryHashOf(receipt.query) !== receipt.queryHash) throw receiptInvalid('queryHash is not that of query')
  return receipt
}

type Fields = ReadonlyMap<string, Edn>

function wanted<V extends Edn>(
  fields: Fields,
  name: string,
  is: (value: Edn) => value is V,
  what: string,
): V {
  const value = fields.get(name) ?? null
  if (!is(value)) throw receiptInvalid(`${name} is not ${what}`)
  return value
}

function optional<V extends Edn>(
  fields: Fields,
  name: string,
  is: (value: Edn) => value is V,
  what: string,
): V | undefined {
  return (fields.get(name) ?? null) === null ? undefined : wanted(fields, name, is, what)
}

function namedOf<V extends Edn>(
  fields: Fields,
  name: string,
  is: (value: Edn) => value is V,
  what: string,
): Readonly<Record<string, V>> {
  const { entries } = wanted(fields, name, isMap, what)
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (!is(value)) throw receiptInvalid(`${name} is not ${what}`)
      return [nameOf(key), value]
    }),
  )
}

const isText = (value: Edn): value is string => typeof value === 'string'
const isList = (value: Edn): value is readonly Edn[] => Array.isArray(value)
const isTexts = (value: Edn): value is readonly string[] => isList(value) && value.every(isText)
const isMap = (value: Edn): value is EdnMap => value instanceof EdnMap
const isCount = (value: Edn): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isMoment = (value: Edn): value is Date | number => value instanceof Date || isCount(value)

function nameOf(key: Edn): string {
  if (key instanceof Keyword) return key.text
  if (typeof key === 'string') return key
  throw receiptInvalid('A field is not named by a text or a keyword')
}

function receiptInvalid(what: string): VarveError {
  return new VarveError({
    code: 'varve.error/receipt-invalid',
    kind: 'incorrect',
    message: `This is no receipt that Varve gave: ${what}`,
    fix: 'Send the receipt whole, as it came with its answer',
    data: { what },
  })
}
