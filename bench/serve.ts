// One service, asked by many while a writer commits, each in a process of its own: how much it answers with its audit and
// without, what its readers cost the writer, what is left of it at three times its load and of points beside too many scans, and whether its memory grows.
//
//   npm run bench -- serve [SCALE] [--only mixes,interference,overload,classes,soak] [--soak-minutes N]

import { parseArgs } from 'node:util'
import { runBench } from './harness.ts'
import { classes } from './serve/classes.ts'
import { interference } from './serve/interference.ts'
import { mixes } from './serve/mixes.ts'
import { overload } from './serve/overload.ts'
import { soak } from './serve/soak.ts'
import { COMMITS_PER_SECOND, World } from './serve/world.ts'

const PARTS = { mixes, interference, overload, classes, soak }
const SOAK_MINUTES = 10

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scale: { type: 'string' },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
    'soak-minutes': { type: 'string', default: String(SOAK_MINUTES) },
  },
})
const names = values.only.split(',')
for (const name of names) if (!Object.hasOwn(PARTS, name)) throw new Error(`there is no part ${name}`)

await runBench(
  {
    name: 'serve',
    about: 'one service, many clients, while a writer commits',
    run: async ({ folder, scale, say, note }) => {
      await using world = await World.open(folder, scale)
      note('commits a second', COMMITS_PER_SECOND)
      const minutes = Number(values['soak-minutes'])
      const figures = []
      for (const [name, part] of Object.entries(PARTS)) {
        if (!names.includes(name)) continue
        say(name)
        figures.push(...(await part(world, { scale, minutes, say, note })))
      }
      note('transactions acknowledged and found again', await world.close())
      return figures
    },
  },
  Number(values.scale ?? positionals[0] ?? 1),
)
