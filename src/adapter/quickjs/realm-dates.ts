// Dates that know UTC alone, and no moment by themselves.

import type { Realm } from './realm.ts'

export type UtcDates = {
  readonly made: (from: number | string) => object
  /** In ISO 8601; undefined of what is no date. */
  readonly textOf: (x: object) => string | undefined
}

export function utcDates(realm: Realm): UtcDates {
  const RealDate = Date
  const { toISOString } = RealDate.prototype
  // A year, month or day is midnight in UTC to every engine; a time without a zone is meant in UTC here.
  const ISO = /^[+-]?\d{4,6}-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?)?$/
  const ZONE = /(Z|[+-]\d\d:\d\d)$/

  function msOf(args: readonly unknown[]): number {
    const [first] = args
    if (args.length > 1) return RealDate.UTC(...(args as [number, number]))
    if (typeof first !== 'string') return Number(first)
    if (!ISO.test(first)) return NaN
    return RealDate.parse(first.includes('T') && !ZONE.test(first) ? `${first}Z` : first)
  }

  function UtcDate(...args: readonly unknown[]): Date {
    if (new.target === undefined || args.length === 0)
      throw new TypeError('a procedure has no clock: take the moment as an argument')
    return Reflect.construct(RealDate, [msOf(args)], new.target) as Date
  }
  UtcDate.prototype = RealDate.prototype
  UtcDate.UTC = RealDate.UTC
  UtcDate.parse = (text: unknown) => msOf([String(text)])

  const methods = RealDate.prototype as unknown as Realm
  for (const part of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    methods[`get${part}`] = methods[`getUTC${part}`]
    if (part !== 'Day') methods[`set${part}`] = methods[`setUTC${part}`]
  }
  methods['getTimezoneOffset'] = () => 0
  const texts = ['String', 'DateString', 'TimeString', 'LocaleString', 'LocaleDateString', 'LocaleTimeString']
  for (const text of texts) methods[`to${text}`] = toISOString
  Object.defineProperty(methods, 'constructor', { value: UtcDate })
  realm['Date'] = UtcDate
  return {
    made: (from) => new RealDate(from),
    textOf: (x) => (x instanceof RealDate ? Reflect.apply(toISOString, x, []) : undefined),
  }
}
