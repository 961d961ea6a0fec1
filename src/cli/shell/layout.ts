// A draft as rows of the window, with the cursor's place among them: long lines go on in the next row, every row begins
// with a prompt or with blanks of its width. Of a draft higher than the window, the part around the cursor is shown.

import { characterWidth, charactersOf, textWidth } from '../text-width.ts'
import type { Draft } from './draft.ts'

export type Layout = {
  readonly rows: readonly string[]
  readonly cursorRow: number
  readonly cursorColumn: number
}

export type WindowSize = { readonly columnCount: number; readonly rowCount: number }

export function layoutOf({ text, cursor }: Draft, prompt: string, size: WindowSize): Layout {
  const margin = ' '.repeat(textWidth(prompt))
  const rows: string[] = [prompt]
  let column = margin.length
  let place = { row: 0, column }
  let offset = 0
  const startRow = (begin: string): void => {
    rows.push(begin)
    column = begin.length
  }
  for (const character of charactersOf(text)) {
    const width = character === '\n' ? 0 : characterWidth(character)
    if (character !== '\n' && column + width > size.columnCount) startRow('')
    if (offset <= cursor) place = { row: rows.length - 1, column }
    if (character === '\n') startRow(margin)
    else {
      rows[rows.length - 1] += character
      column += width
    }
    offset += character.length
  }
  if (cursor >= offset) {
    // A cursor behind a full row stands in the next one.
    if (column >= size.columnCount) startRow('')
    place = { row: rows.length - 1, column }
  }
  return windowed(rows, place, size.rowCount - 1)
}

function windowed(
  rows: readonly string[],
  { row, column }: { readonly row: number; readonly column: number },
  rowCountMax: number,
): Layout {
  const first = Math.max(0, Math.min(row - (rowCountMax >> 1), rows.length - rowCountMax))
  return { rows: rows.slice(first, first + rowCountMax), cursorRow: row - first, cursorColumn: column }
}
