// The log of a database as files of a folder: opened by its one writer or by any number of readers.
//
//   000000000000042-00000007.log      frames (log-file.ts, frame.ts); .sealed: the same, compressed
//   epoch-00000007                    the fence (recovery.ts)
//   position-00000007                 what is published (position.ts)
//   spare-00000007                    zeros for the next file (current-file.ts)
//   lock                              names the writer (base/env-node-lock.ts)

import type { Env, TakeOver } from '../base/env.ts'
import type { T } from '../fact/attribute.ts'
import { LOG_LIMITS, type LogLimits } from './current-file.ts'
import { NO_HASH } from './frame.ts'
import { logCorrupt } from './errors.ts'
import { readTail } from './log-file.ts'
import { readLogFolder, type LogPart } from './log-folder.ts'
import { durableT, refuseLoss } from './recovery.ts'
import { ReadingLog } from './reading-log.ts'
import { verifySealed } from './sealed-file.ts'
import type { TransactionLog, WritableLog } from './transaction-log.ts'
import { openForWriting } from './writing-log.ts'

export { LOG_LIMITS, type LogLimits } from './current-file.ts'

export type WriteMode = {
  readonly mode: 'write'
  /** Takes the log from a writer that is still alive and fences it. Without it that is `folder-locked`. */
  readonly takeOver?: TakeOver
  readonly limits?: LogLimits
  /** Complete files are sealed in a thread of their own, not beside the writing. */
  readonly isSealedInThread?: boolean
}
export type ReadMode = { readonly mode: 'read' }

/**
 * Opens the log in `folder`. For writing it is made if missing, verified, and every earlier writer is fenced.
 * For reading a missing log is an empty one.
 */
export function openLog(env: Env, folder: string, options: WriteMode): Promise<WritableLog>
export function openLog(env: Env, folder: string, options: ReadMode): Promise<TransactionLog>
export async function openLog(
  env: Env,
  folder: string,
  options: WriteMode | ReadMode,
): Promise<TransactionLog> {
  if (options.mode === 'read') return new ReadingLog(env, folder)
  return openForWriting(env, folder, {
    takeOver: options.takeOver ?? false,
    isSealedInThread: options.isSealedInThread === true,
    limits: options.limits ?? LOG_LIMITS,
  })
}

export type LogSummary = {
  readonly fileCount: number
  readonly byteCount: number
  readonly lastT: T
  /** Of the last frame, in hexadecimal digits: names the whole history. */
  readonly hash: string
}

/** Reads every byte of the log and verifies checksums and the chain. Throws `varve.error/log-corrupt`. */
export async function verifyLog(env: Env, folder: string, signal?: AbortSignal): Promise<LogSummary> {
  let contents = readLogFolder(env, folder)
  // Before the frames are read: a writer may add more meanwhile.
  const knownT = durableT(env, folder, contents.positionEpochs)
  let lastT = -1
  let hash = NO_HASH
  let byteCount = 0
  for (let index = 0; index < contents.parts.length; index++) {
    signal?.throwIfAborted()
    // Read anew each time: a writer may seal files meanwhile. The order of those before stays.
    contents = readLogFolder(env, folder)
    const part = contents.parts[index]
    if (part === undefined) break
    const { header, path } = part
    const isNext = header.firstT === lastT + 1 && header.previousHash.every((byte, at) => byte === hash[at])
    if (!isNext) throw logCorrupt(path, 0, header.firstT, 'the file does not follow the one before it')
    using file = env.files.open(path, 'read')
    byteCount += file.byteCount()
    const end =
      part.kind === 'sealed' ? verifySealed(file, header) : verifyOpen(part, readTail(file, header, part.end))
    lastT = end.lastT
    hash = end.lastHash
    await env.timers.sleep(0)
  }
  refuseLoss(folder, knownT, lastT)
  return { fileCount: contents.parts.length, byteCount, lastT, hash: Buffer.from(hash).toString('hex') }
}

type End = { readonly end: number; readonly lastT: T; readonly lastHash: Uint8Array }

function verifyOpen(part: LogPart, tail: End): End {
  if (part.end !== undefined && tail.end < part.end) {
    throw logCorrupt(part.path, tail.end, tail.lastT + 1, 'a frame is damaged')
  }
  return tail
}
