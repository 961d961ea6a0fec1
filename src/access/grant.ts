// A grant: who may see which attributes of a database, of which entities, behind which mask, for which purpose. What it
// says as text is read here once; what it means for one caller and one database value is restriction-of.ts.

import type { DatabaseInfo } from '../database/storage.ts'
import { isMaskFit, MASK_NAMES, type MaskName } from '../database/mask.ts'
import { maskUnfit } from '../database/restricted-errors.ts'
import type { Attribute } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import { keyword } from '../fact/value.ts'
import { attributeUnknown } from '../plan/entity-errors.ts'
import type { Caller } from './caller.ts'
import { grantMalformed } from './errors.ts'
import { checkRowRule, parseRowRule, type RowRule } from './row-rule.ts'

export type Principal =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'caller'; readonly name: string }
  | { readonly kind: 'role'; readonly name: string }

/** Which attributes: all, those of a namespace, or one. */
export type Attributes =
  | { readonly kind: 'all' }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'one'; readonly ident: string }

export type Grant = {
  readonly principal: Principal
  /** By name, not by alias. */
  readonly database: string
  readonly attributes: readonly Attributes[]
  /** Of which entities; undefined: of all. */
  readonly rowRule: RowRule | undefined
  readonly mask: MaskName | undefined
  /** Empty: for any. */
  readonly purposes: readonly string[]
}

/** A grant as it is written down. */
export type GrantText = {
  /** `*`, `role:NAME`, or the name of a caller. A role is marked, so that nobody takes its grants by being called like it. */
  readonly principal: string
  readonly database: string
  /** `*`, `:namespace/*` or `:namespace/name`. */
  readonly attributes: readonly string[]
  /** Datalog rules; what shows is what `(visible ?e)` or `(visible ?e ?caller)` gives. */
  readonly rowRule?: string | undefined
  readonly mask?: string | undefined
  readonly purposes?: readonly string[] | undefined
}

/** Throws `varve.error/grant-malformed`, `row-rule-malformed` and what is wrong with the rules as such. */
export function parseGrant(text: GrantText): Grant {
  if (text.database === '') throw grantMalformed('database', 'of no name', 'Name the database that it is for')
  if (text.attributes.length === 0)
    throw grantMalformed('attributes', 'of an empty list', 'Name some, or * for all')
  return {
    principal: parsePrincipal(text.principal),
    database: text.database,
    attributes: text.attributes.map(parseAttributes),
    rowRule: text.rowRule === undefined ? undefined : parseRowRule(text.rowRule),
    mask: text.mask === undefined ? undefined : parseMask(text.mask),
    purposes: text.purposes ?? [],
  }
}

/**
 * That a grant fits the database that it is for: its attributes are known, a mask suits those that it names one by one, and
 * its rules ask of attributes that are there.
 */
export function checkGrant({ attributes, mask, rowRule }: Grant, schema: Schema): void {
  for (const part of attributes) {
    if (part.kind !== 'one') continue
    const ident = keyword(part.ident)
    const attribute = schema.attributeNamed(ident)
    if (attribute === undefined) throw attributeUnknown(ident, schema)
    if (mask !== undefined && !isMaskFit(mask, attribute)) throw maskUnfit(mask, attribute)
  }
  if (rowRule !== undefined) checkRowRule(rowRule, schema)
}

/** True where the grant is for this caller and what it asks for. */
export function isGrantFor({ principal, purposes }: Grant, { name, roles, purpose }: Caller): boolean {
  if (purposes.length > 0 && (purpose === undefined || !purposes.includes(purpose))) return false
  switch (principal.kind) {
    case 'anybody':
      return true
    case 'caller':
      return principal.name === name
    case 'role':
      return roles.includes(principal.name)
  }
}

/** The databases of which the caller may see something; to it there are no others. */
export function accessibleDatabases<Info extends Pick<DatabaseInfo, 'name'>>(
  grants: readonly Grant[],
  caller: Caller,
  databases: readonly Info[],
): readonly Info[] {
  const names = new Set(grants.filter((grant) => isGrantFor(grant, caller)).map(({ database }) => database))
  return databases.filter(({ name }) => names.has(name))
}

/** The attributes of a schema that a grant is for. */
export function attributesOf({ attributes }: Grant, schema: Schema): readonly Attribute[] {
  const named = (part: Attributes): readonly (Attribute | undefined)[] => {
    switch (part.kind) {
      case 'all':
        return [...schema.attributes()]
      case 'namespace':
        return [...schema.attributes()].filter(({ ident }) => ident.namespace === part.namespace)
      case 'one':
        return [schema.attributeNamed(keyword(part.ident))]
    }
  }
  return [...new Set(attributes.flatMap(named))].filter((attribute) => attribute !== undefined)
}

const ROLE = 'role:'

function parsePrincipal(text: string): Principal {
  if (text === '*') return { kind: 'anybody' }
  const isRole = text.startsWith(ROLE)
  const name = isRole ? text.slice(ROLE.length) : text
  if (name === '')
    throw grantMalformed('principal', `"${text}"`, 'Write *, role:NAME, or the name of a caller')
  return { kind: isRole ? 'role' : 'caller', name }
}

const NAMESPACE = /^:([^/\s]+)\/\*$/
const ONE = /^:([^\s*]+)$/

function parseAttributes(text: string): Attributes {
  if (text === '*') return { kind: 'all' }
  const [, namespace] = NAMESPACE.exec(text) ?? []
  if (namespace !== undefined) return { kind: 'namespace', namespace }
  const [, ident] = ONE.exec(text) ?? []
  if (ident !== undefined) return { kind: 'one', ident }
  throw grantMalformed('attributes', text, 'Write *, :namespace/* or :namespace/name')
}

function parseMask(text: string): MaskName {
  const known = MASK_NAMES.find((name) => name === text)
  if (known === undefined) throw grantMalformed('mask', text, `Write one of ${MASK_NAMES.join(', ')}`)
  return known
}
