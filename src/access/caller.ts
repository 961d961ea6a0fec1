// Who asks. Found once for each request, before anything is read.
//
// A name means one caller, in grants, rules, the audit and as an owner, however it is known: those that an identity provider
// vouches for have a prefix that no token can have, and names that Varve itself uses are nobody else's.

import { kebabCase } from '../fact/plain-edn.ts'
import { QUESTION_CLASSES, type QuestionClass } from '../plan/question-class.ts'

/** What a caller may do at all; what it may see is a matter of grants. */
export const SCOPES = ['query', 'transact', 'manage'] as const
export type Scope = (typeof SCOPES)[number]

/** `concurrency` is that of requests that are being answered, all others are of each question. */
const CLASS_LIMIT_NAMES = ['concurrency', 'timeoutMs', 'rowCount', 'memoryBytes', 'answerBytes'] as const
export type ClassLimitName = (typeof CLASS_LIMIT_NAMES)[number]

/** Of one caller, whatever it asks, and the same of points and of scans alone; `workers` are those at once. */
export type LimitName = ClassLimitName | 'workers' | `${QuestionClass}.${ClassLimitName}`
export const LIMIT_NAMES: readonly LimitName[] = [
  ...CLASS_LIMIT_NAMES,
  'workers',
  ...QUESTION_CLASSES.flatMap((kind) => CLASS_LIMIT_NAMES.map((name) => `${kind}.${name}` as const)),
]

/** What a token allows less of than the service does, or a service than it would without being told. */
export type CallerLimits = Readonly<Partial<Record<LimitName, number>>>

/** A limit by its name in either notation. */
export function limitNamed(written: unknown): LimitName | undefined {
  return LIMIT_NAMES.find((name) => name === written || kebabCase(name) === written)
}

export type Caller = {
  /** `oidc:NAME` where an identity provider says so; what the token was made for; `local`. */
  readonly name: string
  /** How the name is known: `local` is whoever reaches a server on loopback that asks for no token. */
  readonly kind: 'local' | 'token' | 'oidc'
  readonly roles: readonly string[]
  readonly scopes: readonly Scope[]
  readonly limits?: CallerLimits
  /** What it asks for, as it says itself. */
  readonly purpose?: string
}

export const LOCAL_CALLER: Caller = { name: 'local', kind: 'local', roles: [], scopes: SCOPES }

/** Of what answers everybody, where nobody is asked who they are. */
export const NOBODY: Caller = { name: 'nobody', kind: 'local', roles: [], scopes: [] }

const OIDC_PREFIX = 'oidc:'
const TOKEN_NAME = /^[^\s*][^\n]{0,199}$/
const PREFIXES = [OIDC_PREFIX, 'role:']
/** `varve` owns the queries that are saved from the start. */
const OWN_NAMES: readonly string[] = [LOCAL_CALLER.name, NOBODY.name, 'varve']

/** What a caller is called that an identity provider calls so. */
export function oidcName(name: string): string {
  return `${OIDC_PREFIX}${name}`
}

/** True for a name that a token may give its caller. */
export function isTokenName(name: string): boolean {
  return (
    TOKEN_NAME.test(name) && !OWN_NAMES.includes(name) && !PREFIXES.some((prefix) => name.startsWith(prefix))
  )
}
