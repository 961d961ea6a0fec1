// Errors and warnings as a person reads them, on stderr: what, where, and what to do next.

import { type Place, VarveError, type Warning } from '../base/errors.ts'
import type { Terminal } from '../base/terminal.ts'
import { textWidth } from './text-width.ts'

export type ReportedInput = {
  readonly text: string
  /** The line of its source at which it begins. */
  readonly firstLine?: number
}

/** Of a long line, what is shown around the place. */
const EXCERPT_LENGTH = 100

/** `input` is what the error's place is in, where it is at hand: the line is shown, with a mark below the place. */
export function reportError(error: unknown, terminal: Terminal, input?: ReportedInput): void {
  if (!(error instanceof VarveError)) {
    terminal.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return
  }
  const place = error.data['place'] as Place | undefined
  const shown = input === undefined ? '' : excerpt(input, place)
  terminal.err(
    `error: ${error.message}${placeText(place, error.message)}\n${shown}  fix: ${error.fix}\n  code: ${error.code}\n`,
  )
}

export function reportWarnings(warnings: readonly Warning[], terminal: Terminal): void {
  for (const { message, place, fix, code } of warnings) {
    terminal.err(`warning: ${message}${placeText(place, message)}\n  fix: ${fix}\n  code: ${code}\n`)
  }
}

function placeText(place: Place | undefined, message: string): string {
  if (place === undefined) return ''
  // Messages of readers tell the place themselves.
  if (message.includes(`line ${place.line}`)) return ''
  const source = place.source === undefined ? '' : `${place.source}, `
  if (place.line !== undefined) return ` (${source}line ${place.line}, column ${place.column ?? 1})`
  return place.path === undefined ? '' : ` (${source}at ${place.path.join('.')})`
}

/** The line of a place, as much of it as fits, with a mark below the column. */
function excerpt({ text, firstLine = 1 }: ReportedInput, place: Place | undefined): string {
  const line = place?.line === undefined ? undefined : text.split('\n')[place.line - firstLine]
  if (line === undefined) return ''
  const offset = (place?.column ?? 1) - 1
  const first = Math.max(0, offset - EXCERPT_LENGTH / 2)
  const shown = line.slice(first, first + EXCERPT_LENGTH)
  return `    ${shown}\n    ${' '.repeat(textWidth(shown.slice(0, offset - first)))}^\n`
}
