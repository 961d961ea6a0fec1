import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../../base/errors.ts'
import { readAllEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { forms } from '../../testing/arbitrary-values.ts'
import { indentation, isComplete, openParts, type OpenParts } from './brackets.ts'

describe('a form is complete', () => {
  it.each([
    ['', true],
    ['[:find ?x', false],
    ['[:find ?x]', true],
    ['[:find ?x] "pur-8', false],
    ['[:find ?x] "pur-8"', true],
    ['["]"', false],
    ['["\\"]"', false],
    ['[1 ; ]\n', false],
    ['[1 ; ]\n]', true],
    ['[\\] \\(', false],
    ['[\\] \\( \\newline]', true],
    ['#{1 #inst "2014"', false],
    // One too many is left out by the reader; a wrong one is told at once instead of asking for more.
    ['{:find [?x (max ?y)]] :where', false],
    ['[:find (count ?x]', true],
    [']', true],
    ['\\explain [:find', false],
    ['\\explain [:find ?x]', true],
    ['\\asof 2014-11-15', true],
  ])('%j: %s', (text, complete) => {
    expect(isComplete(text)).toBe(complete)
  })

  it('exactly when the reader does not miss a bracket or a quote', () => {
    fc.assert(
      fc.property(forms, fc.nat(), (value, at) => {
        const text = writeEdn(value)
        expect(isComplete(text)).toBe(true)
        const part = text.slice(0, at % (text.length + 1))
        if (!isComplete(part)) expect(() => readAllEdn(part)).toThrow(VarveError)
      }),
    )
  })
})

describe('what is open', () => {
  it('is the same line by line as at once', () => {
    fc.assert(
      fc.property(forms, fc.array(fc.nat(), { maxLength: 5 }), (value, cuts) => {
        // Lines end where tokens do; a text within quotes may be cut anywhere but behind a backslash.
        const text = writeEdn(value).replaceAll(' ', '\n')
        const ends = [...cuts.map((cut) => text.indexOf('\n', cut % text.length) + 1), text.length]
        let open = openParts('')
        let from = 0
        for (const end of ends.sort((x, y) => x - y)) {
          open = openParts(text.slice(from, end), open)
          from = end
        }
        const shape = ({ brackets, ...rest }: OpenParts): unknown => ({
          ...rest,
          closing: brackets.map(({ closing }) => closing),
        })
        expect(shape(open)).toEqual(shape(openParts(text)))
      }),
    )
  })
})

describe('a new line', () => {
  it('begins below what the innermost open bracket holds', () => {
    expect(indentation('[:find ?x')).toBe(' ')
    expect(indentation('[:find ?x\n :where [?e :a ?x]\n        (or [?e')).toBe(' '.repeat(13))
    expect(indentation('[1]')).toBe('')
    expect(indentation('["a')).toBe('')
  })
})
