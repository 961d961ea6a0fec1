// Callers that somebody else vouches for: whoever implements this turns the text of a bearer token into a caller.

import type { Caller } from './caller.ts'

export interface IdentityVerifier {
  /** Throws `varve.error/token-unknown`, `token-expired` or, where the provider cannot be asked, `identity-unavailable`. */
  callerOf(token: string): Promise<Caller>
}
