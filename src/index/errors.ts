// What an index answers when a question cannot be answered from it.

import { VarveError } from '../base/errors.ts'
import type { AttributeId, T } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'

/** A question as of a t about an attribute without history, whose value of that time was dropped. */
export function historyGone(schema: Schema, a: AttributeId, asOf: T): VarveError {
  const attribute = String(schema.identOf(a) ?? a)
  return new VarveError({
    code: 'varve.error/history-gone',
    kind: 'incorrect',
    message: `${attribute} keeps no history, and a value it had as of t ${asOf} is gone`,
    fix: 'Ask the present, or retract :db/noHistory from the attribute to keep what comes from now on',
    data: { attribute, asOf },
  })
}

/** The root object does not pass its own checksum, or is none. */
export function rootCorrupt(what: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/root-corrupt',
    kind: 'fault',
    message: `The root of the index is damaged: ${what}`,
    fix: 'Remove the index folder: it is rebuilt from the log, which holds every fact',
    data: { what },
    cause,
  })
}

/** A root written by a later version, or for another database. */
export function rootForeign(what: string, found: unknown, expected: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/root-foreign',
    kind: 'unsupported',
    message: `The root of the index has another ${what}: ${String(found)}, not ${String(expected)}`,
    fix: 'Open it with the version and under the name it was written with, or remove the index folder to rebuild it',
    data: { what, found, expected },
  })
}

/** Another process published an index since this one read the root, or fenced this one off. */
export function rootConflict(publication: number, epoch: number): VarveError {
  return new VarveError({
    code: 'varve.error/root-conflict',
    kind: 'conflict',
    message: `Somebody else published an index: ${publication} by the writer of epoch ${epoch} is there already`,
    fix: 'Read the newest root and index again from there; if the epoch is higher, stop: another writer took over',
    data: { publication, epoch },
  })
}
