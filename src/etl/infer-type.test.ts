import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BigInteger, Decimal, type Edn } from '../fact/value.ts'
import { ColumnSurvey } from './infer-type.ts'
import { readCell } from './read-cell.ts'
import type { CellTyping } from './source.ts'

function inferred(cells: readonly Edn[], typing: CellTyping = 'text') {
  const survey = new ColumnSurvey(typing)
  for (const cell of cells) survey.add(cell)
  return survey.result(undefined)
}

describe('the type of a column', () => {
  it.each([
    [['1', '-2', '30'], 'long'],
    [['1', '2.5'], 'double'],
    [['1', '9007199254740993'], 'long'],
    [['1', '9223372036854775808'], 'bigint'],
    [['9007199254740993', '0.5'], 'bigdec'],
    [['0.1', '1234567890.1234567890'], 'bigdec'],
    [['0.30000000000000004'], 'double'],
    [['1e6', '2'], 'double'],
    [['007', '12'], 'string'],
    [['+49', '30'], 'string'],
    [['1', 'n/a'], 'string'],
    [['TRUE', 'false'], 'boolean'],
    [['true', '1'], 'string'],
    [['2010-12-01', '12/1/2010 8:26'], 'instant'],
    [['6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'], 'uuid'],
    [['', ''], 'string'],
  ])('of %j is %s', (cells, type) => expect(inferred(cells).type).toBe(type))

  it('leaves text of JSON alone, but for instants and uuids', () => {
    expect(inferred(['12'], 'json').type).toBe('string')
    expect(inferred(['true'], 'json').type).toBe('string')
    expect(inferred(['2010-12-01T00:00:00Z'], 'json').type).toBe('instant')
    expect(inferred([1, 2.5], 'json').type).toBe('double')
    expect(inferred([new BigInteger(1n)], 'typed').type).toBe('bigint')
    expect(inferred([new Decimal('1.5'), 1], 'typed').type).toBe('bigdec')
    expect(inferred(['2010-12-01'], 'typed').type).toBe('string')
  })

  it('has several values where one cell is a list', () => {
    expect(inferred([['a'], 'b'], 'json')).toMatchObject({ type: 'string', isMany: true })
  })

  it('learns the order of day and month from any cell that tells', () => {
    expect(inferred(['1/2/2010', '31/1/2010'])).toMatchObject({
      type: 'instant',
      order: 'dmy',
      isOrderAssumed: false,
    })
    expect(inferred(['1/2/2010', '1/31/2010'])).toMatchObject({ order: 'mdy', isOrderAssumed: false })
    expect(inferred(['1/2/2010'])).toMatchObject({ order: 'mdy', isOrderAssumed: true })
    expect(inferred(['31/1/2010', '1/31/2010']).type).toBe('string')
  })

  it('reads every cell that it was inferred from', () => {
    const cell = fc.oneof(
      fc.integer().map(String),
      fc.bigInt().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.boolean().map(String),
      fc.uuid(),
      fc
        .date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') })
        .map((date) => date.toISOString()),
      fc.constantFrom(
        '1/2/2010',
        '13/1/10 8:26 PM',
        '1/13/2010',
        '0012',
        '-',
        '1.',
        '.5',
        '1e999',
        '-0',
        '1e400',
      ),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 4 }), (cells) => {
        const { type, order } = inferred(cells)
        for (const text of cells) {
          if (text.trim() !== '') expect(readCell(text, type, order), `${text} as ${type}`).toBeDefined()
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
