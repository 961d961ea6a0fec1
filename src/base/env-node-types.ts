// Node's own way from TypeScript to JavaScript: types become blanks, so that every line and column stays. It knows no
// syntax that makes code of types (enums, namespaces, parameter properties) and says so.
//
// A source that is nested too deep breaks it for the rest of its thread: sources of others belong into a thread that can
// be thrown away.

import { stripTypeScriptTypes } from 'node:module'
import process from 'node:process'

/** The source without its types. Throws a `SyntaxError` where it is no TypeScript of that kind. */
export function withoutTypes(source: string): string {
  const { emitWarning } = process
  // It warns that it may change; what it does is pinned by tests on every version that Varve runs on.
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}
