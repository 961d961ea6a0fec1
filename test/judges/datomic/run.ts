// Puts case files to the real Datomic. It needs Java and Maven; the peer is fetched by Maven on first use and
// cached outside the tree. `npm run judge [-- FILE…]`, by default all of test/cases. `npm run judge -- --page` asks
// nobody and writes the compatibility page from what the cases record.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { datomicPage, PAGE_PATH } from './page.ts'

const here = import.meta.dirname
const root = join(here, '../../..')
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-datomic-judge')
const classpathFile = join(cache, 'classpath')

function classpath(): string {
  if (!existsSync(classpathFile)) {
    mkdirSync(cache, { recursive: true })
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath'
    const args = ['-q', '-B', '-f', join(here, 'pom.xml'), goal, `-Dmdep.outputFile=${classpathFile}`]
    console.error('Fetching the Datomic peer, about 15 seconds …')
    execFileSync('mvn', args, { stdio: ['ignore', 2, 2] })
  }
  return readFileSync(classpathFile, 'utf8').trim()
}

function judge(files: readonly string[]): number {
  const asked = files.length > 0 ? files : globSync(join(root, 'test/cases/**/*.edn')).sort()
  const command = ['-Xmx2g', '-cp', classpath(), 'clojure.main', join(here, 'judge.clj'), ...asked]
  return spawnSync('java', command, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1
}

const [first, ...rest] = process.argv.slice(2)
if (first === '--page') writeFileSync(join(root, PAGE_PATH), datomicPage(root))
else process.exit(judge(first === undefined ? [] : [first, ...rest]))
