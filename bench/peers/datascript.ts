// npm's DataScript over the same people, in this process. It is no dependency of this repository: npm fetches the
// version named in datascript/package.json on first use, into a folder outside.

import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { lastNameOf, nameOf, type People, sexOf } from '../people/people.ts'
import type { Peer } from './peer.ts'

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-bench-datascript-1.8.1')
const FILES = join(import.meta.dirname, 'datascript')

/** The part of its interface that is used here. */
type DataScript = {
  empty_db(schema: Readonly<Record<string, object>>): object
  db_with(db: object, entities: readonly object[]): object
  q(query: string, ...inputs: readonly unknown[]): readonly unknown[]
}

export async function startDataScript(people: People): Promise<Peer> {
  if (!existsSync(join(CACHE, 'node_modules/datascript'))) fetchIt()
  const datascript = createRequire(join(CACHE, 'package.json'))('datascript') as DataScript
  const rows = Array.from({ length: people.count }, (_, i) => ({
    ':db/id': i + 1,
    name: nameOf(people.names[i]!),
    'last-name': lastNameOf(people.lastNames[i]!),
    sex: sexOf(people.sexes[i]!),
    age: people.ages[i]!,
    salary: people.salaries[i]!,
  }))
  const db = datascript.db_with(datascript.empty_db({}), rows)
  return Promise.resolve({
    name: 'DataScript',
    ask: (query, rules) => {
      const inputs = rules === undefined ? [db] : [db, inItsNotation(rules)]
      const from = performance.now()
      const rowCount = datascript.q(inItsNotation(query), ...inputs).length
      return Promise.resolve({ rowCount, ms: performance.now() - from })
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  })
}

/** In JavaScript its attributes and the like are strings. */
function inItsNotation(text: string): string {
  return text.replace(/:(?:person|sex)\/([a-z-]+)/g, '"$1"')
}

function fetchIt(): void {
  mkdirSync(CACHE, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(FILES, name), join(CACHE, name))
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: CACHE,
    stdio: ['ignore', 2, 2],
  })
}
