// Bugs planted to prove that the tests find them (simulation.test.ts, test/fuzz/planted.test.ts): mistakes of the code (base/planted.ts), and mistakes made by
// wrapping the files of a process or the blobs of a database, so that the code itself stays as it is.

import { type PlantedMistake, plantMistake } from '../base/planted.ts'
import type { Env, File, Files } from '../base/env.ts'
import type { BlobStore } from '../blob/blob-store.ts'
import { decodeRoot, encodeRoot, readRoot, type Root, SEGMENT_PREFIX } from '../index/root.ts'

/** What the wrapped files do wrong. */
export type PlantedFileBug =
  | 'log-skip-sync'
  | 'log-acknowledge-before-sync'
  | 'log-retry-sync'
  | 'log-skip-folder-sync'
  | 'log-skip-fence'
  | 'log-publish-never'
  | 'blob-skip-sync'
  | 'blob-skip-folder-sync'

/** What the wrapped blobs of an index do wrong. */
export type PlantedBlobBug =
  | 'index-swap-blindly'
  | 'index-collect-before-swap'
  | 'index-forget-dead-rows'
  | 'index-drop-history'

export type PlantedBug = PlantedMistake | PlantedFileBug | PlantedBlobBug

let planted: PlantedBug | undefined

/** Runs the work with one bug in everything that is started within it. */
export async function withPlantedBug<Result>(bug: PlantedBug, work: () => Promise<Result>): Promise<Result> {
  planted = bug
  // Those of the wrapped interfaces are nobody's mistake: the code asks for its own alone.
  plantMistake(bug as PlantedMistake)
  try {
    return await work()
  } finally {
    planted = undefined
    plantMistake(undefined)
  }
}

/** The effects of a process, with the bug that is planted now. */
export function plantedEnv(env: Env): Env {
  return planted === undefined ? env : { ...env, files: plantedFiles(env.files, planted) }
}

function plantedFiles(files: Files, bug: PlantedBug): Files {
  const isOf = (path: string): boolean => (bug.startsWith('log-') ? isLog(path) : isBlob(path))
  switch (bug) {
    case 'log-skip-sync':
    case 'blob-skip-sync':
      return withFiles(files, isOf, () => ({ sync: () => Promise.resolve() }))
    case 'log-acknowledge-before-sync':
      return withFiles(files, isOf, (file) => ({
        sync: () => {
          file.sync().catch(() => undefined)
          return Promise.resolve()
        },
      }))
    case 'log-retry-sync':
      return withFiles(files, isOf, (file) => ({ sync: () => file.sync().catch(() => file.sync()) }))
    case 'log-publish-never':
      return withFiles(
        files,
        (path) => /\/position-\d+$/.test(path),
        () => ({ write: () => undefined }),
      )
    case 'log-skip-folder-sync':
    case 'blob-skip-folder-sync': {
      const isFolder = bug === 'log-skip-folder-sync' ? /\/log$/ : /\/index(\/|$)/
      const syncFolder: Files['syncFolder'] = (folder) =>
        isFolder.test(folder) ? Promise.resolve() : files.syncFolder(folder)
      return { ...files, syncFolder }
    }
    case 'log-skip-fence': {
      const stat: Files['stat'] = (path) =>
        /\/epoch-\d+$/.test(path) ? { kind: 'file', byteCount: 0, modifiedMs: 0 } : files.stat(path)
      const exists: Files['exists'] = (path) => /\/epoch-\d+$/.test(path) || files.exists(path)
      return { ...files, stat, exists }
    }
    default:
      return files
  }
}

/** The blobs of an index, with the bug that is planted now. */
export function plantedBlobs(blobs: BlobStore): BlobStore {
  const { list, swap } = bound(blobs)
  const rewritten = (change: (root: Root) => Root): BlobStore => ({
    ...bound(blobs),
    swap: (key, expected, bytes) => swap(key, expected, encodeRoot(change(decodeRoot(bytes)))),
  })
  switch (planted) {
    case 'index-swap-blindly':
      return {
        ...bound(blobs),
        swap: async (key, _expected, bytes) => swap(key, (await readRoot(blobs))?.bytes, bytes),
      }
    case 'index-collect-before-swap':
      return {
        ...bound(blobs),
        swap: async (key, expected, bytes) => {
          const wanted = new Set(decodeRoot(bytes).segments.map((segment) => segment.key))
          for (const one of await list(SEGMENT_PREFIX)) if (!wanted.has(one)) await blobs.delete(one)
          return swap(key, expected, bytes)
        },
      }
    case 'index-forget-dead-rows':
      return rewritten((root) => ({
        ...root,
        segments: root.segments.map((segment) => ({ ...segment, dead: undefined })),
      }))
    case 'index-drop-history':
      return rewritten((root) => ({
        ...root,
        attributes: root.attributes.map((attribute) => ({ ...attribute, history: [] })),
      }))
    default:
      return blobs
  }
}

function bound(blobs: BlobStore): BlobStore {
  return {
    put: (key, bytes) => blobs.put(key, bytes),
    open: (key) => blobs.open(key),
    list: (prefix) => blobs.list(prefix),
    delete: (key) => blobs.delete(key),
    swap: (key, expected, bytes) => blobs.swap(key, expected, bytes),
  }
}

const isLog = (path: string): boolean => path.endsWith('.log')
const isBlob = (path: string): boolean => path.includes('/index/')

/** Files of which those of some paths do something else. */
function withFiles(
  files: Files,
  isOf: (path: string) => boolean,
  mistake: (file: File) => Partial<File>,
): Files {
  const open: Files['open'] = (path, mode) => {
    const file = files.open(path, mode)
    return isOf(path) ? { ...file, ...mistake(file) } : file
  }
  return { ...files, open }
}
