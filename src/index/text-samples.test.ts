import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textColumn } from '../segment/text.ts'
import { compareValues } from '../fact/value.ts'
import { searchText } from './probe.ts'
import { samplesOf, TextSamples } from './text-samples.ts'

/** Texts in order, of which many begin alike. */
const texts = fc
  .tuple(
    fc.constantFrom('', 'acc-', 'the same long beginning'),
    fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '0', '\0'), maxLength: 9 }), {
      minLength: 1,
      maxLength: 900,
    }),
  )
  .map(([beginning, ends]) => ends.map((end) => beginning + end).sort(compareValues))

describe('samples of a column of texts', () => {
  it('find what halving finds, among few rows and many, alike or not', () => {
    fc.assert(
      fc.property(texts, fc.nat(), fc.nat(), (values, start, pick) => {
        const column = textColumn(values)
        const first = start % values.length
        const samples = new TextSamples(column, first, values.length)
        const among = Buffer.from(values[first + (pick % (values.length - first))]!)
        // Those that are there, and those just beside them, within the bounds of the rows.
        for (const wanted of [among, Buffer.concat([among, Buffer.from([0])]), among.subarray(0, -1)]) {
          const found = searchText(column, first, values.length, wanted)
          if (found === values.length || (found === first && wanted !== among)) continue
          expect(samples.search(wanted)).toBe(found)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are made once for each run in a column', () => {
    const column = textColumn(['a', 'b', 'c', 'd'])
    const samples = samplesOf(column, 1, 3)
    expect(samplesOf(column, 1, 3)).toBe(samples)
    expect(samplesOf(column, 3, 4)).not.toBe(samples)
    expect(samplesOf(textColumn(['a', 'b', 'c', 'd']), 1, 3)).not.toBe(samples)
  })
})
