// A small text file read or written whole.

import type { Files } from './env.ts'

/** Throws `varve.error/file-missing` and whatever else keeps a file from being read. */
export function readTextFile(files: Files, path: string): string {
  using file = files.open(path, 'read')
  const bytes = new Uint8Array(file.byteCount())
  file.read(0, bytes)
  return new TextDecoder().decode(bytes)
}

export function writeTextFile(files: Files, path: string, text: string): void {
  using file = files.open(path, 'replace')
  file.write(0, new TextEncoder().encode(text))
}
