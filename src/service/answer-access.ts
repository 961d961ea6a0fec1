// Tokens and grants: made, listed, taken back. And who the caller is.

import type { HttpResponse } from '../base/env.ts'
import {
  type CallerLimits,
  isTokenName,
  LIMIT_NAMES,
  limitNamed,
  type Scope,
  SCOPES,
} from '../access/caller.ts'
import { type Edn, EdnMap, Keyword } from '../fact/value.ts'
import type { Plain } from '../fact/plain-edn.ts'
import type { Fields } from './body.ts'
import { fieldInvalid } from './errors.ts'
import { fieldsOf, ok, type Route, type RouteContext, textListOf, textOf } from './route.ts'
import type { GrantInfo } from './system/grants.ts'
import type { TokenInfo } from './system/tokens.ts'
import { COUNT, list, mapOf, object, oneOf, shape, TEXT } from './answer-schema.ts'

const TOKEN_FIELDS = {
  caller: { type: 'string', about: 'who will ask with it' },
  scopes: { type: 'array', about: `what it opens, of ${SCOPES.join(', ')}; query if left out` },
  roles: { type: 'array', about: 'roles of the caller, for grants' },
  limits: { type: 'object', about: `what it may have less of than others: ${LIMIT_NAMES.join(', ')}` },
  expiresAt: { type: ['string', 'object'], about: 'an instant from which on it opens nothing' },
} as const

const GRANT_FIELDS = {
  principal: { type: 'string', about: 'a caller, role:NAME, or * for everybody' },
  database: { type: 'string', about: 'name or alias' },
  attributes: { type: 'array', about: ':namespace/name, :namespace/* or *' },
  rowRule: {
    type: 'string',
    about: 'rules, as EDN, whose (visible ?e) or (visible ?e ?caller) says of which entities',
  },
  mask: { type: 'string', about: 'what shows in the place of values: null, hash, last-four or year' },
  purposes: { type: 'array', about: 'purposes for which it holds; any where left out' },
} as const

export const ACCESS_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/whoami',
    about: 'Who the caller is, and what it may do',
    scope: 'query',
    answers: object(
      {
        name: TEXT,
        kind: oneOf('local', 'token', 'oidc'),
        roles: list(TEXT),
        scopes: list(oneOf(...SCOPES)),
      },
      { purpose: TEXT, limits: mapOf(COUNT) },
    ),
    answer: async (context) => {
      const { name, kind, roles, scopes, limits, purpose } = context.caller
      return ok(context, { name, kind, roles, scopes, limits: limits && { ...limits }, purpose })
    },
  },
  {
    method: 'GET',
    path: '/v1/tokens',
    about: 'All tokens, without their secrets',
    scope: 'manage',
    answers: object({ tokens: list(shape('Token')) }),
    answer: async (context) => ok(context, { tokens: (await context.service.tokens.list()).map(tokenField) }),
  },
  {
    method: 'POST',
    path: '/v1/tokens',
    about: 'Makes a token; its text is answered this once',
    scope: 'manage',
    statuses: [201],
    answers: shape('Token'),
    fields: TOKEN_FIELDS,
    requiredFields: ['caller'],
    answer: answerCreate,
  },
  {
    method: 'DELETE',
    path: '/v1/tokens/:id',
    about: 'Takes a token back; it opens nothing any more',
    scope: 'manage',
    answers: object({ revoked: TEXT }),
    answer: async (context) => {
      const id = context.parameters['id']!
      await context.service.tokens.revoke(id)
      return ok(context, { revoked: id })
    },
  },
  {
    method: 'GET',
    path: '/v1/grants',
    about: 'All grants: who may see what',
    scope: 'manage',
    answers: object({ grants: list(shape('Grant')) }),
    answer: async (context) => ok(context, { grants: (await context.service.grants.list()).map(grantField) }),
  },
  {
    method: 'POST',
    path: '/v1/grants',
    about: 'Lets somebody see something, from the next request on',
    scope: 'manage',
    statuses: [201],
    answers: shape('Grant'),
    fields: GRANT_FIELDS,
    requiredFields: ['principal', 'database', 'attributes'],
    answer: answerGrant,
  },
  {
    method: 'DELETE',
    path: '/v1/grants/:id',
    about: 'Takes a grant back',
    scope: 'manage',
    answers: object({ removed: TEXT }),
    answer: async (context) => {
      const id = context.parameters['id']!
      await context.service.grants.remove(id)
      return ok(context, { removed: id })
    },
  },
]

async function answerCreate(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, TOKEN_FIELDS, { recover: false })
  const caller = textOf(fields, 'caller')
  if (caller === undefined || !isTokenName(caller))
    throw fieldInvalid(
      'caller',
      'a name of at most 200 characters that nobody else has: not local, nobody or varve, and not beginning with oidc: or role:',
    )
  const scopes = textListOf(fields, 'scopes') ?? ['query']
  for (const scope of scopes)
    if (!SCOPES.some((known) => known === scope)) throw fieldInvalid('scopes', `of ${SCOPES.join(', ')}`)
  const { info, text } = await context.service.tokens.create(
    {
      caller,
      scopes: scopes as readonly Scope[],
      roles: textListOf(fields, 'roles') ?? [],
      limits: limitsOf(fields),
      expiresAt: instantOf(fields, 'expiresAt'),
    },
    context.caller,
  )
  return ok(context, { ...tokenField(info), token: text }, 201)
}

async function answerGrant(context: RouteContext): Promise<HttpResponse> {
  const { service, caller } = context
  const fields = await fieldsOf(context, GRANT_FIELDS, { recover: false })
  const principal = textOf(fields, 'principal')
  if (principal === undefined) throw fieldInvalid('principal', 'a caller, role:NAME or *')
  const database = textOf(fields, 'database')
  if (database === undefined) throw fieldInvalid('database', 'the name of a database')
  const attributes = textListOf(fields, 'attributes')
  if (attributes === undefined) throw fieldInvalid('attributes', 'a list of attributes')
  const connection = await service.catalog.connection(database)
  const text = {
    principal,
    database: connection.info.name,
    attributes,
    rowRule: textOf(fields, 'rowRule'),
    mask: textOf(fields, 'mask'),
    purposes: textListOf(fields, 'purposes'),
  }
  const made = await service.grants.create(text, connection.value().schema, caller)
  return ok(context, grantField(made), 201)
}

function grantField(info: GrantInfo): { readonly [key: string]: Plain } {
  const { id, principal, database, attributes, rowRule, mask, purposes, createdBy } = info
  return { id, principal, database, attributes, rowRule, mask, purposes, createdBy }
}

function limitsOf(fields: Fields): CallerLimits {
  const given = fields.form('limits', 'value') ?? new EdnMap([])
  const wanted = `counts by name, of ${LIMIT_NAMES.join(', ')}`
  if (!(given instanceof EdnMap)) throw fieldInvalid('limits', wanted)
  return Object.fromEntries(
    given.entries.map(([key, value]) => {
      const written = key instanceof Keyword ? key.text : key
      const name = limitNamed(written)
      if (name === undefined || !Number.isSafeInteger(value) || (value as number) <= 0)
        throw fieldInvalid('limits', wanted)
      return [name, value]
    }),
  )
}

function tokenField({ id, caller, roles, scopes, ...info }: TokenInfo): { readonly [key: string]: Plain } {
  return {
    id,
    caller,
    roles,
    scopes,
    limits: { ...info.limits },
    createdAt: info.createdAt.toISOString(),
    createdBy: info.createdBy,
    expiresAt: info.expiresAt?.toISOString(),
    revokedAt: info.revokedAt?.toISOString(),
  }
}

function instantOf(fields: Fields, name: string): Date | undefined {
  const value: Edn | undefined = fields.form(name, 'instant')
  if (value === undefined || value instanceof Date) return value
  throw fieldInvalid(name, 'an instant')
}
