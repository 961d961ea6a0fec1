// Text of a file, chunk by chunk, with one decision at the door: what is no text of this encoding is refused or
// marked, never guessed.

import type { Env } from '../base/env.ts'
import { formatUnknown } from './errors.ts'

export const ENCODINGS = ['utf-8', 'utf-16le', 'windows-1252'] as const
export type Encoding = (typeof ENCODINGS)[number]

/** Small enough that taking a chunk apart keeps nobody else in the process waiting. */
const CHUNK_BYTES = 1 << 16
/** Stands where bytes were no character. */
export const UNREADABLE_CHARACTER = '\ufffd'

export type TextChunk = { readonly text: string; readonly position: number; readonly isLast: boolean }

/** The text from the beginning. A mark of byte order is taken off. Lets others run between chunks. */
export async function* readText(env: Env, path: string, encoding: Encoding): AsyncGenerator<TextChunk> {
  using file = env.files.open(path, 'read')
  const extent = file.byteCount()
  const decoder = new TextDecoder(encoding)
  const bytes = new Uint8Array(CHUNK_BYTES)
  let position = 0
  do {
    const count = file.read(position, bytes)
    position += count
    // A file that is cut while it is read ends where it ends.
    const isLast = position >= extent || count === 0
    const text = decoder.decode(bytes.subarray(0, count), { stream: !isLast })
    if (text.includes('\0')) throw notText(path)
    yield { text, position, isLast }
    if (isLast) return
    await env.timers.sleep(0)
  } while (true)
}

function notText(path: string): Error {
  return formatUnknown(
    path,
    'it holds zero bytes, which no CSV and no JSON does',
    'Give a CSV, JSON lines or Parquet file; for text of Windows programs try --encoding utf-16le',
  )
}
