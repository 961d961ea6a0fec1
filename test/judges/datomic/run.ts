// Puts case files to the real Datomic. It needs Java and Maven; the peer is fetched by Maven on first use and
// cached outside the tree. `npm run judge [-- FILE…]`, by default all of test/cases.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const here = import.meta.dirname
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

const named = process.argv.slice(2)
const files = named.length > 0 ? named : globSync(join(here, '../../cases/**/*.edn')).sort()
const judged = spawnSync(
  'java',
  ['-Xmx2g', '-cp', classpath(), 'clojure.main', join(here, 'judge.clj'), ...files],
  { stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exit(judged.status ?? 1)
