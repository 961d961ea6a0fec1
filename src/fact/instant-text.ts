// Instants as text. `toISOString` takes half a microsecond, which is most of what a row of an answer takes; whole numbers and
// texts that are there already take a fifth of that.

import { valueUnwritable } from './errors.ts'

const DAY_MS = 86_400_000
/** Of the years that four digits say. */
const FIRST_MS = -62_167_219_200_000
const LIMIT_MS = 253_402_300_800_000
const TWO_DIGITS = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))
const THREE_DIGITS = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(3, '0'))

/** RFC 3339 with milliseconds and Z. */
export function instantText(value: Date): string {
  const ms = value.getTime()
  if (Number.isNaN(ms)) throw valueUnwritable('A date is invalid', 'Check how the Date was made')
  if (ms < FIRST_MS || ms >= LIMIT_MS) return value.toISOString()
  const day = Math.floor(ms / DAY_MS)
  const seconds = Math.floor((ms - day * DAY_MS) / 1_000)
  const minutes = Math.floor(seconds / 60)
  const time = `${TWO_DIGITS[Math.floor(minutes / 60)]}:${TWO_DIGITS[minutes % 60]}:${TWO_DIGITS[seconds % 60]}`
  return `${dayText(day)}T${time}.${THREE_DIGITS[ms - Math.floor(ms / 1_000) * 1_000]}Z`
}

/** Days since 1970 in the calendar, by eras of 400 years that begin in March (Hinnant, "chrono-compatible algorithms"). */
function dayText(daySince1970: number): string {
  const day = daySince1970 + 719_468
  const era = Math.floor(day / 146_097)
  const dayOfEra = day - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  const year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
  const century = Math.floor(year / 100)
  return `${TWO_DIGITS[century]}${TWO_DIGITS[year - century * 100]}-${TWO_DIGITS[month]}-${TWO_DIGITS[dayOfMonth]}`
}
