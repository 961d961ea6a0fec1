import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { forms, SCALARS } from '../testing/arbitrary-values.ts'
import { refusal } from '../testing/refusal.ts'
import { ednFromJsonText, formFromData } from './json-form.ts'
import { writeJson } from './json-writer.ts'
import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  Float,
  keyword,
  symbol,
  Tagged,
  Uri,
  Uuid,
} from './value.ts'

const back = (value: Edn): Edn => ednFromJsonText(writeJson(value, { exact: true }), 'value')

describe('values as JSON text', () => {
  it.each(Object.entries(SCALARS))('of type %s come back exactly, alone and in tuples', (_type, values) => {
    fc.assert(
      fc.property(values, fc.array(fc.option(values), { minLength: 2, maxLength: 8 }), (value, tuple) => {
        expect(back(value)).toStrictEqual(value)
        expect(back(tuple)).toStrictEqual(tuple)
      }),
    )
  })

  it('come back exactly whatever they are made of, and JSON.parse reads them too', () => {
    fc.assert(
      fc.property(forms, (form) => {
        expect(back(form)).toStrictEqual(form)
        expect(() => JSON.parse(writeJson(form)) as unknown).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, Edn]>([
    ['null', null],
    ['true', true],
    ['2', 2],
    ['2.0', new Double(2)],
    ['0.1', 0.1],
    ['1.0E21', new Double(1e21)],
    ['{"#double":"NaN"}', NaN],
    ['{"#double":"-Infinity"}', -Infinity],
    ['{"#long":"9007199254740993"}', 9007199254740993n],
    ['{"#bigint":"2"}', new BigInteger(2n)],
    ['{"#bigdec":"1.5"}', new Decimal('1.50')],
    ['{"#float":1.5}', new Float(1.5)],
    ['{"#float":0.1}', new Float(0.1)],
    ['{"#float":"Infinity"}', new Float(Infinity)],
    ['"a\\"\\\\\\nb"', 'a"\\\nb'],
    ['":a/b"', ':a/b'],
    ['{"#kw":"a/b"}', keyword('a/b')],
    ['{"#sym":"?x"}', symbol('?x')],
    ['{"#inst":"2014-11-15T13:37:42.000Z"}', new Date('2014-11-15T13:37:42Z')],
    ['{"#uuid":"6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10"}', new Uuid('6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10')],
    ['{"#uri":"https://example.com/a%20b"}', new Uri('https://example.com/a%20b')],
    ['{"#bytes":"AQI="}', Uint8Array.of(1, 2)],
    ['[1,"a",null]', [1, 'a', null]],
    ['{"#set":[1,2]}', new EdnSet([1, 2])],
    ['{":a":1,"b":2}', new EdnMap([[keyword('a'), 1], ['b', 2]])], // prettier-ignore
    ['{"#map":[[":a",1]]}', new EdnMap([[':a', 1]])],
    ['{"#map":[[1,2]]}', new EdnMap([[1, 2]])],
    ['{"#map":[["#kw",2]]}', new EdnMap([['#kw', 2]])],
    ['{"#a":1,"#b":2}', new EdnMap([['#a', 1], ['#b', 2]])], // prettier-ignore
    ['{"__proto__":1}', new EdnMap([['__proto__', 1]])],
    ['{"#tag":["my/tag",[1]]}', new Tagged('my/tag', [1])],
  ])('are written as %s', (text, value) => {
    expect(writeJson(value)).toBe(text)
    expect(ednFromJsonText(text, 'value')).toStrictEqual(value)
  })

  it('write a list as an array, and as a list where that is asked for', () => {
    const list = new EdnList([symbol('a'), new EdnList([1])])
    expect(writeJson(list)).toBe('[{"#sym":"a"},[1]]')
    expect(writeJson(list, { exact: true })).toBe('{"#list":[{"#sym":"a"},{"#list":[1]}]}')
  })

  it.each<[string, Edn]>([
    ['half of a surrogate pair', 'a\ud800'],
    ['a plain number beyond 2^53', 2 ** 60],
    ['an invalid date', new Date(NaN)],
    ['a decimal that is not finite', new Decimal(NaN)],
  ])('refuse %s rather than write something else', (_what, value) => {
    expect(refusal(() => writeJson([value])).code).toBe('varve.error/value-unwritable')
  })

  it('refuse what is nested too deep before the stack ends', () => {
    let deep: Edn = []
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(refusal(() => writeJson(deep)).code).toBe('varve.error/notation-limit')
  })
})

describe('values as JavaScript data', () => {
  it('are taken as they are where they are values of Varve already', () => {
    fc.assert(
      fc.property(fc.oneof(...Object.values(SCALARS)), (value) => {
        // Plain text and plain numbers are all that JavaScript's own types can say.
        fc.pre(typeof value !== 'string')
        expect(formFromData([value], 'value')).toStrictEqual([value])
      }),
    )
  })
})
