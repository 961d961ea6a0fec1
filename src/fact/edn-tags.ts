// Tags that the reader turns into values: #inst and #uuid of EDN, and those of our own for what EDN has not.

import { Complaint, literalInvalid } from './errors.ts'
import {
  BYTES_FIX,
  INSTANT_FIX,
  instantFromMs,
  parseBytes,
  parseInstant,
  parseUri,
  parseUuid,
  URI_FIX,
  UUID_FIX,
} from './literals.ts'
import type { SourceText } from './source-text.ts'
import { Decimal, type Edn, Float, numberType, Tagged, toDouble } from './value.ts'

/** What `#tag content` means; a Tagged for tags that are somebody else's. */
export function taggedValue(source: SourceText, tag: string, start: number, content: Edn, end: number): Edn {
  const value = builtIn(tag, content)
  if (!(value instanceof Complaint)) return value
  throw literalInvalid(value, source.place(start), source.shown(start, end))
}

function builtIn(tag: string, content: Edn): Edn | Complaint {
  switch (tag) {
    case 'inst':
      if (typeof content === 'number') return instantFromMs(content) ?? no('#inst', INSTANT_FIX)
      return (typeof content === 'string' ? parseInstant(content) : undefined) ?? no('#inst', INSTANT_FIX)
    case 'uuid':
      return (typeof content === 'string' ? parseUuid(content) : undefined) ?? no('#uuid', UUID_FIX)
    case 'uri':
      return (typeof content === 'string' ? parseUri(content) : undefined) ?? no('#uri', URI_FIX)
    case 'bytes':
      return (typeof content === 'string' ? parseBytes(content) : undefined) ?? no('#bytes', BYTES_FIX)
    case 'float':
      return (
        floatFrom(content) ?? no('#float', 'Write a number that single precision can hold, as in #float 1.5')
      )
    default:
      return new Tagged(tag, content)
  }
}

/** The number rounded to single precision; undefined for what is no number or overflows. */
export function floatFrom(content: Edn): Float | undefined {
  if (numberType(content) === undefined) return undefined
  // Rounding twice could miss the nearest float; no decimal is written here, so it is refused.
  if (content instanceof Decimal) return undefined
  const value = toDouble(content)
  const float = new Float(value)
  return Number.isFinite(value) && !Number.isFinite(float.value) ? undefined : float
}

function no(tag: string, fix: string): Complaint {
  return new Complaint(`${tag} is followed by something that it cannot be made of`, fix)
}
