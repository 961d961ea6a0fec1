// Days between moments: late or not, and as conventions of interest count them.

import { defineProcedure } from '../define-procedure.ts'

export const DAYS_LATE = defineProcedure({
  name: 'finance/days-late',
  doc: 'Whole days from due to paid, 0 where it was paid in time. Days begin at midnight UTC.',
  parameters: { due: 'instant', paid: 'instant' },
  returns: 'long',
  source: `(due: Date, paid: Date): number => {
  const day = (moment: Date): number => Math.floor(moment.getTime() / 86_400_000)
  return Math.max(0, day(paid) - day(due))
}`,
})

export const LATE = defineProcedure({
  name: 'finance/late?',
  kind: 'predicate',
  doc: 'Whether it was paid more than so many whole days after it was due: none where grace is left out.',
  parameters: { due: 'instant', paid: 'instant', 'grace?': 'long' },
  source: `(due: Date, paid: Date, grace: number = 0): boolean => {
  const day = (moment: Date): number => Math.floor(moment.getTime() / 86_400_000)
  return day(paid) - day(due) > grace
}`,
})

export const AGING_BUCKET = defineProcedure({
  name: 'finance/aging-bucket',
  doc: 'The bucket of a number of days late: current, 1-30, 31-60, 61-90 or over 90.',
  parameters: { days: 'long' },
  returns: 'string',
  source: `(days: number): string => {
  if (days <= 0) return 'current'
  if (days <= 30) return '1-30'
  if (days <= 60) return '31-60'
  return days <= 90 ? '61-90' : 'over 90'
}`,
})

export const YEAR_FRACTION = defineProcedure({
  name: 'finance/year-fraction',
  doc: 'The part of a year between two days by a convention: 30/360 (US), 30e/360, act/360, act/365, act/act (ISDA).',
  parameters: { from: 'instant', to: 'instant', convention: 'string' },
  returns: 'double',
  source: `(from: Date, to: Date, convention: string): number => {
  const DAY_MS = 86_400_000
  const parts = (moment: Date): [number, number, number] =>
    [moment.getUTCFullYear(), moment.getUTCMonth() + 1, moment.getUTCDate()]
  const days = Math.floor(to.getTime() / DAY_MS) - Math.floor(from.getTime() / DAY_MS)
  const thirty = (isEuropean: boolean): number => {
    let [y1, m1, d1] = parts(from)
    let [y2, m2, d2] = parts(to)
    const isMonthEnd = (y: number, m: number, d: number): boolean => d === new Date(Date.UTC(y, m, 0)).getUTCDate()
    if (!isEuropean && m1 === 2 && isMonthEnd(y1, m1, d1)) {
      if (m2 === 2 && isMonthEnd(y2, m2, d2)) d2 = 30
      d1 = 30
    }
    if (d2 === 31 && (isEuropean || d1 >= 30)) d2 = 30
    if (d1 === 31) d1 = 30
    return (360 * (y2 - y1) + 30 * (m2 - m1) + (d2 - d1)) / 360
  }
  const actual = (): number => {
    // Days in each calendar year, over the length of that year.
    let total = 0
    for (let year = from.getUTCFullYear(); year <= to.getUTCFullYear(); year++) {
      const first = Date.UTC(year, 0, 1) / DAY_MS
      const next = Date.UTC(year + 1, 0, 1) / DAY_MS
      const begin = Math.max(first, Math.floor(from.getTime() / DAY_MS))
      const end = Math.min(next, Math.floor(to.getTime() / DAY_MS))
      total += (end - begin) / (next - first)
    }
    return total
  }
  if (to < from) throw new RangeError('the second day is before the first')
  switch (convention) {
    case '30/360': return thirty(false)
    case '30e/360': return thirty(true)
    case 'act/360': return days / 360
    case 'act/365': return days / 365
    case 'act/act': return actual()
    default: throw new RangeError(convention + ' is none of 30/360, 30e/360, act/360, act/365, act/act')
  }
}`,
})
