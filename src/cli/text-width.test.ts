import { describe, expect, it } from 'vitest'
import { charactersOf, cutToWidth, textWidth } from './text-width.ts'

describe('the width of a text', () => {
  it.each([
    ['plain', 5],
    ['Müller – “x”', 12],
    ['日本', 4],
    ['e\u0301', 1],
    ['👍🏽', 2],
    ['👨‍👩‍👧', 2],
    ['ｆｕｌｌ', 8],
    ['\u200b', 0],
    ['', 0],
  ])('of %j is %d', (text, width) => {
    expect(textWidth(text)).toBe(width)
  })

  it('cuts to what fits, and never within a character', () => {
    expect(cutToWidth('abcdef', 6)).toBe('abcdef')
    expect(cutToWidth('abcdef', 5)).toBe('abcd…')
    expect(cutToWidth('日本語', 5)).toBe('日本…')
    expect(cutToWidth('日本語', 4)).toBe('日…')
    expect(cutToWidth('ae\u0301bcd', 3)).toBe('ae\u0301…')
  })

  it('counts a family as one character', () => {
    expect(charactersOf('a👨‍👩‍👧b')).toHaveLength(3)
  })
})
