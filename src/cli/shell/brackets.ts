// What of a text is still open: a form is complete when its brackets are. It looks at brackets, strings and comments
// alone; what the text means is the reader's business (fact/edn-reader.ts).

import { tokenEnd } from '../../fact/edn-scan.ts'

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' }

export type OpenParts = {
  /** Offsets of the brackets that wait for their other half, outermost first. */
  readonly brackets: readonly number[]
  /** The text ends within a string. */
  readonly isInString: boolean
  /** A bracket closes another than the one that was opened last: no further text can mend that. */
  readonly isBroken: boolean
}

/** What is open at the end of `text`. */
export function openParts(text: string): OpenParts {
  const brackets: number[] = []
  const expected = (offset: number): string => CLOSING[text[offset]!]!
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (character === '"') {
      const end = stringEnd(text, at)
      if (end === undefined) return { brackets, isInString: true, isBroken: false }
      at = end
      continue
    }
    if (character === ';') {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end
    } else if (character === '\\') {
      // A character: what follows the backslash opens and closes nothing.
      at = Math.max(at + 1, tokenEnd(text, at + 2) - 1)
    } else if (character in CLOSING) {
      brackets.push(at)
    } else if (')]}'.includes(character)) {
      if (brackets.length > 0 && expected(brackets.at(-1)!) === character) brackets.pop()
      else if (brackets.some((offset) => expected(offset) === character))
        return { brackets, isInString: false, isBroken: true }
      // Else it closes nothing at all; the reader leaves it out, or says so.
    }
    at++
  }
  return { brackets, isInString: false, isBroken: false }
}

/** True where a further line cannot be part of it, or would not help. */
export function isComplete(text: string): boolean {
  const { brackets, isInString, isBroken } = openParts(text)
  return isBroken || (brackets.length === 0 && !isInString)
}

/** Blanks that bring a new line below what the innermost open bracket holds. */
export function indentation(text: string): string {
  const { brackets, isInString } = openParts(text)
  const innermost = brackets.at(-1)
  if (innermost === undefined || isInString) return ''
  return ' '.repeat(innermost - text.lastIndexOf('\n', innermost))
}

/** The offset behind a string; undefined where the text ends within it. */
function stringEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return undefined
}
