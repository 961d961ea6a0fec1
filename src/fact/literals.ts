// Values that stand as text in a string, in EDN after a tag, in JSON under a key, or bare where the attribute's
// type is known: instants, uuids, uris, bytes, floats. Each parser answers undefined for a text that is none.

import { base64, bytesOfBase64 } from '../base/base64.ts'
import { Uri, Uuid } from './value.ts'

/** RFC 3339, also partial: a year, a month, a day, … ; years beyond four digits carry a sign and six. */
const INSTANT =
  /^(\d{4}|[+-]\d{6})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?)?)?)?)?(?:Z|([+-])(\d\d):(\d\d))?$/
const INSTANT_MS_MAX = 8.64e15
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const UUID_DIGITS = /^[0-9a-f]{32}$/
// What RFC 3986 leaves no place for; everything else is taken, as other systems' URIs differ in the rest.
const NO_URI = /[\s<>"{}|\\^`\p{Cc}]/u
const NO_BASE64 = /[^A-Za-z0-9+/]/

export const INSTANT_FIX = 'Write RFC 3339, as in 2014-11-15T13:37:42Z or 2014-11-15'
export const UUID_FIX = 'Write 32 hexadecimal digits, as in 6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'
export const URI_FIX = 'Escape spaces and brackets, as in https://example.com/a%20b'
export const BYTES_FIX = 'Write base64 with padding, as in AQID or AQI='

export function parseInstant(text: string): Date | undefined {
  const parts = INSTANT.exec(text)
  if (parts === null) return undefined
  const [, years, months = '01', days = '01', hours = '00', minutes = '00', seconds = '00'] = parts
  const [fraction = '', sign, offsetHours = '00', offsetMinutes = '00'] = parts.slice(7)
  if (years === '-000000') return undefined
  const year = Number(years)
  const month = Number(months)
  const day = Number(days)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  if (Number(offsetHours) > 23 || Number(offsetMinutes) > 59) return undefined
  const instant = new Date(0)
  instant.setUTCFullYear(year, month - 1, day)
  const dayMs = instant.getTime()
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  const offsetMs = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000 * (sign === '-' ? -1 : 1)
  return instantFromMs(dayMs + ms + Number(fraction.padEnd(3, '0').slice(0, 3)) - offsetMs)
}

/** The instant so many milliseconds after 1970, or undefined beyond what a date can hold. */
export function instantFromMs(ms: number): Date | undefined {
  return Number.isInteger(ms) && Math.abs(ms) <= INSTANT_MS_MAX ? new Date(ms) : undefined
}

export function parseUuid(text: string): Uuid | undefined {
  const lower = text.toLowerCase()
  if (UUID.test(lower)) return new Uuid(lower)
  if (!UUID_DIGITS.test(lower)) return undefined
  const groups = [
    lower.slice(0, 8),
    lower.slice(8, 12),
    lower.slice(12, 16),
    lower.slice(16, 20),
    lower.slice(20),
  ]
  return new Uuid(groups.join('-'))
}

export function parseUri(text: string): Uri | undefined {
  return NO_URI.test(text) ? undefined : new Uri(text)
}

/** Bytes from base64 with padding. */
export function parseBytes(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  // No repeated group in a pattern: on megabytes that would exhaust the stack of the matcher.
  const wrong = text.search(NO_BASE64)
  const isPadding = wrong === text.length - 1 || wrong === text.length - 2
  if (wrong >= 0 && !(isPadding && text.slice(wrong) === '='.repeat(text.length - wrong))) return undefined
  // Bits beyond the last byte must be zero, so that one value has one text.
  const tail = text.slice(-4)
  if (base64(bytesOfBase64(tail)) !== tail) return undefined
  return bytesOfBase64(text)
}

/** The fewest digits that round to this float. */
export function floatText(x: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const text = Number(x.toPrecision(digits))
    if (Math.fround(text) === x) return doubleText(text)
  }
  return doubleText(x)
}

/** A finite double as EDN and JSON write it: 2.0, 0.1, 1.0E40. */
export function doubleText(x: number): string {
  const text = String(x)
  const e = text.indexOf('e')
  if (e < 0) return text.includes('.') ? text : `${text}.0`
  const mantissa = text.slice(0, e)
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${text.slice(text[e + 1] === '+' ? e + 2 : e + 1)}`
}

export function daysIn(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}
