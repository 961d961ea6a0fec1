// Instants as files write them. ISO 8601 with its usual liberties, and days with months in either order:
//
//   2010-12-01   2010-12-01 08:26   2010-12-01T08:26:00.5Z   2010/12/1   2010-12-01 08:26+01:00
//   12/1/2010 8:26   12/1/10 8:26 PM   12-1-2010   1.12.2010 (with dots the day comes first)
//
// Without a zone an instant is UTC. A year of two digits lies from 1969 to 2068. Which of day and month comes
// first is decided for a whole column: by --dates, else by a number above 12 in one of the places, else the month
// comes first and a warning says so.

import { daysIn } from '../fact/literals.ts'

export type DateOrder = 'mdy' | 'dmy'

const ISO =
  /^(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/
const SPLIT =
  /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?:,?[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:\s?([AaPp])\.?[Mm]\.?)?)?$/

/** Milliseconds since 1970, undefined where the text is no instant in this order of day and month. */
export function momentMs(text: string, order: DateOrder): number | undefined {
  const exact = exactMs(text)
  if (exact !== undefined) return exact
  const iso = ISO.exec(text)
  if (iso !== null) {
    const [, year, , month, day, hours, minutes, seconds, fraction, zone] = iso
    const ms = compose(Number(year), Number(month), Number(day), { hours, minutes, seconds, fraction })
    return ms === undefined ? undefined : ms - zoneMs(zone)
  }
  const split = SPLIT.exec(text)
  if (split === null) return undefined
  const [, first, mark, second, years, hours, minutes, seconds, fraction, half] = split
  const isDayFirst = mark === '.' || order === 'dmy'
  const day = Number(isDayFirst ? first : second)
  const month = Number(isDayFirst ? second : first)
  return compose(fullYear(years!), month, day, { hours, minutes, seconds, fraction, half })
}

const EXACT_FORM = '0000-00-00T00:00:00.000Z'

/** The form that programs write, without an expression: files hold little else. Undefined for any other text. */
function exactMs(text: string): number | undefined {
  if (text.length !== EXACT_FORM.length) return undefined
  for (let at = 0; at < EXACT_FORM.length; at++) {
    const c = text.charCodeAt(at)
    const expected = EXACT_FORM.charCodeAt(at)
    if (expected === ZERO ? c < ZERO || c > ZERO + 9 : c !== expected) return undefined
  }
  const year = numberAt(text, 0, 4)
  const month = numberAt(text, 5, 2)
  const day = numberAt(text, 8, 2)
  const hours = numberAt(text, 11, 2)
  const minutes = numberAt(text, 14, 2)
  const seconds = numberAt(text, 17, 2)
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  return Date.UTC(year, month - 1, day, hours, minutes, seconds, numberAt(text, 20, 3))
}

const ZERO = 0x30

function numberAt(text: string, start: number, length: number): number {
  let number = 0
  for (let at = start; at < start + length; at++) number = number * 10 + text.charCodeAt(at) - ZERO
  return number
}

/** Which orders a text allows; undefined for ISO texts and whatever else has no question about it. */
export function dateOrders(text: string): { readonly mdy: boolean; readonly dmy: boolean } | undefined {
  const split = SPLIT.exec(text)
  if (split === null || split[2] === '.') return undefined
  return { mdy: Number(split[1]) <= 12, dmy: Number(split[3]) <= 12 }
}

type Clock = {
  readonly hours: string | undefined
  readonly minutes: string | undefined
  readonly seconds: string | undefined
  readonly fraction: string | undefined
  /** a or p, of a clock of twelve hours. */
  readonly half?: string | undefined
}

function compose(year: number, month: number, day: number, clock: Clock): number | undefined {
  const { minutes = '0', seconds = '0', fraction = '' } = clock
  const hours = hoursOf(clock)
  if (hours === undefined || Number(minutes) > 59 || Number(seconds) > 59) return undefined
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // Years below 100 would be read as 19xx: no file means them.
  if (year < 100) return undefined
  const timeMs = ((hours * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000
  const fractionMs = fraction === '' ? 0 : Number(fraction.padEnd(3, '0').slice(0, 3))
  return Date.UTC(year, month - 1, day) + timeMs + fractionMs
}

function hoursOf({ hours = '0', half }: Clock): number | undefined {
  const hour = Number(hours)
  if (half === undefined) return hour > 23 ? undefined : hour
  if (hour < 1 || hour > 12) return undefined
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0)
}

function fullYear(text: string): number {
  const year = Number(text)
  return text.length > 2 ? year : year + (year < 69 ? 2000 : 1900)
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'UTC') return 0
  const digits = zone.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5) || '0')
  return minutes * 60_000 * (zone.startsWith('-') ? -1 : 1)
}
