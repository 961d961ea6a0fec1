// Folders synced for many at once: who asks while a sync runs shares the next one with all others who ask meanwhile. The
// running one may have begun before the change that is to be made durable.

import type { Files } from '../base/env.ts'

export class SharedFolderSync {
  readonly #files: Files
  /** By folder: the sync that runs or ran last, and the one that has not begun. */
  readonly #last = new Map<string, Promise<void>>()
  readonly #next = new Map<string, Promise<void>>()

  constructor(files: Files) {
    this.#files = files
  }

  sync(folder: string): Promise<void> {
    const known = this.#next.get(folder)
    if (known !== undefined) return known
    const begin = (): Promise<void> => {
      this.#next.delete(folder)
      const syncing = this.#files.syncFolder(folder)
      this.#last.set(folder, syncing)
      return syncing
    }
    // Whether the one before succeeds is its own callers' business.
    const next = (this.#last.get(folder) ?? Promise.resolve()).then(begin, begin)
    this.#next.set(folder, next)
    return next
  }
}
