// What answers look like in each format, by the form of their find; and the hash beside them. That Arrow is read by
// others is shown in test/arrow.test.ts.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { sha256Hex } from '../base/checksum.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { double, type Edn, keyword } from '../fact/value.ts'
import { type AnswerColumn, AnswerRows } from '../plan/answer-rows.ts'
import type { Answer } from '../plan/engine.ts'
import { forms, scalars } from '../testing/arbitrary-values.ts'
import { refusal } from '../testing/refusal.ts'
import { parseQuery } from './parse-query.ts'
import { resultHash } from './result-hash.ts'
import { type Format, writeAnswer } from './written.ts'

const INPUTS = ':in [[?a ?b]]'

function answerOf(query: string, rows: readonly (readonly Edn[])[], isTruncated = false): Answer {
  const { elements } = parseQuery(query).find
  const columns = elements.map((_, place) => ({ name: `?${'ab'[place]}`, type: 'any' as const }))
  return { columns, rows: AnswerRows.of(rows), isTruncated, warnings: [] }
}

function written(query: string, rows: readonly (readonly Edn[])[], format: Format, bytesMax = 1e6): string {
  const options = { format, engine: 'native', bytesMax, check: NEVER_ENDS }
  const { pieces } = writeAnswer(parseQuery(query), answerOf(query, rows), options)
  return Buffer.concat(pieces).toString()
}

const ROWS: readonly (readonly Edn[])[] = [
  [1, 'a "quoted", text'],
  [double(2), null],
  [keyword('k/w'), ''],
]

describe('an answer', () => {
  it.each<[string, string, Format, string]>([
    ['relation', '?a ?b', 'json', '[[1,"a \\"quoted\\", text"],[2.0,null],[{"#kw":"k/w"},""]]'],
    ['relation', '?a ?b', 'edn', '[[1 "a \\"quoted\\", text"] [2.0 nil] [:k/w ""]]'],
    ['relation', '?a ?b', 'ndjson', '[1,"a \\"quoted\\", text"]\n[2.0,null]\n[{"#kw":"k/w"},""]\n'],
    ['relation', '?a ?b', 'csv', '?a,?b\r\n1,"a ""quoted"", text"\r\n2.0,\r\n:k/w,""\r\n'],
    ['collection', '[?a ...]', 'json', '[1,2.0,{"#kw":"k/w"}]'],
    ['collection', '[?a ...]', 'ndjson', '1\n2.0\n{"#kw":"k/w"}\n'],
    ['collection', '[?a ...]', 'csv', '?a\r\n1\r\n2.0\r\n:k/w\r\n'],
    ['tuple', '[?a ?b]', 'json', '[1,"a \\"quoted\\", text"]'],
    ['tuple', '[?a ?b]', 'ndjson', '[1,"a \\"quoted\\", text"]\n'],
    ['tuple', '[?a ?b]', 'csv', '?a,?b\r\n1,"a ""quoted"", text"\r\n'],
    ['scalar', '?a .', 'edn', '1'],
    ['scalar', '?a .', 'ndjson', '1\n'],
    ['scalar', '?a .', 'csv', '?a\r\n1\r\n'],
  ])('that is a %s (%s) in %s', (kind, find, format, text) => {
    const width = kind === 'relation' || kind === 'tuple' ? 2 : 1
    const count = kind === 'relation' || kind === 'collection' ? 3 : 1
    const rows = ROWS.slice(0, count).map((row) => row.slice(0, width))
    expect(written(`[:find ${find} ${INPUTS}]`, rows, format)).toBe(text)
  })

  it.each<[string, Format, string]>([
    ['?a ?b', 'json', '[]'],
    ['?a ?b', 'ndjson', ''],
    ['?a ?b', 'csv', '?a,?b\r\n'],
    ['?a .', 'json', 'null'],
    ['?a .', 'ndjson', ''],
    ['?a .', 'csv', '?a\r\n'],
  ])('of nothing (%s) in %s', (find, format, text) => {
    expect(written(`[:find ${find} ${INPUTS}]`, [], format)).toBe(text)
  })

  it('of return maps has them in lists, and their keys as the names of a table', () => {
    const query = `[:find ?a ?b :keys id note ${INPUTS}]`
    expect(written(query, ROWS.slice(1), 'ndjson')).toBe(
      '{":id":2.0,":note":null}\n{":id":{"#kw":"k/w"},":note":""}\n',
    )
    expect(written(query, ROWS.slice(1), 'edn')).toBe('[{:id 2.0, :note nil} {:id :k/w, :note ""}]')
    expect(written(query, ROWS.slice(1), 'csv')).toBe('id,note\r\n2.0,\r\n:k/w,""\r\n')
    expect(written(`[:find [?a ?b] :strs id note ${INPUTS}]`, ROWS.slice(1, 2), 'ndjson')).toBe(
      '{"id":2.0,"note":null}\n',
    )
  })

  it.each<[Edn, string]>([
    [readEdn('{:a [1 #{2}]}').value, '{:a [1 #{2}]}'],
    [readEdn('#inst "2014-11-15"').value, '2014-11-15T00:00:00.000Z'],
    [readEdn('#uuid "6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"').value, '6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10'],
    [readEdn('#uri "https://example.com/a,b"').value, '"https://example.com/a,b"'],
    [readEdn('#bytes "AQI="').value, 'AQI='],
    [readEdn('[1.50M]').value, '[1.5M]'],
    [readEdn('1.50M').value, '1.5'],
    [readEdn('12N').value, '12'],
    [readEdn('#float 0.1').value, '0.1'],
    [readEdn('##-Inf').value, '-Infinity'],
    [9007199254740993n, '9007199254740993'],
    [false, 'false'],
    ['=1+1', '=1+1'],
    ['two\nlines', '"two\nlines"'],
  ])('has %s in CSV as %s', (value, text) => {
    expect(written(`[:find ?a ${INPUTS}]`, [[value]], 'csv')).toBe(`?a\r\n${text}\r\n`)
  })

  it.each(['json', 'edn', 'ndjson', 'csv', 'arrow'] as const)(
    'in %s that outgrows its bound is refused',
    (format) => {
      const rows = Array.from({ length: 3_000 }, (_, i) => [i, `text ${i}`])
      const query = `[:find ?a ?b ${INPUTS}]`
      const { byteLength } = Buffer.from(written(query, rows, format))
      expect(byteLength).toBeGreaterThan(30_000)
      expect(refusal(() => written(query, rows, format, 20_000))).toMatchObject({
        code: 'varve.error/answer-too-large',
      })
    },
  )

  it.each(['csv', 'arrow'] as const)('in %s refuses half of a character', (format) => {
    expect(refusal(() => written(`[:find ?a ${INPUTS}]`, [['\ud83d']], format))).toMatchObject({
      code: 'varve.error/value-unwritable',
    })
  })
})

const hashOf = (query: string, rows: readonly (readonly Edn[])[], isTruncated = false): string =>
  resultHash(parseQuery(query), answerOf(query, rows, isTruncated))

describe('the hash of a result', () => {
  it('is what the reference says, byte for byte', () => {
    const text = (tag: string, value: string): string =>
      `${tag}${Buffer.from(Uint32Array.of(Buffer.byteLength(value)).buffer).toString('latin1')}${value}`
    const number = (x: number): string => `n${Buffer.from(Float64Array.of(x).buffer).toString('latin1')}`
    const digest = (bytes: string): string =>
      Buffer.from(sha256Hex(Buffer.from(bytes, 'latin1')), 'hex').toString('latin1')
    const head = `v\x06\0\0\0${text('s', 'varve.result/1')}${text('s', 'relation')}_${number(2)}${number(2)}F`
    const columns = [`${number(1)}${number(2)}`, `${text('s', 'x')}_`]
    expect(
      hashOf(`[:find ?a ?b ${INPUTS}]`, [
        [1, 'x'],
        [2, null],
      ]),
    ).toBe(`sha256:${sha256Hex(Buffer.from(`${head}${columns.map(digest).join('')}`, 'latin1'))}`)
  })

  it('differs by the form of the find, return maps, the count of rows and a cut', () => {
    const hashes = [
      hashOf(`[:find ?a ${INPUTS}]`, []),
      hashOf(`[:find ?a ?b ${INPUTS}]`, []),
      hashOf(`[:find ?a ${INPUTS}]`, [[1]]),
      hashOf(`[:find ?a ${INPUTS}]`, [[1]], true),
      hashOf(`[:find ?a :keys a ${INPUTS}]`, [[1]]),
      hashOf(`[:find ?a :strs a ${INPUTS}]`, [[1]]),
      hashOf(`[:find [?a ...] ${INPUTS}]`, [[1]]),
      hashOf(`[:find ?a . ${INPUTS}]`, [[1]]),
      hashOf(`[:find [?a] ${INPUTS}]`, [[1]]),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('is the same however a column lies, and another when a value changes', () => {
    const query = parseQuery(`[:find ?a ${INPUTS}]`)
    const hash = (column: AnswerColumn, length: number): string =>
      resultHash(query, { rows: new AnswerRows(length, [column]), isTruncated: false })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(scalars, forms), { minLength: 1, maxLength: 30 }),
        fc.nat(),
        scalars,
        (values, at, other) => {
          const whole = hash({ kind: 'values', values }, values.length)
          const numbers = Float64Array.from(values.keys())
          for (const kind of ['decoded', 'coded'] as const)
            expect(hash({ kind, numbers, decode: (row) => values[row]! }, values.length)).toBe(whole)
          const row = at % values.length
          const changed = values.with(row, [values[row]!, other])
          expect(hash({ kind: 'values', values: changed }, values.length)).not.toBe(whole)
        },
      ),
    )
    const longs = Float64Array.of(1, 2, 2 ** 40)
    expect(hash({ kind: 'numbers', numbers: longs }, 3)).toBe(
      hash({ kind: 'values', values: [double(1), 2n, 2 ** 40] }, 3),
    )
  })

  it('of many rows is that of few written alike', () => {
    const query = parseQuery(`[:find ?a ${INPUTS}]`)
    const values = Array.from({ length: 40_000 }, (_, i) => `value ${i}`)
    const numbers = Float64Array.from(values.keys())
    const hash = (column: AnswerColumn): string =>
      resultHash(query, { rows: new AnswerRows(values.length, [column]), isTruncated: false })
    const decode = (row: number): Edn => values[row]!
    expect(hash({ kind: 'coded', numbers, decode })).toBe(hash({ kind: 'values', values }))
    expect(hash({ kind: 'decoded', numbers, decode })).toBe(hash({ kind: 'values', values }))
  })
})
