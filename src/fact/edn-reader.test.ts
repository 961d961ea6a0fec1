import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Place, VarveError } from '../base/errors.ts'
import { forms } from '../testing/arbitrary-values.ts'
import { refusal } from '../testing/refusal.ts'
import { type EdnOptions, readAllEdn, readEdn } from './edn-reader.ts'
import { writeEdn } from './edn-writer.ts'
import {
  DEPTH_MAX,
  NUMBER_DIGITS_MAX,
  STRING_LENGTH_MAX,
  TEXT_BYTES_MAX,
  WRITTEN_BY_VARVE,
} from './limits.ts'
import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  type EdnList,
  EdnMap,
  EdnSet,
  Float,
  keyword,
  symbol,
  Tagged,
} from './value.ts'

const value = (text: string): Edn => readEdn(text).value
const refused = (text: string, options?: EdnOptions) => refusal(() => readEdn(text, options))
const placeOf = (text: string): Place => refused(text).data['place'] as Place
const k = keyword

describe('EDN text', () => {
  it('has names', () => {
    const text = 'a a/b / ?x $ % _ * . ... + - -a +a .a <= a.b/c! clojure.core// é/漢 a#b nilly'
    expect(readAllEdn(text).value).toEqual(text.split(' ').map(symbol))
    const keys = ':a :a/b :1 :a/1 :? :+ :a:b :a#b :é :nil :/ :a// :-1'
    expect(readAllEdn(keys).value).toEqual(keys.split(' ').map((key) => k(key.slice(1))))
    expect(value('[nil true false]')).toEqual([null, true, false])
  })

  it.each<[string, Edn]>([
    ['0', 0],
    ['-0', 0],
    ['+7', 7],
    ['9007199254740991', 9007199254740991],
    ['9007199254740992', 9007199254740992n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['2N', new BigInteger(2n)],
    ['2.0', new Double(2)],
    ['2.', new Double(2)],
    ['2e0', new Double(2)],
    ['-0.0', new Double(0)],
    ['1.5E-3', 0.0015],
    ['1e22', new Double(1e22)],
    ['2.50M', new Decimal('2.5')],
    ['2M', new Decimal(2)],
    ['1E400M', new Decimal('1e400')],
    ['##Inf', Infinity],
    ['##-Inf', -Infinity],
    ['##NaN', NaN],
    ['#float 0.1', new Float(0.1)],
    ['#float 1', new Float(1)],
    ['#inst 0', new Date(0)],
    ['#inst "2014"', new Date('2014-01-01T00:00:00Z')],
    ['#inst "2014-11-15T13:37:42.123456+01:30"', new Date('2014-11-15T12:07:42.123Z')],
  ])('has numbers and moments: %s', (text, expected) => {
    expect(value(text)).toStrictEqual(expected)
  })

  it.each([
    ['07', 'begins with a zero'],
    ['0x1F', 'begins with a zero'],
    ['-007', 'begins with a zero'],
    ['1/2', 'is a ratio'],
    ['2r101', 'is no number'],
    ['1.5N', 'is no number'],
    ['1a', 'is no number'],
    ['1_000', 'is no number'],
    ['9223372036854775808', 'beyond 64 bits'],
    ['1e400', 'beyond what a double holds'],
    ['1E1001M', 'beyond ten to the power of 1000'],
  ])('refuses the number %s, which %s', (text, because) => {
    const error = refused(`[:a\n ${text}]`)
    expect(error.code).toBe('varve.error/number-unreadable')
    expect(error.message).toContain(because)
    expect(error.data['place']).toEqual({ line: 2, column: 2 })
    expect(error.data['text']).toBe(text)
  })

  it('has characters as texts of one character', () => {
    expect(value('[\\a \\newline \\space \\tab \\return \\u0041 \\é \\😀 \\u]')).toEqual([
      'a',
      '\n',
      ' ',
      '\t',
      '\r',
      'A',
      'é',
      '😀',
      'u',
    ])
    expect(value('[\\(\\)\\;]')).toEqual(['(', ')', ';'])
    for (const text of ['\\', '\\ ', '\\ab', '\\u12', '\\o101']) {
      expect(refused(text).code).toBe('varve.error/edn-syntax')
      expect(refused(text).message).toContain('is no character')
    }
  })

  it('has strings over several lines, with escapes', () => {
    expect(value('"a\n\\t\\r\\n\\b\\f\\\\\\"\\u00e9\\ud83d\\ude00 ;#{"')).toBe('a\n\t\r\n\b\f\\"é😀 ;#{')
    expect(refused('["a\\q"]').data['place']).toEqual({ line: 1, column: 4 })
    expect(refused('["a\\u12"]').message).toContain('is no escape')
    expect(refused('[1\n "abc').message).toContain('never closed')
    expect(placeOf('[1\n "abc')).toEqual({ line: 2, column: 2 })
  })

  it('passes over commas, comments, discarded forms and metadata', () => {
    expect(value('; a\n[1,,2 ;]\n #_ 3 #_#_ 4 [5] 6 #_{:a 1} ^:key 7 ^{:a 1} [8]]#_9 ; end')).toEqual([
      1,
      2,
      6,
      7,
      [8],
    ])
    expect(value('{:a #_ 1 2 #_ :b}')).toEqual(new EdnMap([[k('a'), 2]]))
    expect(value('[#_#my/tag 1 2]')).toEqual([2])
  })

  it('has maps whose keys share a namespace', () => {
    expect(value('#:order{:id 1, :other/x 2, :_/y 3, "z" 4, w 5, a/w 6, _/w 7}')).toEqual(
      new EdnMap([
        [k('order/id'), 1],
        [k('other/x'), 2],
        [k('y'), 3],
        ['z', 4],
        [symbol('order/w'), 5],
        [symbol('a/w'), 6],
        [symbol('w'), 7],
      ]),
    )
    for (const text of ['#:order [1]', '#: {:a 1}', '#::order{:a 1}', '#:a/b{:c 1}', '#:order {:a 1}']) {
      expect(refused(text).message).toContain('namespaced map')
    }
    expect(refused('#:a{:b 1 :a/b 2}').code).toBe('varve.error/duplicate-key')
  })

  it('keeps tags that are somebody else’s', () => {
    expect(value('#tempid "a"')).toEqual(new Tagged('tempid', 'a'))
    expect(value('#a/b #c [1]')).toEqual(new Tagged('a/b', new Tagged('c', [1])))
  })

  it.each([
    ['#inst "yesterday"', 1],
    ['#inst "2014-02-29"', 1],
    ['#inst :a', 1],
    ['#inst 1.5', 1],
    ['#uuid "6f1c0c1e"', 1],
    ['#uuid 1', 1],
    ['#uri "a b"', 1],
    ['#bytes "AQ"', 1],
    ['#bytes "AR=="', 1],
    ['#float "a"', 1],
    ['#float 1e40', 1],
    ['#float 0.1M', 1],
    [':a/b/c', 1],
    ['::a', 1],
    [':', 1],
    [':a/', 1],
  ])('refuses %s, which its tag or colon promises and it is not', (text, column) => {
    const error = refused(`\n${text}`)
    expect(error.code).toBe('varve.error/literal-invalid')
    expect(error.data['place']).toEqual({ line: 2, column })
    expect(error.fix).not.toBe('')
  })

  it.each([
    ['', 'holds no form'],
    [' ; nothing\n', 'holds no form'],
    ['#_ 1', 'holds no form'],
    ["'a", 'A quote is code'],
    ['`a', 'begins no form'],
    ['@a', 'begins no form'],
    ['~a', 'begins no form'],
    ['#"a.*"', 'is no tag'],
    ['#(inc %)', 'is no tag'],
    ['#?(:clj 1)', 'is no tag'],
    ["#'a", 'is no tag'],
    ['##Infinity', 'is no value'],
    ['a:', 'is no symbol'],
    ['a/b/c', 'is no symbol'],
    ['{:a}', 'a key without a value'],
    ['{:a 1 :b}', 'a key without a value'],
    ['[#_]', 'no form after it'],
    ['[#inst]', 'no form after it'],
    ['[^:a]', 'no form after it'],
    ['#inst', 'no form after it'],
    ['1 2', 'is finished, and 2 follows'],
  ])('refuses %j: %s', (text, because) => {
    const error = refused(text)
    expect(['varve.error/edn-syntax', 'varve.error/literal-invalid']).toContain(error.code)
    expect(error.message).toContain(because)
    expect(error.data['place']).toBeDefined()
  })

  it.each(['#{1 1}', '#{1 1.0}', '#{[1] [1.0]}', '#{"a" \\a}', '#{nil 1 nil}', '#{#{1 2} #{2 1}}'])(
    'refuses %s, whose members are not distinct',
    (text) => {
      expect(refused(text).code).toBe('varve.error/duplicate-key')
    },
  )

  it.each(['{:a 1 :b 2 :a 3}', '{1 1 1M 2}', `{${'"k" 1 '.repeat(20)}}`, '{{:a 1} 1 {:a 1} 2}'])(
    'refuses %s, which has a key twice',
    (text) => {
      expect(refused(text).code).toBe('varve.error/duplicate-key')
    },
  )

  it('takes texts of several forms, and none', () => {
    expect(readAllEdn('1 [2] ; x').value).toEqual([1, [2]])
    expect(readAllEdn(' ').value).toEqual([])
  })
})

describe('places in EDN text', () => {
  it('are those of every element, in every collection', () => {
    const { value: form, places } = readEdn('[:a\n  {:b [1 2]}\n (c)]')
    const [, map, list] = form as [Edn, EdnMap, EdnList]
    expect(places.of(map)).toEqual({ line: 2, column: 3 })
    expect(places.placeOf(form as object, 2)).toEqual({ line: 3, column: 2 })
    expect(places.placeOf(map, 0)).toEqual({ line: 2, column: 4 })
    expect(places.placeOf(map, 1)).toEqual({ line: 2, column: 7 })
    expect(places.placeOf(list, 0)).toEqual({ line: 3, column: 3 })
    expect(places.span(map)).toEqual({ start: 6, end: 16 })
    expect(places.span(map, 1)).toEqual({ start: 10, end: 15 })
    expect(places.of([])).toBeUndefined()
    expect(places.placeOf(list, 7)).toBeUndefined()
  })

  it('name the source, and count astral characters as editors do', () => {
    expect(refused('["😀" 07]', { source: 'query' }).data['place']).toEqual({
      source: 'query',
      line: 1,
      column: 7,
    })
  })

  it('point into the text of every form that was written', () => {
    fc.assert(
      fc.property(fc.array(forms, { minLength: 1, maxLength: 4 }), (made) => {
        const text = writeEdn(made)
        const { value: form, places } = readEdn(text)
        for (let index = 0; index < made.length; index++) {
          const { start, end } = places.span(form as object, index)!
          expect(readEdn(text.slice(start, end)).value).toStrictEqual(made[index])
        }
      }),
    )
  })
})

describe('a bracket too many', () => {
  const recovered = (text: string) => readEdn(text, { recover: true })

  it.each([
    ['[1 2]]', '[1 2]', 6],
    ['{:find [?n]] :in [?i]}', '{:find [?n] :in [?i]}', 12],
    ['{:a 1}}', '{:a 1}', 7],
    ['(a (b)))', '(a (b))', 8],
    ['#{1}} ; x', '#{1}', 5],
    ['[:find ?x] :where [?x :a]]', '[:find ?x :where [?x :a]]', 10],
    ['{:query {:find [?a ?b]] :in [?c]} :args [0]}', '{:query {:find [?a ?b] :in [?c]} :args [0]}', 23],
  ])('in %s is left out with a warning that points at it', (text, meant, column) => {
    const { value: form, warnings } = recovered(text)
    expect(form).toStrictEqual(value(meant))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      code: 'varve.warning/bracket-recovered',
      fix: `Delete that ${text[column - 1]}`,
      place: { line: 1, column },
    })
    // Whoever does not ask for it gets the error.
    expect(['varve.error/edn-bracket', 'varve.error/edn-syntax']).toContain(refused(text).code)
  })

  it('is left out several times, each with its warning', () => {
    expect(recovered('[1]]]').warnings.map(({ place }) => place)).toEqual([
      { line: 1, column: 4 },
      { line: 1, column: 5 },
    ])
    expect(refused(`[1]${']'.repeat(9)}`, { recover: true }).code).toBe('varve.error/edn-bracket')
  })

  it.each([
    ['[1 2', { line: 1, column: 1 }, '[', { line: 1, column: 1 }],
    ['{:a\n [1 (2 3]}', { line: 2, column: 9 }, '(', { line: 2, column: 5 }],
    ['(a [b}', { line: 1, column: 6 }, '[', { line: 1, column: 4 }],
    ['#{1)', { line: 1, column: 4 }, '#{', { line: 1, column: 1 }],
    ['#:a{:b 1]', { line: 1, column: 9 }, '#:a{', { line: 1, column: 1 }],
  ])('or too few, where the meaning of %j is not plain, is an error', (text, place, bracket, opened) => {
    const error = refused(text, { recover: true })
    expect(error.code).toBe('varve.error/edn-bracket')
    expect(error.data).toMatchObject({ place, opened: { bracket, place: opened } })
  })

  it('that closes nothing says so', () => {
    const error = refused('[1]\n)')
    expect(error.message).toBe('The ) at line 2, column 1 closes nothing')
    expect(error.data['opened']).toBeUndefined()
  })

  it('is passed over as a blank would be, wherever it was put', () => {
    fc.assert(
      fc.property(forms, fc.nat(), fc.constantFrom(']', ')', '}'), (made, position, bracket) => {
        const text = `[${writeEdn(made)}]`
        const at = position % (text.length + 1)
        const damaged = text.slice(0, at) + bracket + text.slice(at)
        const read = attempt(() => recovered(damaged))
        if (read === undefined) return
        const strays = read.warnings.map(({ place }) => place!.column! - 1)
        const blanked = Array.from({ length: damaged.length }, (_, i) =>
          strays.includes(i) ? ' ' : damaged[i],
        )
        expect(readEdn(blanked.join('')).value).toStrictEqual(read.value)
      }),
    )
  })
})

describe('EDN text from strangers', () => {
  const openings = ['[', '(', '{', '#{', '#_', '^', '#a ', '{:a ', '#:a{:b ', '[[{:a #{('] as const

  it.each(openings)('of 200 and 100,000 levels of %j is refused at the hundred-and-first', (opening) => {
    for (const count of [200, 100_000]) {
      const error = refused(opening.repeat(count), { recover: true })
      expect(error.code).toBe('varve.error/notation-limit')
      expect(error.message).toContain(`${DEPTH_MAX} levels`)
    }
  })

  it('may nest to the limit', () => {
    const text = '['.repeat(DEPTH_MAX) + ']'.repeat(DEPTH_MAX)
    expect(writeEdn(value(text))).toBe(text)
    expect(refused(`[${text}]`).code).toBe('varve.error/notation-limit')
    expect(readEdn(`[${text}]`, { depthMax: 101 }).places).toBeDefined()
  })

  it.each([
    ['a text of a hundred megabytes', () => `"${'a'.repeat(1e8)}"`, 'bytes'],
    ['bytes that only encoding shows', () => `"${'漢'.repeat(TEXT_BYTES_MAX / 3)}"`, 'bytes'],
    ['a string beyond the limit', () => `"${'a'.repeat(STRING_LENGTH_MAX + 1)}"`, 'characters'],
    ['a number of ten million digits', () => '9'.repeat(1e7), 'digits'],
    ['a bigint of as many', () => `${'9'.repeat(1e7)}N`, 'digits'],
    ['a decimal of as many', () => `0.${'9'.repeat(1e7)}M`, 'digits'],
    ['millions of elements', () => `[${'1 '.repeat(2_000_001)}]`, 'elements'],
  ])('with %s is refused by a limit that says so', (_what, text, unit) => {
    const error = refused(text())
    expect(error.code).toBe('varve.error/notation-limit')
    expect(error.data['unit']).toBe(unit)
    expect(error.data['place']).toMatchObject({ line: 1 })
    expect(error.message.length).toBeLessThan(300)
  })

  it('has limits that its reader may set', () => {
    expect(refused('"abc"', { stringLengthMax: 2 }).data).toMatchObject({ unit: 'characters', max: 2 })
    expect(refused('123', { numberDigitsMax: 2 }).data).toMatchObject({ unit: 'digits', max: 2 })
    expect(refused('[1 2]', { elementCountMax: 2 }).data).toMatchObject({ unit: 'elements', max: 2 })
    expect(refused('[12]', { textBytesMax: 3 }).data).toMatchObject({ unit: 'bytes', max: 3 })
    expect(refused('1E5M', { decimalExponentMax: 4 }).code).toBe('varve.error/number-unreadable')
    expect(value('9'.repeat(NUMBER_DIGITS_MAX) + 'N')).toBeInstanceOf(BigInteger)
  })

  it('has none where Varve wrote it itself', () => {
    const text = `[${'9'.repeat(2_000)}N 1E+2000M ${'['.repeat(900)}${']'.repeat(900)}]`
    expect(refused(text).code).toBe('varve.error/notation-limit')
    expect(writeEdn(readEdn(text, WRITTEN_BY_VARVE).value)).toBe(text)
  })

  it.each(['"a\ud800"', '"\udc00"', '"\\ud800"', ':a\ud800', '; \ud800\n1', '[\\ud800]'])(
    'with half of a surrogate pair is refused: %j',
    (text) => {
      const error = refused(text)
      expect(error.code).toBe('varve.error/string-ill-formed')
      expect(error.data['place']).toMatchObject({ line: 1 })
    },
  )

  it('never fails with anything but an error of Varve', () => {
    const pieces = fc.constantFrom(
      ...'[](){}:"\\;\n ,1a0N-+.e/\'@\u0000',
      ...' #{ #_ # ## ^ #inst "2014" #:a{ :a "x" 1.5M 😀'.split(' '),
    )
    const soup = fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(soup, fc.boolean(), (text, recover) => {
        try {
          const { value: form } = readEdn(text, { recover })
          expect(readEdn(writeEdn(form)).value).toStrictEqual(form)
        } catch (error) {
          const { code, fix, data } = refusal(() => { throw error }) // prettier-ignore
          expect(code).toMatch(/^varve\.error\//)
          expect(fix).not.toBe('')
          expect(data['place']).toMatchObject({ line: expect.any(Number) as number })
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('costs no more the deeper sets stand in sets', () => {
    // Made anew at every level, the keys of the inner sets would come to 95 · 1 MB · 95 / 2.
    let text = `"${'x'.repeat(1_000_000)}"`
    for (let level = 0; level < 95; level++) text = `#{${text} 2}`
    expect(readEdn(text).value).toBeInstanceOf(EdnSet)
    expect(refused(`#{${text} 3 ${text}}`).code).toBe('varve.error/duplicate-key')
  })
})

function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run()
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}
