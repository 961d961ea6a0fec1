import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import type { Blob } from '../blob/blob-store.ts'
import type { ValueType } from '../fact/attribute.ts'
import type { Value } from '../fact/value.ts'
import { SCALARS } from '../testing/arbitrary-values.ts'
import { ColumnCache } from './column-cache.ts'
import { integerColumn, rowCountOf } from './column.ts'
import { packDeltas, unpackDeltas } from './delta.ts'
import { Segment, type SegmentFile } from './segment.ts'
import { type SegmentColumn, type SegmentLimits, writeSegment } from './segment-writer.ts'
import { columnOf, columnTypeOf, isByteOrdered, valueAt } from './value-column.ts'

const SMALL_PAGES: SegmentLimits = { pageRowCountMax: 16, pageTextBytesMax: 256 }

function open(bytes: Uint8Array, file: SegmentFile): Segment {
  const blob: Blob = {
    byteCount: bytes.byteLength,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    [Symbol.dispose]: () => undefined,
  }
  return new Segment(file, blob, new ColumnCache())
}

function write(columns: readonly SegmentColumn[], limits: SegmentLimits = SMALL_PAGES) {
  const { bytes, ...sizes } = writeSegment(columns, { 'varve.kind': 'test' }, limits)
  const file: SegmentFile = { key: 'segments/test.parquet', byteCount: bytes.byteLength, ...sizes }
  return { bytes, file }
}

const texts = fc.string({ unit: 'binary', maxLength: 40 })
const VALUES: Readonly<Record<Exclude<ValueType, 'tuple'>, fc.Arbitrary<Value>>> = {
  ...SCALARS,
  // Texts that repeat become a dictionary; long ones make short pages.
  string: fc.oneof(texts, fc.constantFrom('a', 'b', 'c'), fc.constant('long '.repeat(100))),
}
const members = fc.oneof(
  fc.constant(null),
  ...Object.entries(VALUES).flatMap(([type, value]) => (type === 'bytes' ? [] : [value])),
)
const ARBITRARIES: Readonly<Record<ValueType, fc.Arbitrary<Value>>> = {
  ...VALUES,
  tuple: fc.array(members as fc.Arbitrary<null>, { minLength: 2, maxLength: 8 }),
}

describe('a segment', () => {
  for (const [type, value] of Object.entries(ARBITRARIES) as [ValueType, fc.Arbitrary<Value>][]) {
    it(`gives back values of type ${type}, whole and page by page`, () => {
      fc.assert(
        fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), (values) => {
          const { bytes, file } = write([
            { name: 'value', type: columnTypeOf(type), data: columnOf(type, values), isSorted: false },
          ])
          const reader = open(bytes, file).column('value')
          for (let page = 0; page < reader.info.pages.length; page++) {
            const { firstRow, rowCount } = reader.info.pages[page]!
            const rows = reader.page(page)
            expect(rowCountOf(rows)).toBe(rowCount)
            for (let i = 0; i < rowCount; i++) expect(valueAt(type, rows, i)).toEqual(values[firstRow + i])
          }
          const whole = reader.load()
          expect(values.map((_, row) => valueAt(type, whole, row))).toEqual(values)
        }),
        { numRuns: 40 },
      )
    })
  }

  it('keeps pages of the same rows in every column, shorter where texts are long', () => {
    const { bytes, file } = write([
      {
        name: 'entity',
        type: 'int64',
        data: integerColumn(Array.from({ length: 100 }, (_, i) => i * 3)),
        isSorted: true,
      },
      {
        name: 'value',
        type: 'text',
        data: columnOf(
          'string',
          Array.from({ length: 100 }, (_, i) => `${i}`.repeat(i)),
        ),
        isSorted: false,
      },
    ])
    const segment = open(bytes, file)
    const rows = (name: string) => segment.column(name).info.pages.map(({ firstRow }) => firstRow)
    expect(rows('entity')).toEqual(rows('value'))
    expect(rows('entity').length).toBeGreaterThan(100 / 16)
    const { pageLeasts } = segment.column('entity').info
    expect(pageLeasts).toEqual(Float64Array.from(rows('entity'), (row) => row * 3))
  })

  it('bounds the pages of sorted text, however long', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { minLength: 20, maxLength: 60 }),
        (some) => {
          const sorted = [...some].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)))
          const { bytes, file } = write([
            {
              name: 'value',
              type: 'text',
              data: columnOf('string', sorted),
              isSorted: isByteOrdered('string'),
            },
          ])
          const { pageLeasts, pages } = open(bytes, file).column('value').info
          if (pageLeasts === undefined) return
          pages.forEach(({ firstRow }, page) => {
            const least = pageLeasts[page] as Uint8Array
            expect(Buffer.compare(least, Buffer.from(sorted[firstRow]!))).toBeLessThanOrEqual(0)
          })
        },
      ),
    )
  })

  it('finds every flipped bit, or is not harmed by it', () => {
    const { bytes, file } = write([
      {
        name: 'entity',
        type: 'int64',
        data: integerColumn(Array.from({ length: 40 }, (_, i) => i * i)),
        isSorted: true,
      },
      {
        name: 'value',
        type: 'text',
        data: columnOf(
          'string',
          Array.from({ length: 40 }, (_, i) => `v${i}`),
        ),
        isSorted: false,
      },
      {
        name: 'code',
        type: 'text',
        data: columnOf(
          'string',
          Array.from({ length: 40 }, (_, i) => `c${i % 3}`),
        ),
        isSorted: false,
      },
    ])
    const read = (broken: Uint8Array) => {
      const segment = open(broken, file)
      return ['entity', 'value', 'code'].map((name) => JSON.stringify(segment.column(name).load()))
    }
    const right = read(bytes)
    let foundCount = 0
    for (let bit = 0; bit < bytes.byteLength * 8; bit++) {
      const broken = bytes.slice()
      broken[bit >> 3]! ^= 1 << (bit & 7)
      try {
        expect(read(broken)).toEqual(right)
      } catch (error) {
        if (!(error instanceof VarveError)) throw error
        expect(error.code).toBe('varve.error/segment-corrupt')
        expect(error.data['key']).toBe(file.key)
        foundCount++
      }
    }
    // Only the four bytes of the magic at the front are never looked at.
    expect(foundCount).toBe((bytes.byteLength - 4) * 8)
  })

  it('answers a truncated or foreign file', () => {
    const { bytes, file } = write([
      { name: 'v', type: 'int32', data: integerColumn([1, 2, 3]), isSorted: true },
    ])
    const corrupt = expect.objectContaining({ code: 'varve.error/segment-corrupt' })
    for (let length = 0; length < bytes.byteLength; length++) {
      expect(() => open(bytes.subarray(0, length), file).column('v').load()).toThrow(corrupt)
    }
    expect(() => open(new Uint8Array(bytes.byteLength), file).column('v')).toThrow(corrupt)
    expect(() => open(bytes, file).column('w')).toThrow(corrupt)
  })
})

describe('delta packing', () => {
  it('gives back whole numbers, or declines those whose differences are too wide', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(fc.integer(), { minLength: 1, maxLength: 300 }),
          fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 300 }),
          fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 5 }),
        ),
        (numbers) => {
          const column = integerColumn(numbers)
          const packed = packDeltas(column.data, 0, numbers.length, column.base)
          if (packed === undefined) return
          const target = new Float64Array(numbers.length)
          expect(unpackDeltas(packed, target, 0, numbers.length, 0)).toBe(packed.byteLength)
          expect([...target]).toEqual(numbers)
          const least = Math.min(...numbers)
          if (Math.max(...numbers) - least >= 2 ** 31) return
          const narrow = new Int32Array(numbers.length)
          unpackDeltas(packed, narrow, 0, numbers.length, least)
          expect([...narrow]).toEqual(numbers.map((number) => number - least))
        },
      ),
    )
  })

  it('never runs away on foreign bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 1000 }), (bytes, count) => {
        for (const target of [new Int32Array(count), new Float64Array(count)]) {
          try {
            unpackDeltas(bytes, target, 0, count, 0)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
      }),
    )
  })
})
