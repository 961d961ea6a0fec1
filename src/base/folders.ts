// Folders whose names are durable, and the paths above them.

import type { Env } from './env.ts'
import { VarveError } from './errors.ts'

/** Makes the folder and those above it where missing; they survive a power cut when resolved. */
export async function makeDurableFolder(env: Env, path: string): Promise<void> {
  const { files } = env
  const changed = [folderOf(path)]
  for (let above = folderOf(path); files.stat(above) === undefined; above = folderOf(above)) {
    changed.push(folderOf(above))
  }
  files.makeFolder(path)
  for (const folder of changed) await files.syncFolder(folder)
  // Folders that were there already may have been made by a process that died before these lines.
  let above = changed.at(-1) ?? path
  for (let level = 0; level < LEVEL_COUNT && above !== folderOf(above); level++) {
    above = folderOf(above)
    await syncIfAllowed(env, above)
  }
}

/** How many folders above are synced even if they were there. */
const LEVEL_COUNT = 2

// Far up, folders belong to others; what we may not open, we did not make.
async function syncIfAllowed(env: Env, folder: string): Promise<void> {
  try {
    await env.files.syncFolder(folder)
  } catch (error) {
    if (!(error instanceof VarveError) || error.code !== 'varve.error/no-permission') throw error
  }
}

/** The folder in which `path` stands. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '.' : path.slice(0, Math.max(slash, 1))
}
