// The module of a query worker: answers by the engine of this process (serve-queries.ts).

import { nodeEnv, workerPort } from '../base/env-node.ts'
import { createEngine } from '../engine/create.ts'
import { serveQueries } from './serve-queries.ts'

const env = nodeEnv()
await serveQueries(env, workerPort(), createEngine(env))
