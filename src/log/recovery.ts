// Taking over a log for writing: the epoch is claimed, then the tail of what is there is verified, made durable
// again, and left as it is; the new writer begins a file of its own. Nothing here changes or cuts old bytes.
//
// The fence. The folder holds one empty file `epoch-00000007`. A writer takes epoch n + 1 by renaming `epoch-n`
// to `epoch-(n + 1)`: the file system lets one of several do that. A writer of epoch n acknowledges a frame only
// if, after the sync of that frame, `epoch-n` is still there.
//
// Proof that a replaced writer loses nothing it acknowledged and acknowledges nothing that is lost: let W write
// a frame, sync it, see its `epoch-n` and acknowledge. The successor S renames `epoch-n` before it reads the
// tail of the log. W saw the name, so W's look came before the rename, so W's write came before S's reading, and
// S keeps the frame. Let W, stopped at any moment, go on after the rename: if its frame was written before S
// read the tail, S keeps it, and W answers "fenced", which leaves open whether the transaction happened. If it
// was written later, it stands behind the end that S recorded in its own file's header, or in a file that no
// header names, and nobody reads it; and W answers "fenced". W's published positions go to the file of its own
// epoch, which S does not read after it has begun. (All this needs one file cache: processes of one machine, or
// a file system that keeps renames and reads in one order for all its clients.)
//
// A frame that was written but whose sync failed may be in the cache and not on the disk, and the cache may
// call it clean. So the last frame, the only one that can be in that state, is written again before it is
// synced; a sync alone would do nothing.

import type { Env, File } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { isPlanted } from '../base/planted.ts'
import type { T } from '../fact/attribute.ts'
import { logCorrupt } from './errors.ts'
import { NO_HASH } from './frame.ts'
import { readTail, type FileHeader } from './log-file.ts'
import { listLogFolder, openIfThere, readLogFolder, type LogPart } from './log-folder.ts'
import { positionName, readPosition } from './position.ts'
import { verifySealed } from './sealed-file.ts'

const EPOCH_NAME = /^epoch-(\d{8})$/
/** Claims lost to other processes in a row before giving up. */
const CLAIM_COUNT_MAX = 100

/** The file that is there as long as nobody claimed a higher epoch. */
export function epochPath(folder: string, epoch: number): string {
  return `${folder}/epoch-${String(epoch).padStart(8, '0')}`
}

/** Takes the next epoch, durably. From here on every earlier writer is fenced. */
export async function claimEpoch(env: Env, folder: string): Promise<number> {
  for (let attempt = 0; attempt < CLAIM_COUNT_MAX; attempt++) {
    const markers = env.files
      .list(folder)
      .map((name) => Number(EPOCH_NAME.exec(name)?.[1] ?? -1))
      .filter((epoch) => epoch >= 0)
    const { files, positionEpochs } = listLogFolder(env, folder)
    const used = Math.max(0, ...positionEpochs, ...files.map((file) => file.epoch))
    const marker = Math.max(-1, ...markers)
    if (marker < 0) {
      // A new log, or somebody removed the marker. Whoever makes it, the claim follows in the next round.
      failsWith('varve.error/file-exists', () => env.files.open(epochPath(folder, used), 'create').close())
      continue
    }
    const epoch = Math.max(marker, used) + 1
    const isLost = failsWith('varve.error/file-missing', () =>
      env.files.rename(epochPath(folder, marker), epochPath(folder, epoch)),
    )
    if (isLost) continue
    for (const old of markers) if (old < marker) env.files.remove(epochPath(folder, old))
    await env.files.syncFolder(folder)
    return epoch
  }
  throw logCorrupt(folder, 0, -1, 'the file of the epoch cannot be claimed')
}

export type Recovered = {
  /** Parts that hold frames, with their ends. */
  readonly parts: readonly LogPart[]
  readonly lastT: T
  readonly lastHash: Uint8Array
  readonly previous: FileHeader['previous']
  /** Files that hold nothing, to be removed once the new writer has a file of its own. */
  readonly empty: readonly string[]
}

/** Verifies the tail of the log and makes it durable. Throws `varve.error/log-corrupt`, having changed nothing. */
export async function recoverLog(env: Env, folder: string): Promise<Recovered> {
  const contents = readLogFolder(env, folder)
  const { parts, unfinished } = contents
  const knownT = durableT(env, folder, contents.positionEpochs)
  const last = parts.at(-1)
  if (last === undefined) {
    refuseLoss(folder, knownT, -1)
    return { parts: [], lastT: -1, lastHash: NO_HASH, previous: undefined, empty: unfinished }
  }
  const before = parts.slice(0, -1)
  using file = env.files.open(last.path, 'write')
  if (last.kind === 'sealed') {
    const { lastT, lastHash } = verifySealed(file, last.header)
    refuseLoss(folder, knownT, lastT)
    const end = file.byteCount()
    return {
      parts: [...before, { ...last, end }],
      lastT,
      lastHash,
      previous: { ...last.id, end },
      empty: unfinished,
    }
  }
  const { lastT, lastHash, lastFrame, end } = readTail(file, last.header)
  refuseLoss(folder, knownT, lastT)
  if (lastFrame === undefined) {
    const { previous, previousHash } = last.header
    return { parts: before, lastT, lastHash: previousHash, previous, empty: [...unfinished, last.path] }
  }
  if (!isPlanted('log-trust-cache')) file.write(lastFrame.offset, lastFrame.bytes)
  await file.sync()
  return {
    parts: [...before, { ...last, end }],
    lastT,
    lastHash,
    previous: { ...last.id, end },
    empty: unfinished,
  }
}

/** The last t that any writer of this log is known to have made durable; −1 if nothing is known. */
export function durableT(env: Env, folder: string, positionEpochs: readonly number[]): T {
  let lastT = -1
  for (const epoch of positionEpochs) {
    using file: File | undefined = openIfThere(env, `${folder}/${positionName(epoch)}`)
    lastT = Math.max(lastT, (file && readPosition(file))?.lastT ?? -1)
  }
  return lastT
}

/** A position is written only after the sync of what it speaks of: if the log ends before it, bytes are gone. */
export function refuseLoss(folder: string, knownT: T, lastT: T): void {
  if (knownT <= lastT || isPlanted('log-forgive-loss')) return
  throw logCorrupt(folder, 0, lastT + 1, `frames up to t ${knownT} were durable and are gone`)
}

/** True if the work failed with this code, false if it was done. */
function failsWith(code: string, work: () => void): boolean {
  try {
    work()
    return false
  } catch (error) {
    if (error instanceof VarveError && error.code === code) return true
    throw error
  }
}
