// The files of a log's folder, put into their order. The newest file counts; from it, each header names the file
// before. What no header names is the work of a writer that was replaced or of a power cut, and is not the log's.

import type { Env, File } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { logCorrupt } from './errors.ts'
import {
  fileName,
  FRAMES_START,
  parseFileName,
  readFileHeader,
  type FileHeader,
  type FileId,
} from './log-file.ts'
import { parsePositionName } from './position.ts'
import { readSealedHeader } from './sealed-file.ts'

/** One file of the log. `end` is where its frames end, undefined in the last file: there it is found by reading. */
export type LogPart = {
  readonly id: FileId
  readonly kind: 'log' | 'sealed'
  readonly path: string
  readonly header: FileHeader
  readonly end: number | undefined
}

export type LogFolder = {
  /** In the order of t. */
  readonly parts: readonly LogPart[]
  /** Files at the end whose creation a power cut interrupted: they hold nothing. */
  readonly unfinished: readonly string[]
  /** Epochs with a file of published positions, ascending. */
  readonly positionEpochs: readonly number[]
}

/** What the names in the folder say. */
export type LogNames = {
  /** Every file of the log's, whether it counts or not. */
  readonly files: readonly Listed[]
  readonly positionEpochs: readonly number[]
}

type Listed = FileId & { readonly kind: 'log' | 'sealed' }

export function listLogFolder(env: Env, folder: string): LogNames {
  const names = env.files.list(folder)
  return {
    files: names.map(parseFileName).filter((id) => id !== undefined),
    positionEpochs: names.map(parsePositionName).filter((epoch) => epoch !== undefined),
  }
}

/** Reads what the folder holds. Throws `varve.error/log-corrupt` if a file in the middle is gone or damaged. */
export function readLogFolder(env: Env, folder: string): LogFolder {
  const { files, positionEpochs } = listLogFolder(env, folder)
  const unfinished: string[] = []
  for (const id of newestFirst(files)) {
    const path = `${folder}/${fileName(id, id.kind)}`
    const header = readHeader(env, path, id.kind)
    if (header !== undefined) {
      return { parts: partsBefore(env, folder, id, header), unfinished, positionEpochs }
    }
    refuseDamagedFile(env, path, id)
    unfinished.push(path)
  }
  return { parts: [], unfinished, positionEpochs }
}

// One entry per file; the sealed one where both are there, because it is complete by the time it has its name.
function newestFirst(listed: readonly Listed[]): readonly Listed[] {
  const byName = new Map<string, Listed>()
  for (const id of listed) {
    const name = fileName(id, 'log')
    if (id.kind === 'sealed' || !byName.has(name)) byName.set(name, id)
  }
  return [...byName.values()].sort((x, y) => y.epoch - x.epoch || y.firstT - x.firstT)
}

function partsBefore(env: Env, folder: string, last: Listed, lastHeader: FileHeader): LogPart[] {
  const path = `${folder}/${fileName(last, last.kind)}`
  const parts: LogPart[] = [{ id: last, kind: last.kind, path, header: lastHeader, end: undefined }]
  for (let { previous } = lastHeader; previous !== undefined;) {
    const part = readPart(env, folder, previous)
    parts.push(part)
    previous = part.header.previous
  }
  return parts.reverse()
}

function readPart(env: Env, folder: string, { firstT, epoch, end }: FileId & { end: number }): LogPart {
  const id = { firstT, epoch }
  // Sealing renames the sealed file into place before it removes the other: look in this order, then once more.
  for (const kind of ['sealed', 'log', 'sealed'] as const) {
    const path = `${folder}/${fileName(id, kind)}`
    if (env.files.stat(path) === undefined) continue
    const header = readHeader(env, path, kind)
    if (header === undefined) throw logCorrupt(path, 0, firstT, 'the header of the file is damaged')
    return { id, kind, path, header, end }
  }
  throw logCorrupt(`${folder}/${fileName(id, 'log')}`, 0, firstT, 'the file is missing')
}

function readHeader(env: Env, path: string, kind: 'log' | 'sealed'): FileHeader | undefined {
  using file = openIfThere(env, path)
  if (file === undefined) return undefined
  return kind === 'log' ? readFileHeader(file) : readSealedHeader(file)
}

// The header is synced before the first frame is written, so a file without a whole header holds nothing at all,
// or it was damaged since.
function refuseDamagedFile(env: Env, path: string, id: Listed): void {
  using file = openIfThere(env, path)
  if (file === undefined) return
  const bytes = new Uint8Array(Math.max(0, file.byteCount() - FRAMES_START))
  file.read(FRAMES_START, bytes)
  if (id.kind === 'sealed' || bytes.some((byte) => byte !== 0)) {
    throw logCorrupt(path, 0, id.firstT, 'the header of the file is damaged')
  }
}

/** Undefined if the file is gone: another process may have removed it since the folder was listed. */
export function openIfThere(env: Env, path: string): File | undefined {
  try {
    return env.files.open(path, 'read')
  } catch (error) {
    if (error instanceof VarveError && error.code === 'varve.error/file-missing') return undefined
    throw error
  }
}
