// From the source of a procedure to scripts that QuickJS reads. Every line and column of the source stays, one line
// further down, so that errors can point into what was written.

import { withoutTypes } from '../../base/env-node-types.ts'
import type { Place } from '../../base/errors.ts'
import { procedureSourceInvalid } from '../../procedures/errors.ts'
import { pinnedName, type Procedure } from '../../procedures/procedure.ts'
import { Broken } from './broken.ts'

/**
 * `script` gives, evaluated, a function that makes the procedure anew. `balanced` is the same text in other brackets: a
 * text that would leave its own, to run beside the procedure, cannot be read in both.
 */
export type Scripts = { readonly script: string; readonly balanced: string }

/** Brackets within each other: engines read them by recursion. */
const DEPTH_MAX = 200

/** Throws `varve.error/procedure-source-invalid`. */
export function scriptOf(procedure: Procedure): Scripts {
  checkDepth(procedure)
  const text = procedure.language === 'typescript' ? plain(procedure) : procedure.source
  const expression = withoutExport(text)
  return { script: `(() => (\n${expression}\n))`, balanced: `(() => [\n${expression}\n])` }
}

/** Counts brackets wherever they stand: in texts and comments too, where nobody has so many. */
function checkDepth(procedure: Procedure): void {
  let depth = 0
  let line = 1
  for (const unit of procedure.source) {
    if (unit === '\n') line++
    else if (unit === '(' || unit === '[' || unit === '{') depth++
    else if (unit === ')' || unit === ']' || unit === '}') depth = Math.max(0, depth - 1)
    if (depth > DEPTH_MAX)
      throw procedureSourceInvalid(procedure, `more than ${DEPTH_MAX} brackets stand within each other`, {
        source: pinnedName(procedure),
        line,
      })
  }
}

// What may stand around the expression in a file of its own: `export default … ;`
const EXPORT = /^((?:\s|\/\/[^\n]*\n|\/\*[\s\S]*?\*\/)*)export\s+default\b/
const END = /;\s*$/

function withoutExport(text: string): string {
  const blanked = text.replace(
    EXPORT,
    (all, before: string) => before + all.slice(before.length).replace(/\S/g, ' '),
  )
  return blanked.replace(END, '')
}

function plain(procedure: Procedure): string {
  // Brackets make an expression of it, whatever stands first.
  const opened = `(\n${withoutExport(procedure.source)}\n)`
  try {
    return withoutTypes(opened).slice(2, -2)
  } catch (error) {
    // Whatever else it throws, it is of no use in this thread any more.
    if (!(error instanceof SyntaxError))
      throw new Broken(procedureSourceInvalid(procedure, 'it is nested too deep', undefined))
    throw procedureSourceInvalid(procedure, error.message, placeOf(procedure, error))
  }
}

/** Node says the line before the message, and marks the columns below a copy of it. */
function placeOf(procedure: Procedure, { stack = '' }: SyntaxError): Place | undefined {
  const line = Number(/^:(\d+)\n/.exec(stack)?.[1] ?? NaN) - 1
  if (!(line >= 1)) return undefined
  const marked = /^( *)\^+$/m.exec(stack)?.[1]
  return { source: pinnedName(procedure), line, ...(marked !== undefined && { column: marked.length + 1 }) }
}
