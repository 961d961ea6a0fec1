// What the file system and the network refuse, as errors with a code, the path and the next step.

import { VarveError, type ErrorKind } from './errors.ts'
import type { LockHolder } from './env.ts'

type Meaning = {
  readonly code: string
  readonly kind: ErrorKind
  readonly says: string
  readonly fix: string
}

const DISK_FULL: Meaning = {
  code: 'varve.error/disk-full',
  kind: 'unavailable',
  says: 'there is no space left on the disk',
  fix: 'Free space on this disk (or raise the quota), then open the database again; nothing acknowledged is lost',
}
const NO_PERMISSION: Meaning = {
  code: 'varve.error/no-permission',
  kind: 'forbidden',
  says: 'this process has no right to do that',
  fix: 'Give the user of this process the rights to read and write this path, or choose another folder',
}
const FILE_MISSING: Meaning = {
  code: 'varve.error/file-missing',
  kind: 'not-found',
  says: 'there is no such file or folder',
  fix: 'Check the path',
}
const FILE_EXISTS: Meaning = {
  code: 'varve.error/file-exists',
  kind: 'conflict',
  says: 'something stands there already',
  fix: 'Choose another name, or remove what is there',
}
const WRONG_FILE_KIND: Meaning = {
  code: 'varve.error/wrong-file-kind',
  kind: 'incorrect',
  says: 'a file stands where a folder is wanted, or the other way round',
  fix: 'Check the path: a database is a folder of its own',
}
const DISK_BROKEN: Meaning = {
  code: 'varve.error/disk-broken',
  kind: 'fault',
  says: 'the disk could not read or write these bytes',
  fix: 'Look at the kernel log for this disk, restore from a backup if it is failing, then open the database again',
}
const TOO_MANY_FILES: Meaning = {
  code: 'varve.error/too-many-files',
  kind: 'unavailable',
  says: 'this process or machine has too many files open',
  fix: 'Raise the limit of open files (ulimit -n)',
}
const FILE_FAILED: Meaning = {
  code: 'varve.error/file-failed',
  kind: 'fault',
  says: 'the operating system refused',
  fix: 'The cause names the system call and its error',
}

const MEANINGS: ReadonlyMap<string, Meaning> = new Map([
  ['ENOSPC', DISK_FULL],
  ['EDQUOT', DISK_FULL],
  ['EFBIG', DISK_FULL],
  ['EACCES', NO_PERMISSION],
  ['EPERM', NO_PERMISSION],
  ['EROFS', NO_PERMISSION],
  ['ENOENT', FILE_MISSING],
  ['EEXIST', FILE_EXISTS],
  ['ENOTEMPTY', FILE_EXISTS],
  ['ENOTDIR', WRONG_FILE_KIND],
  ['EISDIR', WRONG_FILE_KIND],
  ['EIO', DISK_BROKEN],
  ['EMFILE', TOO_MANY_FILES],
  ['ENFILE', TOO_MANY_FILES],
])

/** Turns a system error met while doing something (`write`, `open`) to `path` into what the caller can act on. */
export function fileFailed(doing: string, path: string, cause: unknown): VarveError {
  if (cause instanceof VarveError) return cause
  const errno = systemCode(cause)
  const { code, kind, says, fix } = MEANINGS.get(errno) ?? FILE_FAILED
  const message = `Could not ${doing} ${path}: ${says}${errno === '' ? '' : ` (${errno})`}`
  return new VarveError({ code, kind, message, fix, data: { path, doing, errno }, cause })
}

/** A write that the system reported as shorter than asked, without an error. */
export function shortWrite(path: string, wantedBytes: number, writtenBytes: number): VarveError {
  return new VarveError({
    code: 'varve.error/short-write',
    kind: 'unavailable',
    message: `Only ${writtenBytes} of ${wantedBytes} bytes were written to ${path}`,
    fix: 'Check the space on this disk, then open the database again; nothing acknowledged is lost',
    data: { path, wantedBytes, writtenBytes },
  })
}

/** A file that ends before the bytes that must be in it. */
export function fileTooShort(path: string, position: number, wantedBytes: number): VarveError {
  return new VarveError({
    code: 'varve.error/file-too-short',
    kind: 'fault',
    message: `${path} ends before the ${wantedBytes} bytes at ${position}`,
    fix: 'The file was cut: restore it from a backup',
    data: { path, position, wantedBytes },
  })
}

/** Another process writes here. */
export function folderLocked(path: string, holder: LockHolder | undefined): VarveError {
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`
  return new VarveError({
    code: 'varve.error/folder-locked',
    kind: 'conflict',
    message: `The folder of ${path} is being written by ${who}`,
    fix: 'Stop that process, use it over HTTP, open the folder read-only, or take over (which fences it)',
    data: { path, holder },
  })
}

export function certificateBroken(cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/certificate-broken',
    kind: 'incorrect',
    message: `The certificate and the key cannot be used for HTTPS: ${(cause as Error).message}`,
    fix: 'Give a PEM certificate chain and the PEM key that belongs to it',
    cause,
  })
}

export function portInUse(host: string, port: number, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/port-in-use',
    kind: 'conflict',
    message: `Another process listens on ${host}:${port}`,
    fix: 'Choose another with --port, or --port 0 for a free one',
    data: { host, port },
    cause,
  })
}

export function listenFailed(host: string, port: number, cause: unknown): VarveError {
  return new VarveError({
    code: 'varve.error/listen-failed',
    kind: 'unavailable',
    message: `Could not listen on ${host}:${port} (${systemCode(cause)})`,
    fix: 'Choose an address of this machine and a port above 1023',
    data: { host, port, errno: systemCode(cause) },
    cause,
  })
}

export function bodyTooLarge(byteCountMax: number): VarveError {
  return new VarveError({
    code: 'varve.error/body-too-large',
    kind: 'incorrect',
    message: `The request's body is larger than ${byteCountMax} bytes`,
    fix: 'Send it in several requests, or raise the limit of the server',
    data: { byteCountMax },
  })
}

/** `ENOSPC` and the like, or an empty string. */
export function systemCode(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return ''
  return typeof cause.code === 'string' ? cause.code : ''
}
