import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { readEdn } from './edn-reader.ts'
import { ednFromJsonText } from './json-form.ts'
import { isKeywordText, isSymbolText, isTagText } from './names.ts'
import { type Edn, keyword, symbol, Tagged } from './value.ts'

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.string({ unit: fc.constantFrom(...'ab/:#1.-+\'"?;,é\u00a0\u0085\u200b', '😀'), maxLength: 6 }),
  fc.constantFrom(
    'nil',
    'true',
    'false',
    '/',
    '//',
    'a//',
    '/a',
    'a/',
    '-1',
    '+a',
    '.5',
    '.a',
    '_',
    'a:',
    'a/b/c',
  ),
)

function read(text: string): Edn | undefined {
  try {
    return readEdn(text).value
  } catch (error) {
    if (error instanceof VarveError) return undefined
    throw error
  }
}

describe('a text', () => {
  it('is a keyword exactly where EDN reads it as that keyword behind a colon', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(`:${text}`) === keyword(text)).toBe(isKeywordText(text) && text.isWellFormed())
      }),
      { numRuns: 3_000 },
    )
  })

  it('is a symbol exactly where EDN reads it as that symbol', () => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(text) === symbol(text)).toBe(isSymbolText(text) && text.isWellFormed())
      }),
      { numRuns: 3_000 },
    )
  })

  it('is a tag exactly where EDN reads it as that tag', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const form = read(`#${text} :a`)
        const isTag = form instanceof Tagged && form.tag === text && form.value === keyword('a')
        expect(isTag).toBe(isTagText(text) && text.isWellFormed())
      }),
      { numRuns: 3_000 },
    )
  })

  it('is a keyword in JSON where it is one in EDN', () => {
    fc.assert(
      fc.property(texts, (text) => {
        fc.pre(text.isWellFormed())
        const [form] = ednFromJsonText(JSON.stringify([`:${text}`]), 'form') as readonly Edn[]
        expect(form).toBe(isKeywordText(text) ? keyword(text) : `:${text}`)
      }),
    )
  })

  it('may be of millions of characters', () => {
    expect(isKeywordText('é'.repeat(4_000_000))).toBe(true)
    expect(isSymbolText('a/'.repeat(2_000_000))).toBe(false)
    expect(isSymbolText(`${'é'.repeat(4_000_000)} `)).toBe(false)
  })
})
