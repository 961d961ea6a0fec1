// The module of a thread that does nothing but help another with its questions; or, for tests of what happens then, one
// that takes a part of the work and never delivers it.

import { nodeEnv, workerPort } from '../base/env-node.ts'
import { engineOptions } from '../engine/create.ts'
import { helpOthers } from '../engine/native/helper.ts'
import { Morsels } from '../engine/native/morsels.ts'
import { type Task, Team } from '../engine/native/team.ts'
import type { HelpingData } from './test-team.ts'

const env = nodeEnv()
const port = workerPort()
// Who started this thread gave these (test-team.ts).
const { name, self, generations, conduct } = port.data as HelpingData
const { clock } = engineOptions(env)
const team = new Team({ clock, processes: env.processes, name, self, generations })
if (conduct === 'helps') {
  helpOthers(team, engineOptions(env), () => false)
} else {
  team.mail.onMessage((message) => {
    const morsels = Morsels.received((message as Task).morsels)
    morsels.join(self)
    morsels.takeLast()
    if (conduct === 'leaves') morsels.leave(self)
    // What a pool notes of a thread that has ended.
    if (conduct === 'dies') Atomics.store(generations, self.slot, 0)
  })
}
// Stays until it is ended.
port.onMessage(() => undefined)
port.post('ready')
