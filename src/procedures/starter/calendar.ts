// Months and working days, in UTC.

import { defineProcedure } from '../define-procedure.ts'

export const ADD_MONTHS = defineProcedure({
  name: 'calendar/add-months',
  doc: 'The same day so many months later, or the last of that month: 31 January and one month is 28 or 29 February.',
  parameters: { from: 'instant', months: 'long' },
  returns: 'instant',
  source: `(from: Date, months: number): Date => {
  const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months + 1, 0)).getUTCDate()
  const to = new Date(from.getTime())
  to.setUTCDate(1)
  to.setUTCMonth(from.getUTCMonth() + months)
  to.setUTCDate(Math.min(from.getUTCDate(), last))
  return to
}`,
})

export const MONTH_END = defineProcedure({
  name: 'calendar/month-end',
  doc: 'Midnight of the last day of the month.',
  parameters: { of: 'instant' },
  returns: 'instant',
  source: `(of: Date): Date => new Date(Date.UTC(of.getUTCFullYear(), of.getUTCMonth() + 1, 0))`,
})

export const QUARTER = defineProcedure({
  name: 'calendar/quarter',
  doc: 'The quarter, as text that sorts: 2024-Q1. A fiscal year that begins in another month than January says which.',
  parameters: { of: 'instant', 'firstMonth?': 'long' },
  returns: 'string',
  source: `(of: Date, firstMonth: number = 1): string => {
  const months = of.getUTCFullYear() * 12 + of.getUTCMonth() - (firstMonth - 1)
  return Math.floor(months / 12) + '-Q' + (Math.floor((((months % 12) + 12) % 12) / 3) + 1)
}`,
})

export const ADD_WORKDAYS = defineProcedure({
  name: 'calendar/add-workdays',
  doc: 'So many working days later: Saturdays, Sundays and the holidays that are given do not count.',
  parameters: { from: 'instant', days: 'long', 'holidays?': 'any' },
  returns: 'instant',
  source: `(from: Date, days: number, holidays: Iterable<Date> = []): Date => {
  const DAY_MS = 86_400_000
  const free = new Set([...holidays].map((day) => Math.floor(day.getTime() / DAY_MS)))
  const step = days < 0 ? -1 : 1
  let day = Math.floor(from.getTime() / DAY_MS)
  for (let left = Math.abs(days); left > 0;) {
    day += step
    // Day 0 was a Thursday.
    const weekday = (((day + 4) % 7) + 7) % 7
    if (weekday !== 0 && weekday !== 6 && !free.has(day)) left--
  }
  return new Date(day * DAY_MS + (((from.getTime() % DAY_MS) + DAY_MS) % DAY_MS))
}`,
})
