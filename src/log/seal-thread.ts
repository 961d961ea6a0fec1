// Sealing a complete file of the log in a thread of its own: half a second of hashing and packing for a file of small
// frames, in which the writer goes on. The thread lives for one file.

import type { Env } from '../base/env.ts'
import { type ErrorData, errorFromData } from '../base/errors.ts'
import type { FileHeader } from './log-file.ts'

export type SealJob = { readonly folder: string; readonly header: FileHeader; readonly end: number }
export type SealAnswer = { readonly error: ErrorData | undefined }

/** One block and its frames are all that it holds. */
const HEAP_BYTES_MAX = 64 << 20

/** As `sealFile`. Rejects, too, when the thread ends before it is done; then nothing was changed. */
export async function sealInThread(env: Env, folder: string, header: FileHeader, end: number): Promise<void> {
  const data: SealJob = { folder, header, end }
  await using thread = env.processes.startWorker(new URL('./seal-worker.ts', import.meta.url), {
    name: 'varve-seal',
    data,
    heapBytesMax: HEAP_BYTES_MAX,
  })
  const answered = Promise.withResolvers<SealAnswer>()
  thread.onMessage((message) => answered.resolve(message as SealAnswer))
  thread.ended.then(() => answered.reject(new Error('the thread ended')), answered.reject)
  const { error } = await answered.promise
  if (error !== undefined) throw errorFromData(error)
}
