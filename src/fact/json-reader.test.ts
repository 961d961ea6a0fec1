import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../testing/refusal.ts'
import { type JsonNode, readJson } from './json-reader.ts'
import { DEPTH_MAX, STRING_LENGTH_MAX, TEXT_BYTES_MAX } from './limits.ts'
import { Double, type Edn } from './value.ts'

const refused = (text: string) => refusal(() => readJson(text))

function number(text: string): Edn {
  const node = readJson(text)
  if (node.kind !== 'number') throw new Error(`${text} is no number`)
  return node.value
}

/** What JSON.parse would give, for texts in which it loses nothing. */
function plain(node: JsonNode): unknown {
  switch (node.kind) {
    case 'array':
      return node.items.map(plain)
    case 'object':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]))
    case 'number':
      return node.value instanceof Double ? node.value.value : Number(node.value)
    case 'null':
      return null
    default:
      return node.value
  }
}

describe('JSON text', () => {
  it.each<[string, Edn]>([
    ['2', 2],
    ['-0', 0],
    ['2.0', new Double(2)],
    ['2e0', new Double(2)],
    ['-0.0', new Double(0)],
    ['0.1', 0.1],
    ['1E-7', 1e-7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['-9223372036854775808', -(2n ** 63n)],
  ])('keeps longs and doubles apart, and longs exact: %s', (text, expected) => {
    expect(number(text)).toStrictEqual(expected)
  })

  it('reads what JSON.parse reads, and refuses what it refuses', () => {
    const pieces = fc.constantFrom(
      ...'[]{},:"\\ 10-.eE+',
      '"a"',
      '"b":',
      'true',
      'null',
      '\\u00e9',
      '\n',
      'é',
      '\u0001',
    )
    const soup = fc.oneof(
      fc.json({ depthSize: 'medium' }),
      fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(soup, (text) => {
        let expected: unknown
        try {
          expected = JSON.parse(text, (_key, item: unknown) => (item === 0 ? 0 : item)) // -0 is 0
        } catch {
          expect(refused(text).data['place']).toMatchObject({ line: expect.any(Number) as number })
          return
        }
        // JSON.parse takes the last of two keys; here they are refused, as are numbers that no type holds.
        try {
          expect(plain(readJson(text))).toEqual(expected)
        } catch (error) {
          const { code } = refusal(() => { throw error }) // prettier-ignore
          const known = [
            'varve.error/duplicate-key',
            'varve.error/number-unreadable',
            'varve.error/string-ill-formed',
          ]
          expect(known).toContain(code)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('keeps keys in their order, and none has a meaning of its own', () => {
    const node = readJson('{"b": 1, "10": 2, "__proto__": {"isAdmin": true}, "a": 3, "constructor": 4}')
    if (node.kind !== 'object') throw new Error('no object')
    expect(node.entries.map(({ key }) => key)).toEqual(['b', '10', '__proto__', 'a', 'constructor'])
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })

  it('may begin with a byte order mark', () => {
    expect(number('\ufeff1')).toBe(1)
  })

  it.each([
    ['', 'missing at the end', 1, 1, []],
    ['[1,\n 2', 'goes on without a comma or ]', 2, 3, [2]],
    ['{"a": 1', 'goes on without a comma or }', 1, 8, ['a']],
    ['[1 2]', 'goes on without', 1, 4, [1]],
    ['[1, ]', 'no JSON value', 1, 5, [1]],
    ['{"a": 1, }', 'A key is missing', 1, 10, ['a']],
    ['{a: 1}', 'A key is missing', 1, 2, ['']],
    ['{"a" 1}', 'A colon is missing', 1, 6, ['a']],
    ['{"a": {"b": [1, tru]}}', 'is no JSON value', 1, 17, ['a', 'b', 1]],
    ['01', 'is no JSON value', 1, 1, []],
    ['+1', 'is no JSON value', 1, 1, []],
    ['.5', 'is no JSON value', 1, 1, []],
    ['1.', 'is no JSON value', 1, 1, []],
    ['NaN', 'is no JSON value', 1, 1, []],
    ["'a'", 'is no JSON value', 1, 1, []],
    ['1 2', 'Something follows', 1, 3, []],
    ['{}]', 'Something follows', 1, 3, []],
    ['["a\\x"]', 'is no escape', 1, 4, [0]],
    ['["a\\u00g0"]', 'is no escape', 1, 4, [0]],
    ['["a\nb"]', 'A control character', 1, 4, [0]],
    ['["abc', 'is never closed', 1, 2, [0]],
    ['// 1', 'is no JSON value', 1, 1, []],
  ])('%j is refused with its place: %s', (text, because, line, column, path) => {
    const error = refused(text)
    expect(error.code).toBe('varve.error/json-syntax')
    expect(error.message).toContain(because)
    expect(error.data['place']).toEqual({ line, column, path })
    expect(error.fix).not.toBe('')
  })

  it('tells which bracket was opened', () => {
    expect(refused('{"a": [1,\n 2}').data['opened']).toEqual({
      bracket: '[',
      place: { line: 1, column: 7, path: ['a', 2] },
    })
  })

  it('refuses a key that stands twice', () => {
    expect(refused('[{"a": 1,\n "\\u0061": 2}]').data).toMatchObject({ place: { line: 2, column: 2 } })
    const many = Array.from({ length: 50 }, (_, index) => `"k${index}": 1`)
    expect(refused(`{${[...many, '"k7": 2'].join()}}`).code).toBe('varve.error/duplicate-key')
    expect(readJson(`{${many.join()}}`).kind).toBe('object')
  })

  it.each(['"\ud800"', '"\\ud800"', '["a\\udc00b"]', '{"\\ud800": 1}'])(
    'refuses half of a surrogate pair: %j',
    (text) => {
      expect(refused(text).code).toBe('varve.error/string-ill-formed')
    },
  )

  it('puts surrogates together that are escaped one by one', () => {
    expect(readJson('"\\ud83d\\ude00"')).toMatchObject({ value: '😀' })
  })

  it.each(['9223372036854775808', '1e400', '-1e400'])('refuses %s, which no type of number holds', (text) => {
    expect(refused(`[${text}]`).code).toBe('varve.error/number-unreadable')
    expect(refused(`[${text}]`).data['place']).toEqual({ line: 1, column: 2, path: [0] })
  })

  it.each([
    ['levels of brackets', () => '['.repeat(200)],
    ['levels of brackets', () => '{"a":'.repeat(100_000)],
    ['levels of brackets', () => '[{"a":'.repeat(100_000)],
    ['bytes', () => `"${'a'.repeat(1e8)}"`],
    ['bytes', () => `"${'漢'.repeat(TEXT_BYTES_MAX / 3)}"`],
    ['characters', () => `"${'a'.repeat(STRING_LENGTH_MAX + 1)}"`],
    ['digits', () => '9'.repeat(1e7)],
    ['digits', () => `0.${'9'.repeat(1e7)}`],
    ['digits', () => `1e${'9'.repeat(1e7)}`],
  ])('refuses more than its limit of %s', (unit, text) => {
    const error = refused(text())
    expect(error.code).toBe('varve.error/notation-limit')
    expect(error.data['unit']).toBe(unit)
    expect(error.message.length).toBeLessThan(300)
  })

  it('has limits that its reader may set', () => {
    const limited = refusal(() => readJson('[1, {"a": 2}]', { elementCountMax: 3 }))
    expect(limited.data).toMatchObject({
      unit: 'elements',
      max: 3,
      place: { line: 1, column: 11, path: [1, 'a'] },
    })
    expect(readJson('[1, {"a": 2}]', { elementCountMax: 4, depthMax: 2, numberDigitsMax: 1 }).kind).toBe(
      'array',
    )
    expect(
      refusal(() => readJson('1', { source: 'body', depthMax: 0, textBytesMax: 0 })).data['place'],
    ).toEqual({
      source: 'body',
      line: 1,
      column: 1,
    })
  })

  it('may nest to the limit', () => {
    expect(readJson('['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX)).kind).toBe('array')
    expect(refused('['.repeat(DEPTH_MAX + 1) + ']'.repeat(DEPTH_MAX + 1)).code).toBe(
      'varve.error/notation-limit',
    )
  })
})
