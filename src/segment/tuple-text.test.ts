import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ednFromJsonText } from '../fact/json-form.ts'
import { double, Float, keyword, LONG_MAX, type Scalar, type Tuple } from '../fact/value.ts'
import { scalars } from '../testing/arbitrary-values.ts'
import { textToTuple, tupleToText } from './tuple-text.ts'

describe('a tuple as text in a segment', () => {
  const tuples = fc.array(fc.option<Scalar>(scalars), { minLength: 2, maxLength: 8 })

  it('comes back exactly, and is the JSON of any other value', () => {
    fc.assert(
      fc.property(tuples, (tuple) => {
        const text = tupleToText(tuple)
        expect(textToTuple(text)).toStrictEqual(tuple)
        expect(ednFromJsonText(text, 'value')).toStrictEqual(tuple)
      }),
      { numRuns: 500 },
    )
  })

  it.each<[string, Tuple]>([
    ['[1,"a",null]', [1, 'a', null]],
    ['[1.5,{"#double":"2"},{"#double":"Infinity"}]', [1.5, double(2), Infinity]],
    ['[{"#float":"1.5"},{"#float":"-Infinity"}]', [new Float(1.5), new Float(-Infinity)]],
    ['[{"#long":"9223372036854775807"},{"#kw":"a/b"}]', [LONG_MAX, keyword('a/b')]],
  ])('stands in files as %s', (text, tuple) => {
    expect(tupleToText(tuple)).toBe(text)
  })

  it.each(['1', '{}', '[', '[{}]', '[{"#odd": "1"}]', '[{"#kw": true}]'])('%s is none', (text) => {
    expect(() => textToTuple(text)).toThrow(Error)
  })
})
