import { describe, expect, it } from 'vitest'
import {
  type Draft,
  draftOf,
  inserted,
  leftOf,
  lineMoved,
  moved,
  rightOf,
  transposed,
  wordLeftOf,
  wordRightOf,
} from './draft.ts'

/** `|` marks the cursor. */
function draft(marked: string): Draft {
  return { text: marked.replace('|', ''), cursor: marked.indexOf('|') }
}

function shown({ text, cursor }: Draft): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`
}

describe('a draft', () => {
  it('takes text where the cursor is', () => {
    expect(shown(inserted(draft('a|d'), 'bc'))).toBe('abc|d')
    expect(shown(draftOf('ab'))).toBe('ab|')
  })

  it.each([
    ['ab|', 1, 2],
    ['|ab', 0, 1],
    ['ae\u0301|', 1, 3],
    ['x👨‍👩‍👧|y', 1, 10],
    ['a\n|b', 1, 3],
    ['a|\nb', 0, 2],
  ])('of %j goes left to %d and right to %d', (marked, left, right) => {
    expect(leftOf(draft(marked))).toBe(left)
    expect(rightOf(draft(marked))).toBe(right)
  })

  it('goes by words', () => {
    const at = draft('[:find ?name |:where [_ :purchase/id]]')
    expect(wordLeftOf(at)).toBe('[:find ?'.length)
    expect(wordRightOf(at)).toBe('[:find ?name :where'.length)
    expect(wordLeftOf(draft('|'))).toBe(0)
    expect(wordRightOf(draft('ab]|'))).toBe(3)
  })

  it('goes up and down in the same column, as far as lines reach', () => {
    const at = draft('[:find ?x\n :where\n        [|?e]]')
    const up = lineMoved(at, -1)!
    expect(shown(up)).toBe('[:find ?x\n :where|\n        [?e]]')
    expect(shown(lineMoved(up, -1)!)).toBe('[:find |?x\n :where\n        [?e]]')
    expect(lineMoved(at, 1)).toBeUndefined()
    expect(lineMoved(moved(at, 2), -1)).toBeUndefined()
    expect(shown(lineMoved(draft('|\nab'), 1)!)).toBe('\n|ab')
  })

  it('exchanges the two characters at the cursor', () => {
    expect(shown(transposed(draft('acb|')))).toBe('abc|')
    expect(shown(transposed(draft('ac|bd')))).toBe('abc|d')
    expect(shown(transposed(draft('|ab')))).toBe('|ab')
    expect(shown(transposed(draft('a\n|b')))).toBe('a\n|b')
  })
})
