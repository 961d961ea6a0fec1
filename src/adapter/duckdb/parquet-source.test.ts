import { expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import type { Env, WorkerThread } from '../../base/env.ts'
import type { ParquetMessage } from './parquet-process.ts'
import { ParquetSource } from './parquet-source.ts'

/** A machine on which the reader of Parquet does what a test says. */
function envWhere(reader: (say: (message: ParquetMessage) => void) => Promise<void>): Env {
  const env = nodeEnv()
  const startProcess = (): WorkerThread => {
    let say: (message: ParquetMessage) => void = () => undefined
    const stop = (): Promise<void> => Promise.resolve()
    return {
      post: () => undefined,
      onMessage: (handler) => void (say = handler),
      ended: Promise.resolve().then(() => reader((message) => say(message))),
      stop,
      [Symbol.asyncDispose]: stop,
    }
  }
  return { ...env, processes: { ...env.processes, startProcess } }
}

it('tells that DuckDB is missing, where it is', async () => {
  const env = envWhere((say) => {
    say({ kind: 'failed', isReaderMissing: true, message: 'Cannot find package' })
    return new Promise(() => undefined)
  })
  await expect(ParquetSource.open(env, 'x.parquet')).rejects.toMatchObject({
    code: 'varve.error/parquet-reader-missing',
    kind: 'unsupported',
  })
})

it('outlives a reader that a file brings down', async () => {
  const env = envWhere(() => Promise.reject(new Error('Parquet reader ended with SIGSEGV')))
  await expect(ParquetSource.open(env, 'x.parquet')).rejects.toMatchObject({
    code: 'varve.error/import-file-broken',
  })
})
