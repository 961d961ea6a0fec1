// Who asks. Found once for each request, before anything is read.

/** What a caller may do at all; what it may see is a matter of grants. */
export const SCOPES = ['query', 'transact', 'manage'] as const
export type Scope = (typeof SCOPES)[number]

/** What a token allows less of than the service does. */
export type CallerLimits = {
  /** Requests that are being answered. */
  readonly concurrency?: number
  /** Workers at once. */
  readonly workers?: number
  /** Of each question. */
  readonly timeoutMs?: number
  readonly rowCount?: number
  readonly memoryBytes?: number
  readonly answerBytes?: number
}
export const LIMIT_NAMES = [
  'concurrency',
  'workers',
  'timeoutMs',
  'rowCount',
  'memoryBytes',
  'answerBytes',
] as const

export type Caller = {
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
