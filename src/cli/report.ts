// Errors and warnings as a person reads them, on stderr: what, where, and what to do next.

import { type Place, VarveError, type Warning } from '../base/errors.ts'
import type { Terminal } from '../base/terminal.ts'

export function reportError(error: unknown, terminal: Terminal): void {
  if (!(error instanceof VarveError)) {
    terminal.err(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return
  }
  const place = placeText(error.data['place'] as Place | undefined, error.message)
  terminal.err(`error: ${error.message}${place}\n  fix: ${error.fix}\n  code: ${error.code}\n`)
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
