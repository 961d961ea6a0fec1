// A text that is read, with the places in it. Columns count UTF-16 units, as editors do.

import type { Place } from '../base/errors.ts'

const SHOWN_LENGTH_MAX = 40

export class SourceText {
  readonly text: string
  /** How its author calls it: a file, a field of a request. */
  readonly source: string | undefined
  readonly #firstLine: number
  #lineStarts: readonly number[] | undefined

  /** `firstLine` is the line of its source at which the text begins. */
  constructor(text: string, source: string | undefined, firstLine = 1) {
    this.text = text
    this.source = source
    this.#firstLine = firstLine
  }

  /** Line and column of an offset, both from 1 where the text is all of its source. */
  place(offset: number): Place {
    const starts = (this.#lineStarts ??= lineStarts(this.text))
    let first = 0
    let limit = starts.length
    while (limit - first > 1) {
      const middle = (first + limit) >> 1
      if (starts[middle]! <= offset) first = middle
      else limit = middle
    }
    const place = { line: first + this.#firstLine, column: offset - starts[first]! + 1 }
    return this.source === undefined ? place : { source: this.source, ...place }
  }

  /** What stands between two offsets, cut where it is long: for messages. */
  shown(start: number, end: number): string {
    return shortened(this.text.slice(start, Math.min(end, start + SHOWN_LENGTH_MAX + 1)))
  }
}

/** A text as messages show it: never longer than a few words. */
export function shortened(text: string): string {
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}
