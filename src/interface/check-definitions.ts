// What can be wrong with the definitions of a schema, told before any database is asked: JavaScript has no compiler that
// tells it, and definitions may be made by a program.

import { VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { VALUE_TYPES } from '../fact/attribute.ts'
import { isKeywordText, isSymbolText } from '../fact/names.ts'

type Path = readonly string[]
type Given = Readonly<Record<string, unknown>>

const TYPES: readonly string[] = [...VALUE_TYPES, 'ident', 'entity-spec']
const MEMBER_TYPES: readonly string[] = VALUE_TYPES.filter((type) => type !== 'bytes' && type !== 'tuple')
const MEMBER_COUNT_MIN = 2
const MEMBER_COUNT_MAX = 8

const COMMON_OPTIONS = ['type', 'many', 'unique', 'index', 'noHistory', 'doc', 'predicates']
const OPTIONS_BY_TYPE: Readonly<Record<string, readonly string[]>> = {
  ident: ['type', 'doc'],
  'entity-spec': ['type', 'doc', 'attributes', 'predicates'],
  long: [...COMMON_OPTIONS, 'exact'],
  ref: [...COMMON_OPTIONS, 'component'],
  tuple: [...COMMON_OPTIONS, 'types', 'of', 'attributes'],
}

type OptionCheck = {
  readonly isRight: (value: unknown) => boolean
  readonly fix: string
}
const BOOLEAN: OptionCheck = { isRight: (value) => typeof value === 'boolean', fix: 'Write true or false' }
const TEXT: OptionCheck = { isRight: (value) => typeof value === 'string', fix: 'Write a text' }
const SYMBOLS: OptionCheck = {
  isRight: (value) => isListOf(value, (name) => typeof name === 'string' && isSymbolText(name)),
  fix: "Write names of registered functions: ['shop/positive?']",
}
const KEYWORDS: OptionCheck = {
  isRight: (value) => isListOf(value, isKeyword),
  fix: "Write attributes: [':order/id', ':order/line']",
}
const UNIQUE: OptionCheck = {
  isRight: (value) => value === 'identity' || value === 'value',
  fix: "Write 'identity' or 'value'",
}
const MEMBER_TYPE: OptionCheck = {
  isRight: isMemberType,
  fix: `Write one of ${MEMBER_TYPES.join(', ')}`,
}
const MEMBERS: OptionCheck = {
  isRight: (value) => isListOf(value, isMemberType),
  fix: `Write a list of these: ${MEMBER_TYPES.join(', ')}`,
}
const OPTION_CHECKS: Readonly<Record<string, OptionCheck>> = {
  many: BOOLEAN,
  index: BOOLEAN,
  noHistory: BOOLEAN,
  exact: BOOLEAN,
  component: BOOLEAN,
  doc: TEXT,
  unique: UNIQUE,
  predicates: SYMBOLS,
  types: MEMBERS,
  of: MEMBER_TYPE,
  attributes: KEYWORDS,
}

/** Throws unless both are texts; which texts may name a database is told when it is made. */
export function checkNames(name: unknown, alias: unknown): void {
  if (typeof name !== 'string' || name === '') {
    throw invalid([], 'A schema has no name', "Write defineSchema('shop', { … })")
  }
  if (typeof alias !== 'string' || alias === '') {
    throw invalid(['alias'], `The alias of ${name} is no text`, "Write { alias: 'sho' }")
  }
}

/** Throws at the first definition that means nothing or contradicts itself. */
export function checkDefinitions(attributes: unknown): void {
  if (!isObject(attributes)) {
    throw invalid([], 'The definitions are no object', "Write { ':article/code': { type: 'string' } }")
  }
  for (const [ident, definition] of Object.entries(attributes)) checkDefinition(ident, definition)
}

function checkDefinition(ident: string, definition: unknown): void {
  if (!isKeyword(ident)) {
    const name = ident.replace(/^:/, '')
    const fix = isKeywordText(name) ? `Write ':${name}'` : "Write a keyword such as ':article/code'"
    throw invalid([ident], `${JSON.stringify(ident)} is no name of an attribute`, fix)
  }
  if (!isObject(definition)) {
    throw invalid([ident], `The definition of ${ident} is no object`, "Write { type: 'string' }")
  }
  const { type } = definition
  if (typeof type !== 'string' || !TYPES.includes(type)) throw typeUnknown(ident, type)
  checkOptions(ident, type, definition)
  if (type === 'tuple') checkTuple(ident, definition)
  if (type === 'bytes' && definition['unique'] !== undefined) {
    throw invalid([ident, 'unique'], 'Bytes cannot be unique', 'Make a hash of them unique, as a string')
  }
  if (
    type === 'entity-spec' &&
    !isNonEmpty(definition['attributes']) &&
    !isNonEmpty(definition['predicates'])
  ) {
    throw invalid([ident], `The entity spec ${ident} demands nothing`, 'Give it attributes or predicates')
  }
}

function checkOptions(ident: string, type: string, definition: Given): void {
  const known = OPTIONS_BY_TYPE[type] ?? COMMON_OPTIONS
  for (const [option, value] of Object.entries(definition)) {
    if (value === undefined) continue
    if (!known.includes(option)) {
      const meant = nearest(option, known)
      const fix = meant === undefined ? `It may have ${known.slice(1).join(', ')}` : `Did you mean ${meant}?`
      throw invalid([ident, option], `${ident} of type ${type} has no option ${option}`, fix)
    }
    const check = OPTION_CHECKS[option]
    if (check === undefined || check.isRight(value)) continue
    throw invalid([ident, option], `The option ${option} of ${ident} is wrong`, check.fix)
  }
}

function checkTuple(ident: string, definition: Given): void {
  const shapes = ['types', 'of', 'attributes'].filter((option) => definition[option] !== undefined)
  if (shapes.length !== 1) {
    const fix = "Say one of types: ['string', 'long'], of: 'long', attributes: [':a/b', ':a/c']"
    throw invalid([ident], `${ident} needs one description of its members and has ${shapes.length}`, fix)
  }
  const members = definition[shapes[0]!]
  if (Array.isArray(members) && (members.length < MEMBER_COUNT_MIN || members.length > MEMBER_COUNT_MAX)) {
    const fix = `A tuple has ${MEMBER_COUNT_MIN} to ${MEMBER_COUNT_MAX} members`
    throw invalid([ident, shapes[0]!], `${ident} has ${members.length} members`, fix)
  }
  if (shapes[0] === 'attributes' && definition['many'] === true) {
    throw invalid([ident, 'many'], 'A tuple made of other attributes has one value', 'Leave many out')
  }
}

function typeUnknown(ident: string, type: unknown): VarveError {
  const meant = typeof type === 'string' ? nearest(type, TYPES) : undefined
  const fix = meant === undefined ? `Write one of ${TYPES.join(', ')}` : `Did you mean ${meant}?`
  const message = type === undefined ? `${ident} has no type` : `${show(type)} is no type of an attribute`
  return invalid([ident, 'type'], message, fix)
}

function show(given: unknown): string {
  return typeof given === 'string' ? given : `A ${typeof given}`
}

function invalid(path: Path, message: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/schema-definition-invalid',
    kind: 'incorrect',
    message,
    fix,
    data: { place: { source: 'schema', path } },
  })
}

function isKeyword(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(':') && isKeywordText(value.slice(1))
}

function isMemberType(value: unknown): boolean {
  return typeof value === 'string' && MEMBER_TYPES.includes(value)
}

function isListOf(value: unknown, isRight: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isRight)
}

function isNonEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0
}

function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
