// One database on a simulated machine, with every limit so small that a few transactions fill files of the log,
// cause indexing, merge runs, close files of blobs and collect garbage.

import type { Env } from '../base/env.ts'
import { openFolderStore } from '../blob/folder-store.ts'
import type { FollowerLimits } from '../database/connection.ts'
import type { GroupCommitLimits } from '../database/group-commit.ts'
import type { IndexingLimits } from '../database/indexing.ts'
import type { DatabaseStorage } from '../database/storage.ts'
import type { IndexLimits } from '../index/merge-policy.ts'
import type { ColumnCacheLimits } from '../segment/column-cache.ts'
import { openLog, type LogLimits } from '../log/folder-log.ts'
import { plantedBlobs } from './planted.ts'

export const TINY_FOLDER = '/data/things'

export const TINY_LOG: LogLimits = { fileBytesMax: 8_000, fillBytesMax: 2_048, fillBytesMin: 1_024 }

export const TINY_INDEX: IndexLimits = {
  smallRowCountMax: 2,
  fanIn: 2,
  baseDeadShareMax: 0.3,
  baseNewShareMax: 0.5,
  packedRunRowCountMax: 6,
  packRowCountMax: 16,
  packUsedShareMin: 0.5,
  packCountMax: 2,
  generationShareMax: 1,
  generationShareMin: 0.5,
  generationCountMax: 3,
  segment: { pageRowCountMax: 2, pageTextBytesMax: 64 },
}

export const TINY_INDEXING: IndexingLimits = {
  noveltyCountBegin: 40,
  noveltyCountBrake: 60,
  noveltyCountMax: 90,
  brakeMsMax: 3,
  retryMs: 5,
  // Pages of a few rows, not of two: a simulation runs many thousand indexings.
  index: { ...TINY_INDEX, segment: { pageRowCountMax: 16, pageTextBytesMax: 512 } },
}

export const TINY_COMMIT: GroupCommitLimits = { frameBytesMax: 400, pendingCountMax: 4 }

/** So little memory that nearly every question reads files. */
export const TINY_CACHE: ColumnCacheLimits = {
  cachedBytesMax: 200,
  wholeRowCountMax: 0,
  pageReadCountMax: 3,
  pageReadShareMax: 0.1,
}

export const TINY_FOLLOWER: FollowerLimits = { noveltyCountMax: 30, retryMs: 5 }

export type SimulatedStorageOptions = {
  /** Writers take the log from one that is still alive. */
  readonly takeOver?: boolean
  readonly openFileCountMax?: number
  readonly folder?: string
}

/** The database as a process of the machine sees it. */
export function simulatedStorage(env: Env, options: SimulatedStorageOptions = {}): DatabaseStorage {
  const { takeOver = false, openFileCountMax = 3, folder = TINY_FOLDER } = options
  const log = `${folder}/log`
  return {
    info: { name: 'things', alias: 'things', id: 'simulated' },
    folder,
    blobs: plantedBlobs(openFolderStore(env, `${folder}/index`, { openFileCountMax })),
    openForWriting: () => openLog(env, log, { mode: 'write', takeOver, limits: TINY_LOG }),
    openForReading: () => openLog(env, log, { mode: 'read' }),
  }
}
