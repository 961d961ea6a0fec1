// A process that writes to a real database until it kills itself: at one exact operation on the disk, before it, or
// in the middle of a write. What was acknowledged goes to stdout, line by line, before anything else happens.
//
//   kill-child.ts FOLDER SEED SKIP COUNT KILL_AT

import { writeSync } from 'node:fs'
import type { Env, File, Files } from '../../src/base/env.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { VarveError } from '../../src/base/errors.ts'
import { Writer } from '../../src/database/writer.ts'
import { DatabaseModel } from '../../src/testing/database-model.ts'
import { SIMULATED_SCHEMA } from '../../src/testing/random-requests.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { simulatedStorage, TINY_COMMIT, TINY_INDEXING } from '../../src/testing/simulated-storage.ts'

const [folder = '', ...numbers] = process.argv.slice(2)
const [seed, skip, count, killAt] = numbers.map(Number) as [number, number, number, number]

const env = killingEnv(nodeEnv(), killAt)
const random = new SeededRandom(seed)
const model = new DatabaseModel()
for (let index = 0; index < skip; index++) model.give(random)
const writer = await Writer.open(env, simulatedStorage(env, { folder }), {
  schema: SIMULATED_SCHEMA,
  indexing: TINY_INDEXING,
  commit: TINY_COMMIT,
})
const requests = Array.from({ length: count }, () => model.give(random))
// Two callers, so that frames carry more than one transaction.
await Promise.all([call(requests.filter((_, i) => i % 3 > 0)), call(requests.filter((_, i) => i % 3 === 0))])
await writer[Symbol.asyncDispose]()

async function call(given: typeof requests): Promise<void> {
  for (const { serial, request } of given) {
    try {
      const { t } = await writer.transact(request)
      writeSync(1, `acknowledged ${serial} ${t}\n`)
    } catch (error) {
      if (!(error instanceof VarveError) || !error.code.startsWith('db.error/')) throw error
      writeSync(1, `refused ${serial}\n`)
    }
    if (serial % 9 === 0) await writer.index()
  }
}

/** The effects of this process, which ends at the operation of that number. */
function killingEnv(inner: Env, at: number): Env {
  let operationCount = 0
  const isDue = (): boolean => operationCount++ === at
  const end = (): void => void process.kill(process.pid, 'SIGKILL')
  const before = <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) => {
    return (...args: Args): Result => {
      if (isDue()) end()
      return work(...args)
    }
  }
  const { files } = inner
  const killing: Files = {
    ...files,
    open: (path, mode) => {
      if ((mode === 'create' || mode === 'replace') && isDue()) end()
      return killingFile(files.open(path, mode))
    },
    makeFolder: before(files.makeFolder),
    rename: before(files.rename),
    link: before(files.link),
    remove: before(files.remove),
    syncFolder: before(files.syncFolder),
  }
  const killingFile = (file: File): File => ({
    path: file.path,
    byteCount: () => file.byteCount(),
    read: (position, target) => file.read(position, target),
    write: (position, bytes) => {
      if (isDue()) {
        file.write(position, bytes.subarray(0, bytes.byteLength >> 1))
        end()
      }
      file.write(position, bytes)
    },
    sync: before(() => file.sync()),
    truncate: before((byteCount: number) => file.truncate(byteCount)),
    close: () => file.close(),
    [Symbol.dispose]: () => file.close(),
  })
  return { ...inner, files: killing }
}
