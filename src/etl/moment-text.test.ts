import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dateOrders, type DateOrder, momentMs } from './moment-text.ts'

const iso = (text: string, order: DateOrder = 'mdy'): string | undefined => {
  const ms = momentMs(text, order)
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

describe('instants as files write them', () => {
  it('reads what a date prints as itself', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date('2500-01-01'), noInvalidDate: true }), (date) => {
        expect(iso(date.toISOString())).toBe(date.toISOString())
        const [day, time] = [date.toISOString().slice(0, 10), date.toISOString().slice(11, 19)]
        expect(iso(`${day} ${time}`)).toBe(`${day}T${time}.000Z`)
      }),
    )
  })

  it.each([
    ['2010-12-01', '2010-12-01T00:00:00.000Z'],
    ['2010/12/1 8:26', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01T08:26:00.5+01:00', '2010-12-01T07:26:00.500Z'],
    ['2010-12-01 08:26:00 UTC', '2010-12-01T08:26:00.000Z'],
    ['12/1/2010 8:26', '2010-12-01T08:26:00.000Z'],
    ['12/1/10 8:26', '2010-12-01T08:26:00.000Z'],
    ['12/1/69', '1969-12-01T00:00:00.000Z'],
    ['12/1/2010 12:05 AM', '2010-12-01T00:05:00.000Z'],
    ['12/1/2010 8:26:07 pm', '2010-12-01T20:26:07.000Z'],
    ['1.12.2010 8:26', '2010-12-01T08:26:00.000Z'],
  ])('%s is %s', (text, instant) => expect(iso(text)).toBe(instant))

  it.each([
    '2010-13-01',
    '2010-02-30',
    '2010-02-30T00:00:00.000Z',
    '2010-12-01T24:00:00.000Z',
    '12/32/2010',
    '13/1/2010',
    '2010-12-01 24:00',
    '12/1/2010 13:00 PM',
    '8:26',
    '',
  ])('%s is none', (text) => expect(iso(text)).toBeUndefined())

  it('reads the day first where that is said', () => {
    expect(iso('12/1/2010', 'dmy')).toBe('2010-01-12T00:00:00.000Z')
    expect(iso('31/1/2010', 'dmy')).toBe('2010-01-31T00:00:00.000Z')
  })

  it('tells which orders a text allows', () => {
    expect(dateOrders('12/1/2010')).toEqual({ mdy: true, dmy: true })
    expect(dateOrders('31/1/2010')).toEqual({ mdy: false, dmy: true })
    expect(dateOrders('1/31/2010')).toEqual({ mdy: true, dmy: false })
    expect(dateOrders('1.12.2010')).toBeUndefined()
    expect(dateOrders('2010-12-01')).toBeUndefined()
  })
})
