// What of a text is still open: a form is complete when its brackets are. It looks at brackets, strings and comments
// alone; what the text means is the reader's business (fact/edn-reader.ts).

import { tokenEnd } from '../../fact/edn-scan.ts'

const CLOSING: Readonly<Record<string, string>> = { '[': ']', '(': ')', '{': '}' }

type OpenBracket = { readonly offset: number; readonly closing: string }

export type OpenParts = {
  /** Those that wait for their other half, outermost first. */
  readonly brackets: readonly OpenBracket[]
  /** The text ends within a string. */
  readonly isInString: boolean
  /** A bracket closes another than the one that was opened last: no further text can mend that. */
  readonly isBroken: boolean
}

const NOTHING_OPEN: OpenParts = { brackets: [], isInString: false, isBroken: false }

/** What is open at the end of `text`; `before` is what was open in the lines before it. */
export function openParts(text: string, before = NOTHING_OPEN): OpenParts {
  const brackets = [...before.brackets]
  let at = 0
  if (before.isInString) {
    const end = stringEnd(text, 0)
    if (end === undefined) return before
    at = end
  }
  while (at < text.length) {
    const character = text[at]!
    if (character === '"') {
      const end = stringEnd(text, at + 1)
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
    } else if (CLOSING[character] !== undefined) {
      brackets.push({ offset: at, closing: CLOSING[character] })
    } else if (')]}'.includes(character)) {
      if (brackets.at(-1)?.closing === character) brackets.pop()
      else if (brackets.some(({ closing }) => closing === character))
        return { brackets, isInString: false, isBroken: true }
      // Else it closes nothing at all; the reader leaves it out, or says so.
    }
    at++
  }
  return { brackets, isInString: false, isBroken: false }
}

/** True where a further line cannot be part of it, or would not help. */
export function isComplete(text: string): boolean {
  return isAllClosed(openParts(text))
}

export function isAllClosed({ brackets, isInString, isBroken }: OpenParts): boolean {
  return isBroken || (brackets.length === 0 && !isInString)
}

/** Blanks that bring a new line below what the innermost open bracket holds. */
export function indentation(text: string): string {
  const { brackets, isInString } = openParts(text)
  const innermost = brackets.at(-1)?.offset
  if (innermost === undefined || isInString) return ''
  return ' '.repeat(innermost - text.lastIndexOf('\n', innermost))
}

/** The offset behind a string of which `start` is inside; undefined where the text ends within it. */
function stringEnd(text: string, start: number): number | undefined {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return undefined
}
