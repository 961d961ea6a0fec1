// A small text file read whole.

import type { Files } from './env.ts'

/** Throws `varve.error/file-missing` and whatever else keeps a file from being read. */
export function readTextFile(files: Files, path: string): string {
  using file = files.open(path, 'read')
  const bytes = new Uint8Array(file.byteCount())
  file.read(0, bytes)
  return new TextDecoder().decode(bytes)
}
