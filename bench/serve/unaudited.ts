// The same as `varve serve`, but nobody is told of its answers: what the audit costs is measured against it. Only here can
// that be had, no option leaves the audit out.

import { connectLocal } from '../../src/api/connect.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { processTerminal } from '../../src/base/env-node-terminal.ts'
import { startServing } from '../../src/cli/serving.ts'
import { SystemFolder, systemFolderOf } from '../../src/service/system/system-folder.ts'

const [, , folder] = process.argv
if (folder === undefined) throw new Error('give the folder of the data')

// As `varve serve` does that only reads.
nodeEnv().processes.giveWay(10)
const terminal = processTerminal()
const systemFolder = systemFolderOf(folder)
await using system = await SystemFolder.open(nodeEnv(), systemFolder, { hasThreads: true })
await using varve = await connectLocal(`file:${folder}`, { followedFolders: [systemFolder], readOnly: true })
await using server = await startServing(varve, system, {
  port: 0,
  terminal,
  answering: { onAnswer: () => Promise.resolve(() => undefined) },
})
const stopped = terminal.stopped()
terminal.out(`Serving ${folder}, without an audit, at http://127.0.0.1:${server.port}\n`)
await stopped
