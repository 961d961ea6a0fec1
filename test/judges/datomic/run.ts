// Puts case files to the real Datomic. It needs Java and Maven; the peer is fetched by Maven on first use and
// cached outside the tree. `npm run judge [-- FILE…]`, by default all of test/cases. `npm run judge -- --page` asks
// nobody and writes the compatibility page from what the cases record.

import { spawnSync } from 'node:child_process'
import { globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { datomicClasspath } from './classpath.ts'
import { datomicPage, PAGE_PATH } from './page.ts'

const here = import.meta.dirname
const root = join(here, '../../..')

function judge(files: readonly string[]): number {
  const asked = files.length > 0 ? files : globSync(join(root, 'test/cases/**/*.edn')).sort()
  const command = ['-Xmx2g', '-cp', datomicClasspath(), 'clojure.main', join(here, 'judge.clj'), ...asked]
  return spawnSync('java', command, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

const [first, ...rest] = process.argv.slice(2)
if (first === '--page') writeFileSync(join(root, PAGE_PATH), datomicPage(root))
else process.exit(judge(first === undefined ? [] : [first, ...rest]))
