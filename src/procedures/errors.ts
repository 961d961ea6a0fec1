// What can be wrong with a procedure: its definition, its source, a call of it, and what comes of that.

import { type Place, VarveError } from '../base/errors.ts'
import { pinnedName, type Procedure } from './procedure.ts'

type Named = Pick<Procedure, 'name' | 'version'>

export function procedureInvalid(name: string, what: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-invalid',
    kind: 'incorrect',
    message: `${name} is no procedure: ${what}`,
    fix,
    data: { name },
  })
}

export function procedureTwice(procedure: Named): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-twice',
    kind: 'conflict',
    message: `${pinnedName(procedure)} is given twice, with different content`,
    fix: 'Give one of them the next version',
    data: { name: procedure.name, version: procedure.version },
  })
}

/** `other` is the hash of what goes by this name now. */
export function procedureUnknown(name: string, hash: string, other: string | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-unknown',
    kind: 'not-found',
    message:
      other === undefined
        ? `There is no procedure ${name}, which was called before`
        : `${name} is another procedure now than the one that was called before`,
    fix: 'Bring back the procedure with this hash',
    data: { name, hash, ...(other !== undefined && { other }) },
  })
}

/** `at` stands in the source of the procedure. */
export function procedureSourceInvalid(procedure: Named, what: string, at: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-source-invalid',
    kind: 'incorrect',
    message: `The source of ${pinnedName(procedure)} cannot be read: ${what}${written(at)}`,
    fix: 'Write one expression that gives a function, in JavaScript or in TypeScript whose types can be erased',
    data: about(procedure, at),
  })
}

export function procedureFailed(procedure: Named, what: string, at: Place | undefined): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-failed',
    kind: 'incorrect',
    message: `${pinnedName(procedure)} failed: ${what}${written(at)}`,
    fix: 'Mend the procedure as a new version, or leave out the rows it fails on by another clause',
    data: about(procedure, at),
  })
}

export function procedureArgumentsWrong(procedure: Named, what: string, takes: string): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-arguments-wrong',
    kind: 'incorrect',
    message: `${pinnedName(procedure)} cannot be called so: ${what}`,
    fix: `It takes ${takes}`,
    data: about(procedure, undefined),
  })
}

export function procedureKindWrong(
  procedure: Pick<Procedure, 'name' | 'version' | 'kind'>,
  where: string,
): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-kind-wrong',
    kind: 'incorrect',
    message: `${pinnedName(procedure)} is of the kind ${procedure.kind}, and stands ${where}`,
    fix: 'Functions and predicates stand in :where, aggregates in :find, transaction functions in a transaction',
    data: about(procedure, undefined),
  })
}

export function procedureTimeout(procedure: Named, timeoutMs: number): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-timeout',
    kind: 'interrupted',
    message: `${pinnedName(procedure)} took longer than the ${timeoutMs} ms that it may`,
    fix: 'Do less in one call',
    data: { ...about(procedure, undefined), timeoutMs },
  })
}

export function procedureOutOfMemory(procedure: Named, memoryBytesMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-out-of-memory',
    kind: 'interrupted',
    message: `${pinnedName(procedure)} needs more than the ${memoryBytesMax} bytes that it may have`,
    fix: 'Hold less at a time',
    data: { ...about(procedure, undefined), memoryBytesMax },
  })
}

export function procedureRuntimeFailed(what: string): VarveError {
  return new VarveError({
    code: 'varve.error/procedure-runtime-failed',
    kind: 'fault',
    message: `What runs procedures could not begin: ${what}`,
    fix: 'Install the dependencies of Varve again',
  })
}

function about({ name, version }: Named, at: Place | undefined): Readonly<Record<string, unknown>> {
  return { procedure: { name, version, ...(at && { place: at }) } }
}

function written(at: Place | undefined): string {
  return at?.line === undefined
    ? ''
    : ` (line ${at.line}${at.column === undefined ? '' : `, column ${at.column}`})`
}
