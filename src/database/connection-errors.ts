// What can go wrong with databases as places: names, folders, writers that are not.

import { VarveError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { DatabaseInfo } from './storage.ts'

export function databaseUnknown(name: string, infos: readonly DatabaseInfo[]): VarveError {
  const names = infos.flatMap((info) => [info.name, info.alias])
  const meant = nearest(name, names)
  return new VarveError({
    code: 'varve.error/database-unknown',
    kind: 'not-found',
    message: `There is no database ${name}`,
    fix:
      meant !== undefined
        ? `Did you mean ${meant}?`
        : names.length === 0
          ? 'Create one first'
          : `There are ${infos.map((info) => info.name).join(', ')}`,
    data: { name, databases: infos.map((info) => info.name) },
  })
}

export function databaseExists(text: string, holder: DatabaseInfo): VarveError {
  return new VarveError({
    code: 'varve.error/database-exists',
    kind: 'conflict',
    message: `The name ${text} is taken: database ${holder.name} with alias ${holder.alias} has it`,
    fix: 'Choose another name or alias; both share one namespace',
    data: { name: text, holder: holder.name },
  })
}

export function aliasDiffers({ name, alias }: DatabaseInfo, given: string): VarveError {
  return new VarveError({
    code: 'varve.error/alias-differs',
    kind: 'conflict',
    message: `Database ${name} has the alias ${alias}, not ${given}`,
    fix: `Give the alias ${alias}, or leave it out: queries may rely on it`,
    data: { name, alias, given },
  })
}

export function databaseNameInvalid(text: string): VarveError {
  return new VarveError({
    code: 'varve.error/database-name-invalid',
    kind: 'incorrect',
    message: `${JSON.stringify(text.slice(0, 80))} cannot be the name or alias of a database`,
    fix: 'Begin with a letter; use up to 63 lower-case letters, digits, - and _',
    data: { name: text.slice(0, 80) },
  })
}

export function databaseUnborn(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/database-unborn',
    kind: 'unavailable',
    message: `Database ${name} was made but its first transaction was never written`,
    fix: 'Open it for writing once, with its schema',
    data: { name },
  })
}

export function foreignFolder(path: string, cause?: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/foreign-folder',
    kind: 'incorrect',
    message: `${path} holds something that is not Varve's`,
    fix: 'Name an empty folder, a new one, or one that Varve made; nothing was written',
    data: { path },
    cause,
  })
}

export function folderMissing(path: string): VarveError {
  return new VarveError({
    code: 'varve.error/folder-missing',
    kind: 'not-found',
    message: `There is no data in ${path}`,
    fix: 'Name the folder of a database, or start one with `varve dev`',
    data: { path },
  })
}

export function formatUnknown(path: string, version: unknown, known: number): VarveError {
  return new VarveError({
    code: 'varve.error/format-unknown',
    kind: 'unsupported',
    message: `${path} has format version ${String(version)}; this Varve knows ${known}`,
    fix: 'Use the version of Varve that wrote it; nothing was touched',
    data: { path, version, known },
  })
}

export function readOnlyConnection(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/read-only',
    kind: 'unsupported',
    message: `Database ${name} is open for reading only`,
    fix: 'Connect for writing, or send the transaction to the process that writes',
    data: { name },
  })
}

export function connectionClosed(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/connection-closed',
    kind: 'unavailable',
    message: `The connection to database ${name} is closed`,
    fix: 'Connect again',
    data: { name },
  })
}

export function idempotencyConflict(key: string, t: number): VarveError {
  return new VarveError({
    code: 'varve.error/idempotency-conflict',
    kind: 'conflict',
    message: `Idempotency key ${JSON.stringify(key)} was used at t ${t} with other content`,
    fix: 'Send the first content again to get its result, or use another key',
    data: { key, t },
  })
}

/** A follower that has not come so far: another server, or a moment later, has it. */
export function databaseBehind(name: string, t: number, basisT: number): VarveError {
  return new VarveError({
    code: 'varve.error/database-behind',
    kind: 'unavailable',
    message: `Database ${name} has come to t ${basisT} here, and was waited for until t ${t}`,
    fix: 'Ask again in a moment; if it stays behind, see whether its writer really gave that t',
    data: { name, t, basisT },
  })
}

export function schemaRefused(name: string, changes: readonly string[]): VarveError {
  return new VarveError({
    code: 'varve.error/schema-conflict',
    kind: 'conflict',
    message: `The schema given for ${name} differs from the one it has: ${changes.join('; ')}`,
    fix: 'Declare the attribute as it is, or migrate: a new attribute beside the old one and a transaction that copies',
    data: { name, changes },
  })
}
