// Bugs planted to prove that the tests find them: mistakes of the code (base/planted.ts), and mistakes made by
// wrapping the files of a process or the blobs of a database, so that the code itself stays as it is.

import { type PlantedMistake, plantMistake } from '../base/planted.ts'
import type { Env, File, Files } from '../base/env.ts'

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

export type PlantedBug = PlantedMistake | PlantedFileBug

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
      return { ...files, stat }
    }
    default:
      return files
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
