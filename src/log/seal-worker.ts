// The thread of `sealInThread`: seals one file and says how that ended.

import { nodeEnv, workerPort } from '../base/env-node.ts'
import { errorToData } from '../base/errors.ts'
import { sealFile } from './sealed-file.ts'
import type { SealAnswer, SealJob } from './seal-thread.ts'

const port = workerPort()
const { folder, header, end } = port.data as SealJob

port.post(
  await sealFile(nodeEnv(), folder, header, end).then(
    (): SealAnswer => ({ error: undefined }),
    (error: unknown): SealAnswer => ({ error: errorToData(error) }),
  ),
)
