// API tokens: `varve_<id>_<secret>`. The id is public and finds the token; the secret is 256 random bits, so its SHA-256
// can be stored as it is: there is nothing to guess, and nothing to stretch.

import { timingSafeEqual } from 'node:crypto'
import { sha256Hex } from '../base/checksum.ts'
import type { Random } from '../base/env.ts'

export const TOKEN_PREFIX = 'varve_'
const ID_BYTE_COUNT = 8
const SECRET_BYTE_COUNT = 32
const TOKEN = /^varve_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/

export type NewToken = {
  readonly id: string
  readonly secretHash: string
  /** Shown once, to whoever made it. */
  readonly text: string
}

export function newToken(random: Random): NewToken {
  const id = Buffer.from(random.bytes(ID_BYTE_COUNT)).toString('hex')
  const secret = Buffer.from(random.bytes(SECRET_BYTE_COUNT)).toString('base64url')
  return { id, secretHash: sha256Hex(secret), text: `${TOKEN_PREFIX}${id}_${secret}` }
}

/** Undefined for text that is no token. */
export function parseToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? []
  return id === undefined || secret === undefined ? undefined : { id, secret }
}

/** Takes the same time wherever the two differ. */
export function isSecret(secret: string, secretHash: string): boolean {
  return timingSafeEqual(Buffer.from(sha256Hex(secret)), Buffer.from(secretHash.padEnd(64).slice(0, 64)))
}
