import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CsvRecord, CsvSplitter, QUOTED_LENGTH_MAX, sniffDelimiter } from './csv-records.ts'

function split(text: string, delimiter = ',', cuts: readonly number[] = []): CsvRecord[] {
  const splitter = new CsvSplitter(delimiter)
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((x, y) => x - y), text.length]
  return places
    .slice(1)
    .flatMap((end, i) => splitter.split(text.slice(places[i], end), i === places.length - 2))
}

const fieldsOf = (text: string, delimiter?: string) => split(text, delimiter).map(({ fields }) => fields)

describe('CSV taken apart', () => {
  it('gives back what was written, wherever the text is cut into chunks', () => {
    const field = fc.string({
      unit: fc.constantFrom('a', 'é', ',', ';', '"', '\n', '\r', ' ', '1'),
      maxLength: 6,
    })
    const records = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 })
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
    fc.assert(
      fc.property(
        records,
        lineEnd,
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 4 }),
        (rows, end, isClosed, cuts) => {
          const quoted = (text: string) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
          const text = rows.map((row) => row.map(quoted).join(',')).join(end) + (isClosed ? end : '')
          const found = split(text, ',', cuts)
          expect(found.map(({ fields }) => fields)).toEqual(rows)
          expect(found.every(({ problem }) => problem === undefined)).toBe(true)
        },
      ),
    )
  })

  it('tells the line on which each record begins, line ends in quotes counted', () => {
    expect(split('a,b\n"x\ny",1\r\n\r\nc,d\n').map(({ line }) => line)).toEqual([1, 2, 5])
  })

  it('takes a quote inside a field that began without one as it stands', () => {
    expect(fieldsOf('5" pipe,x\n')).toEqual([['5" pipe', 'x']])
  })

  it('loses one line by a quote that is never closed, and none by what follows', () => {
    const found = split('a,"b\nc,d\ne,f')
    expect(found.map(({ fields }) => fields)).toEqual([['a,"b'], ['c', 'd'], ['e', 'f']])
    expect(found.map(({ problem }) => problem !== undefined)).toEqual([true, false, false])
  })

  it('gives up a quote after a bounded stretch, before the end of the file is known', () => {
    const splitter = new CsvSplitter(',')
    const found = splitter.split(`a,"b\n${'x,y\n'.repeat(QUOTED_LENGTH_MAX / 4 + 1)}`, false)
    expect(found[0]!.problem).toMatch(/never closed/)
    expect(found.length).toBeGreaterThan(QUOTED_LENGTH_MAX / 4 - 1)
  })

  it('calls a record bad that goes on behind a closing quote', () => {
    expect(split('"a"b,c\nd,e').map(({ problem }) => problem !== undefined)).toEqual([true, false])
  })

  it('finds the delimiter by what cuts all lines alike', () => {
    expect(sniffDelimiter('a;b\n"1,5";2\n"2,5";3\n')).toBe(';')
    expect(sniffDelimiter('a\tb\tc\n1\t2\t3\n')).toBe('\t')
    expect(sniffDelimiter('name,note\nx,"a; b; c"\ny,d\n')).toBe(',')
    expect(sniffDelimiter('one\n1\n2\n')).toBe(',')
  })
})
