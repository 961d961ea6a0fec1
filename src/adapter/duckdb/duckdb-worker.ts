// A query worker that puts its questions to DuckDB, which runs in a process of its own: this thread compiles questions
// and reads answers, so that the thread that takes transactions does neither.

import { nodeEnv, workerPort } from '../../base/env-node.ts'
import { serveQueries } from '../../query/serve-queries.ts'
import { DuckDbEngine } from './engine.ts'

const env = nodeEnv()
await serveQueries(env, workerPort(), new DuckDbEngine(env))
