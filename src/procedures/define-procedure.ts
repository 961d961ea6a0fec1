// From what people write to a procedure: checked for all that can be seen without running it, and hashed. Whether its
// source can be read is found out where it runs (adapter/quickjs).

import { createHash } from 'node:crypto'
import { VALUE_TYPES } from '../fact/attribute.ts'
import { isSymbolText } from '../fact/names.ts'
import { procedureInvalid } from './errors.ts'
import {
  type Procedure,
  PROCEDURE_KINDS,
  type ProcedureKind,
  type ProcedureParameter,
  type ProcedureType,
} from './procedure.ts'

/** What people write to define one. */
export type ProcedureDefinition = {
  readonly name: string
  /** 1 where it is left out. */
  readonly version?: number
  /** `function` where it is left out. */
  readonly kind?: ProcedureKind
  readonly doc?: string
  /** Types by name, in their order; a name that ends in `?` may be left out by callers. */
  readonly parameters?: Readonly<Record<string, ProcedureType>>
  /** `any` where it is left out; `boolean` of a predicate. */
  readonly returns?: ProcedureType
  /** `typescript` where the source is text. */
  readonly language?: Procedure['language']
  /** One expression that gives a function; or a function, of which the text is taken and nothing else. */
  readonly source: string | ((...args: never[]) => unknown)
}

export const SOURCE_LENGTH_MAX = 64 * 1024
const DOC_LENGTH_MAX = 8_192
const NAME_LENGTH_MAX = 255
const VERSION_MAX = 1_000_000
const PARAMETER_COUNT_MAX = 32
const PARAMETER_NAME = /^[\p{L}_$][\p{L}\p{N}_$-]*\??$/u
/** Names of functions that are built in, and of the language itself. */
const RESERVED_NAMESPACES: ReadonlySet<string> = new Set(['db', 'clojure', 'str', 'string', 'Math'])

/** The procedure of a definition, or read back from plain data. Throws `varve.error/procedure-invalid`. */
export function defineProcedure(definition: ProcedureDefinition): Procedure {
  const { name, version = 1, kind = 'function', doc = '', source } = definition
  checkName(name)
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX)
    throw procedureInvalid(name, `${version} is no version`, `Give a whole number from 1 to ${VERSION_MAX}`)
  if (!PROCEDURE_KINDS.includes(kind))
    throw procedureInvalid(name, `${kind} is no kind`, `Give one of ${PROCEDURE_KINDS.join(', ')}`)
  if (typeof doc !== 'string' || doc.length > DOC_LENGTH_MAX || !doc.isWellFormed())
    throw procedureInvalid(name, 'Its doc is no text', `Write at most ${DOC_LENGTH_MAX} characters`)
  const isText = typeof source === 'string'
  const text = isText ? source : String(source)
  if (text.length > SOURCE_LENGTH_MAX || text.trim() === '' || !text.isWellFormed())
    throw procedureInvalid(
      name,
      `The source has ${text.length} characters`,
      `Give a function as text of at most ${SOURCE_LENGTH_MAX}`,
    )
  const { parameters = {}, returns = kind === 'predicate' ? 'boolean' : 'any' } = definition
  const { language = isText ? 'typescript' : 'javascript' } = definition
  if (language !== 'typescript' && language !== 'javascript')
    throw procedureInvalid(name, `${language as string} is no language`, 'Give typescript or javascript')
  checkType(name, returns)
  return hashed({
    name,
    version,
    kind,
    doc,
    language,
    parameters: parametersOf(name, parameters),
    returns,
    source: text,
  })
}

/**
 * The procedure of plain data that was stored or sent, checked as a definition is and against its own hash. Throws
 * `varve.error/procedure-invalid`.
 */
export function receivedProcedure(stored: unknown): Procedure {
  const { name, parameters, source, hash, ...rest } = (stored ?? {}) as Partial<
    Record<keyof Procedure, unknown>
  >
  const told = typeof name === 'string' ? name : 'What was stored'
  if (typeof source !== 'string' || !Array.isArray(parameters) || !parameters.every(isParameter))
    throw procedureInvalid(told, 'It has not the parts of one', 'Take it again from where it was stored')
  const written = parameters.map((each): readonly [string, ProcedureType] => [
    each.isOptional ? `${each.name}?` : each.name,
    each.type,
  ])
  // Each part is checked there, whatever it is.
  const made = defineProcedure({
    ...rest,
    name,
    source,
    parameters: Object.fromEntries(written),
  } as ProcedureDefinition)
  if (made.hash === hash) return made
  throw procedureInvalid(
    told,
    'The content is not the one that its hash was made of',
    'Take it again from where it was stored',
  )
}

function isParameter(x: unknown): x is ProcedureParameter {
  const { name, type, isOptional } = (x ?? {}) as Partial<Record<keyof ProcedureParameter, unknown>>
  return typeof name === 'string' && typeof type === 'string' && typeof isOptional === 'boolean'
}

function hashed(content: Omit<Procedure, 'hash'>): Procedure {
  const { name, version, kind, doc, language, parameters, returns, source } = content
  // An order of its own, so that the hash is the same however the data came.
  const told = [name, version, kind, doc, language, returns, source]
  const flat = parameters.flatMap((parameter) => [parameter.name, parameter.type, parameter.isOptional])
  const digest = createHash('sha256')
    .update(JSON.stringify([...told, ...flat]))
    .digest('hex')
  return { ...content, hash: `sha256:${digest}` }
}

function checkName(name: string): void {
  const fix = 'Write a name with a namespace, such as finance/days-late'
  const isName = typeof name === 'string' && name.length <= NAME_LENGTH_MAX && isSymbolText(name)
  const namespace = isName ? name.slice(0, Math.max(0, name.indexOf('/'))) : ''
  if (!isName || namespace === '' || name.includes('#'))
    throw procedureInvalid(name, 'This is no name of a procedure', fix)
  if (RESERVED_NAMESPACES.has(namespace.split('.')[0]!))
    throw procedureInvalid(name, `The namespace ${namespace} is taken by the language`, fix)
}

function checkType(name: string, type: ProcedureType): void {
  if (type === 'any' || VALUE_TYPES.includes(type)) return
  throw procedureInvalid(name, `${type} is no type`, `Give any, or one of ${VALUE_TYPES.join(', ')}`)
}

function parametersOf(
  name: string,
  parameters: NonNullable<ProcedureDefinition['parameters']>,
): readonly ProcedureParameter[] {
  const entries = Object.entries(parameters ?? {})
  if (entries.length > PARAMETER_COUNT_MAX)
    throw procedureInvalid(
      name,
      `${entries.length} parameters are too many`,
      `Take at most ${PARAMETER_COUNT_MAX}`,
    )
  return entries.map(([written, type], index) => {
    checkType(name, type)
    if (written.length > NAME_LENGTH_MAX || !PARAMETER_NAME.test(written))
      throw procedureInvalid(name, `${written} is no name of a parameter`, 'Write letters, digits and dashes')
    const isOptional = written.endsWith('?')
    if (!isOptional && entries[index - 1]?.[0].endsWith('?') === true)
      throw procedureInvalid(
        name,
        `${written} must be given, and stands behind one that need not`,
        'Change their order',
      )
    return { name: isOptional ? written.slice(0, -1) : written, type, isOptional }
  })
}
