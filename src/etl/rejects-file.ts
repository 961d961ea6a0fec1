// The file of rows that were not imported, one JSON object a line. It is made when the first one comes. An import
// that goes on keeps what an earlier run wrote about the rows it had done.

import { dirname } from 'node:path'
import type { Env, File } from '../base/env.ts'
import { readTextFile } from '../base/text-file.ts'
import { type Reject, rejectLine } from './reject.ts'

export class RejectsFile implements Disposable {
  readonly path: string
  readonly #env: Env
  #file: File | undefined
  #position = 0
  #count = 0

  /** Rejects of rows before `doneCount` stay, those behind come again; 0 begins anew. */
  constructor(env: Env, path: string, doneCount: number) {
    this.#env = env
    this.path = path
    const kept = doneCount === 0 ? '' : keptLines(env, path, doneCount)
    if (kept === '') env.files.remove(path)
    else {
      this.#count = kept.split('\n').length - 1
      this.#write(kept)
    }
  }

  get count(): number {
    return this.#count
  }

  add(reject: Reject): void {
    this.#write(rejectLine(reject))
    this.#count++
  }

  [Symbol.dispose](): void {
    this.#file?.close()
  }

  #write(text: string): void {
    if (this.#file === undefined) {
      this.#env.files.makeFolder(dirname(this.path))
      this.#file = this.#env.files.open(this.path, 'replace')
    }
    const bytes = new TextEncoder().encode(text)
    this.#file.write(this.#position, bytes)
    this.#position += bytes.byteLength
  }
}

const ORDINAL = /"ordinal":\s?(\d+)\}$/

function keptLines(env: Env, path: string, doneCount: number): string {
  if (env.files.stat(path)?.kind !== 'file') return ''
  // A line that a kill cut short has no ordinal, or none that counts: its row comes again.
  return readTextFile(env.files, path)
    .split('\n')
    .filter((line) => Number(ORDINAL.exec(line)?.[1] ?? Infinity) < doneCount)
    .map((line) => `${line}\n`)
    .join('')
}
