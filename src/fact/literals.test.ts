import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { base64 } from '../base/base64.ts'
import { doubleText, floatText, parseBytes, parseInstant, parseUri, parseUuid } from './literals.ts'

describe('an instant as text', () => {
  it.each([
    ['2014', '2014-01-01T00:00:00.000Z'],
    ['2014-11', '2014-11-01T00:00:00.000Z'],
    ['2014-11-15', '2014-11-15T00:00:00.000Z'],
    ['2014-11-15T13', '2014-11-15T13:00:00.000Z'],
    ['2014-11-15T13:37', '2014-11-15T13:37:00.000Z'],
    ['2014-11-15T13:37:42', '2014-11-15T13:37:42.000Z'],
    ['2014-11-15T13:37:42.1', '2014-11-15T13:37:42.100Z'],
    ['2014-11-15T13:37:42.123999', '2014-11-15T13:37:42.123Z'],
    ['2014-11-15T13:37:42Z', '2014-11-15T13:37:42.000Z'],
    ['2014-11-15T13:37:42+01:30', '2014-11-15T12:07:42.000Z'],
    ['2014-11-15T13:37:42-00:00', '2014-11-15T13:37:42.000Z'],
    ['2016-02-29', '2016-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['0000-01-01', '0000-01-01T00:00:00.000Z'],
    ['0099-01-01', '0099-01-01T00:00:00.000Z'],
    ['-000001-01-01', '-000001-01-01T00:00:00.000Z'],
    ['+275760-09-13', '+275760-09-13T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseInstant(text)?.toISOString()).toBe(expected)
  })

  it.each([
    '',
    'now',
    '14',
    '2014-13',
    '2014-00',
    '2014-11-31',
    '2015-02-29',
    '1900-02-29',
    '2014-11-15T24:00',
    '2014-11-15T13:60',
    '2014-11-15T13:37:60',
    '2014-11-15 13:37',
    '2014-11-15T13:37:42+25:00',
    ' 2014',
    '2014-11-15T13:37:42+0100',
    '-000000-01-01',
    '+275760-09-13T00:00:00.001Z',
    '2014\n',
    '2014-1-1',
  ])('%j is none', (text) => {
    expect(parseInstant(text)).toBeUndefined()
  })

  it('comes back from what a Date writes', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(parseInstant(date.toISOString())).toStrictEqual(date)
      }),
    )
  })
})

describe('other values as text', () => {
  it('bytes come back from base64, and one value has one text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseBytes(base64(bytes))).toStrictEqual(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('A', 'Q', 'B', '/', '+', '=', '-', ' ') }), (text) => {
        const bytes = parseBytes(text)
        if (bytes !== undefined) expect(base64(bytes)).toBe(text)
      }),
      { numRuns: 1_000 },
    )
    for (const text of [
      'A',
      'AQ',
      'AQI',
      'AR==',
      '=AQI',
      'AQ=I',
      '====',
      'A===',
      'AQI=AQI=',
      'AQ-_',
      'AQI\n',
    ]) {
      expect(parseBytes(text)).toBeUndefined()
    }
  })

  it('uuids are 32 hexadecimal digits, with dashes at their places or none', () => {
    expect(parseUuid('6F1C0C1E-6A5B-4D38-9D0E-1C1F6B7A2F10')?.text).toBe(
      '6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10',
    )
    expect(parseUuid('6f1c0c1e6a5b4d389d0e1c1f6b7a2f10')?.text).toBe('6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10')
    for (const text of [
      '',
      '6f1c',
      'g'.repeat(32),
      '6f1c0c1e6a5b-4d389d0e1c1f6b7a2f10',
      `${'a'.repeat(32)}\n`,
    ]) {
      expect(parseUuid(text)).toBeUndefined()
    }
  })

  it('uris have neither blanks nor brackets', () => {
    expect(parseUri('https://example.com/a%20b?c=[1]#d')?.text).toBe('https://example.com/a%20b?c=[1]#d')
    expect(parseUri('urn:x:é')?.text).toBe('urn:x:é')
    for (const text of [
      'a b',
      'a<b>',
      'a"b',
      'a\\b',
      'a\nb',
      'a|b',
      '{}',
      'a^b',
      'a`b',
      'a\u0000b',
      'a\u00a0b',
    ]) {
      expect(parseUri(text)).toBeUndefined()
    }
  })

  it('doubles and floats have the fewest digits that read back, and show that they are no longs', () => {
    expect([2, 0.1, 1e21, 1.5e300, 5e-324, -2.5, 123456789012].map(doubleText)).toEqual([
      '2.0',
      '0.1',
      '1.0E21',
      '1.5E300',
      '5.0E-324',
      '-2.5',
      '123456789012.0',
    ])
    expect([0.1, 1.5, 16777216, 3.4028234663852886e38].map((x) => floatText(Math.fround(x)))).toEqual([
      '0.1',
      '1.5',
      '16777216.0',
      '3.4028235E38',
    ])
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(Math.fround(Number(floatText(x))) + 0).toBe(x + 0)
      }),
    )
  })
})
