import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { refusal } from '../testing/refusal.ts'
import { nodeFromData } from './data-node.ts'
import { writeEdn } from './edn-writer.ts'
import { formFromData } from './json-form.ts'
import { BigNumber } from 'bignumber.js'
import { Decimal, double, type Edn, EdnList, EdnMap, Float, keyword, symbol, Uuid } from './value.ts'

const value = (data: unknown): Edn => formFromData(data, 'value')
const refused = (data: unknown) => refusal(() => value(data))

describe('JavaScript data', () => {
  it('is what it looks like', () => {
    expect(value(null)).toBeNull()
    expect(value([1, -0, 'a', true, [2.5]])).toStrictEqual([1, 0, 'a', true, [2.5]])
    expect(value({ ':a/b': 1, c: { d: [] } })).toStrictEqual(
      new EdnMap([
        [keyword('a/b'), 1],
        ['c', new EdnMap([['d', []]])],
      ]),
    )
    expect(value(Object.assign(Object.create(null) as object, { a: 1 }))).toStrictEqual(
      new EdnMap([['a', 1]]),
    )
    expect(writeEdn(value(new Set([1, 'a'])))).toBe('#{1 "a"}')
    expect(writeEdn(value(new Map<unknown, unknown>([[[1], { a: 2 }]])))).toBe('{[1] {"a" 2}}')
    expect(writeEdn(value({ '#inst': '2014' }))).toBe('#inst "2014-01-01T00:00:00.000-00:00"')
  })

  it('has numbers: safe integers are longs, all others doubles, bigints longs where they fit', () => {
    expect(value(2 ** 53 - 1)).toBe(2 ** 53 - 1)
    expect(value(2 ** 53)).toStrictEqual(double(2 ** 53))
    expect(value(NaN)).toBeNaN()
    expect(value(Infinity)).toBe(Infinity)
    expect(value(5n)).toBe(5)
    expect(value(2n ** 62n)).toBe(2n ** 62n)
    expect(writeEdn(value(2n ** 70n))).toBe(`${2n ** 70n}N`)
    expect(writeEdn(value(new BigNumber('1.50')))).toBe('1.5M')
    expect(value(new Decimal('1.5'))).toStrictEqual(new Decimal('1.5'))
  })

  it('takes values of Varve as they are', () => {
    const values = [keyword('a'), symbol('?x'), new Float(1), new Uuid('a'), new EdnList([1])]
    expect(value(values)).toStrictEqual(values)
  })

  it('copies what can change', () => {
    const date = new Date(5)
    const bytes = Uint8Array.of(1, 2)
    const [sameDate, sameBytes] = value([date, bytes]) as [Date, Uint8Array]
    date.setTime(6)
    bytes[0] = 9
    expect(sameDate.getTime()).toBe(5)
    expect(sameBytes).toStrictEqual(Uint8Array.of(1, 2))
    expect(value(Buffer.from([1, 2]))).toStrictEqual(Uint8Array.of(1, 2))
  })

  it('may come from another realm', () => {
    const foreign: unknown = runInNewContext(
      '({ a: [1, new Date(5)], b: new Uint8Array([1]), c: new Set([1]), d: new Map([[1, 2]]) })',
    )
    expect(writeEdn(value(foreign))).toBe(
      '{"a" [1 #inst "1970-01-01T00:00:00.005-00:00"], "b" #bytes "AQ==", "c" #{1}, "d" {1 2}}',
    )
  })

  it('takes no key for more than a key', () => {
    const parsed: unknown = JSON.parse('{"__proto__": {"isAdmin": true}, "constructor": 1}')
    expect(writeEdn(value(parsed))).toBe('{"__proto__" {"isAdmin" true}, "constructor" 1}')
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })

  const cycle: unknown[] = [1]
  cycle.push({ again: cycle })
  class Money {
    readonly amount = 5
  }

  it.each<[string, unknown, (string | number)[]]>([
    ['undefined', { a: [1, undefined] }, ['a', 1]],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole', [1, , 2], [1]],
    ['a function', { a: () => 1 }, ['a']],
    ['a symbol', [Symbol('x')], [0]],
    ['an object of a class', { price: new Money() }, ['price']],
    ['an error', [new Error('x')], [0]],
    ['a promise', [Promise.resolve()], [0]],
    ['a regular expression', [/a/], [0]],
    ['a typed array of other numbers', [Float64Array.of(1)], [0]],
    ['an invalid date', { a: new Date(NaN) }, ['a']],
    ['a decimal that is not finite', [new BigNumber(NaN)], [0]],
    ['a cycle', cycle, [1, 'again']],
  ])('with %s is refused with its path', (_what, data, path) => {
    const error = refused(data)
    expect(error.code).toBe('varve.error/data-unconvertible')
    expect(error.data['place']).toEqual({ path })
    expect(error.fix).not.toBe('')
  })

  it('with half of a surrogate pair is refused, in keys too', () => {
    expect(refused(['a\ud800']).code).toBe('varve.error/string-ill-formed')
    expect(refused({ '\udc00': 1 }).code).toBe('varve.error/string-ill-formed')
  })

  it('with doubles in a set or map is refused', () => {
    expect(refused([new Set([[1], [1]])]).code).toBe('varve.error/duplicate-key')
    expect(refused(new Map([[{ a: 1 }, 1], [{ a: 1 }, 2]])).code).toBe('varve.error/duplicate-key') // prettier-ignore
  })

  it('may hold one array several times, and not without end', () => {
    const shared = [1]
    expect(value([shared, shared])).toStrictEqual([[1], [1]])
    let doubled: unknown = [1]
    for (let level = 0; level < 60; level++) doubled = [doubled, doubled]
    const error = refusal(() => nodeFromData(doubled, 1_000))
    expect(error.data).toMatchObject({ unit: 'values', max: 1_000 })
  })

  it('with a string or bytes of a hundred megabytes is refused with its path', () => {
    for (const huge of ['x'.repeat(100_000_000), new Uint8Array(100_000_000)]) {
      const error = refused({ a: [huge] })
      expect(error.code).toBe('varve.error/notation-limit')
      expect(error.data['place']).toEqual({ path: ['a', 0] })
    }
  })

  it('nested 200 and 100,000 levels deep is refused before the stack ends', () => {
    for (const count of [200, 100_000]) {
      let deep: unknown = []
      for (let level = 0; level < count; level++) deep = level % 2 === 0 ? [deep] : { a: deep }
      expect(refused(deep).code).toBe('varve.error/notation-limit')
    }
  })
})
