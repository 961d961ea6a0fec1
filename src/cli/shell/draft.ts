// The text that is being typed and the place where it is typed, as one value: every key makes a new one. Offsets are
// those of JavaScript; moves go by characters as a reader counts them.

import { charactersOf } from '../text-width.ts'

export type Draft = {
  readonly text: string
  /** Offset in `text`. */
  readonly cursor: number
}

export const EMPTY_DRAFT: Draft = { text: '', cursor: 0 }

export function draftOf(text: string): Draft {
  return { text, cursor: text.length }
}

/** The text between two offsets replaced, with the cursor behind what came in. */
export function replaced({ text }: Draft, from: number, to: number, by: string): Draft {
  return { text: text.slice(0, from) + by + text.slice(to), cursor: from + by.length }
}

export function inserted(draft: Draft, text: string): Draft {
  return replaced(draft, draft.cursor, draft.cursor, text)
}

export function moved(draft: Draft, cursor: number): Draft {
  return { text: draft.text, cursor }
}

export function leftOf({ text, cursor }: Draft): number {
  const before = text.slice(0, cursor)
  return (
    cursor - (charactersOf(before.slice(lineStart(before, cursor))).at(-1)?.length ?? (cursor > 0 ? 1 : 0))
  )
}

export function rightOf({ text, cursor }: Draft): number {
  const rest = text.slice(cursor, lineEnd(text, cursor))
  return Math.min(text.length, cursor + (charactersOf(rest)[0]?.length ?? 1))
}

/** Names and numbers are words; brackets and blanks stand between them. */
export function wordLeftOf({ text, cursor }: Draft): number {
  return text.slice(0, cursor).replace(/[\p{L}\p{N}]*[^\p{L}\p{N}]*$/u, '').length
}

export function wordRightOf({ text, cursor }: Draft): number {
  return cursor + /^[^\p{L}\p{N}]*[\p{L}\p{N}]*/u.exec(text.slice(cursor))![0].length
}

export function lineStart(text: string, cursor: number): number {
  return cursor === 0 ? 0 : text.lastIndexOf('\n', cursor - 1) + 1
}

export function lineEnd(text: string, cursor: number): number {
  const end = text.indexOf('\n', cursor)
  return end < 0 ? text.length : end
}

/** The same place in the line above or below; undefined where there is none. */
export function lineMoved(draft: Draft, by: -1 | 1): Draft | undefined {
  const { text, cursor } = draft
  const start = lineStart(text, cursor)
  const column = cursor - start
  const target = by < 0 ? start - 1 : lineEnd(text, cursor) + 1
  if (target < 0 || target > text.length) return undefined
  const targetStart = by < 0 ? lineStart(text, target) : target
  return moved(draft, Math.min(targetStart + column, lineEnd(text, targetStart)))
}

/** Two characters before the cursor exchanged. */
export function transposed(draft: Draft): Draft {
  const { text, cursor } = draft
  const second = cursor === lineEnd(text, cursor) ? leftOf(draft) : cursor
  const first = leftOf(moved(draft, second))
  const end = rightOf(moved(draft, second))
  if (first === second || text.slice(first, end).includes('\n')) return draft
  return replaced(draft, first, end, text.slice(second, end) + text.slice(first, second))
}
