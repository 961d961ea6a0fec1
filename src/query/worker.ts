// The module of a query worker: answers by the engine of this process (serve-queries.ts), and helps the others of its
// pool while it has nothing to answer.

import { nodeEnv, workerPort } from '../base/env-node.ts'
import { createEngine, engineOptions } from '../engine/create.ts'
import { shareTables } from '../engine/native/attribute-table.ts'
import { helpOthers } from '../engine/native/helper.ts'
import { Team } from '../engine/native/team.ts'
import { CALL, type TeamPlace, type WorkerStart } from './query-worker.ts'
import { serveQueries } from './serve-queries.ts'
import { WorkerWords } from './worker-words.ts'

const env = nodeEnv()
const port = workerPort()
// Whoever started this thread gave these (query-worker.ts).
const { words, team: place } = port.data as WorkerStart
const team = place && joined(place)
await serveQueries(env, port, createEngine(env, {}, team), team)

function joined(place: TeamPlace): Team {
  const { processes } = env
  const joined = new Team({
    ...place,
    clock: engineOptions(env).clock,
    processes,
    call: () => port.post(CALL),
  })
  const own = new WorkerWords(words)
  shareTables(joined.tables)
  helpOthers(joined, engineOptions(env), () => own.isJobWaiting)
  return joined
}
