// Makes the folder that stands for one version of the format: `node test/formats/make.ts 2`. Run it when a version
// is released, never again for that version: what it made must stay readable for ever.

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Env } from '../../src/base/env.ts'
import { nodeEnv } from '../../src/base/env-node.ts'
import { makeRichFolder } from '../../src/testing/rich-database.ts'
import { readLog } from '../format/reader.ts'

const version = process.argv[2]
if (version === undefined || !/^\d+$/.test(version)) throw new Error('Name the version: make.ts 2')
const folder = join(import.meta.dirname, version)
if (existsSync(folder)) throw new Error(`${folder} is there already, and stays as it is`)
const data = join(folder, 'data')
mkdirSync(data, { recursive: true })
await makeRichFolder(anyMachine(), data, { seed: 1, transactionCount: 90 })
rmSync(join(data, 'rich/log/lock'), { force: true })
const events = readLog(join(data, 'rich/log'))
const lines = events.map(({ e, a, v, t, added }) => `${e} ${a} ${v} ${t} ${added}`).sort()
writeFileSync(join(folder, 'facts.txt'), `${lines.join('\n')}\n`)

/** The real world with a name and a clock that are nobody's. */
function anyMachine(): Env {
  const env = nodeEnv()
  let ms = Date.UTC(2026, 0, 1)
  return {
    ...env,
    clock: { monotonicMs: () => env.clock.monotonicMs(), nowMs: () => (ms += 1_000) },
    processes: { ...env.processes, host: 'machine.example', bootId: () => 'boot-1' },
  }
}
