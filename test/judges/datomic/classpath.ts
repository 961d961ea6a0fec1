// Where Datomic's peer lies: Maven fetches it on first use and it is cached outside the tree.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-datomic-judge')
const classpathFile = join(cache, 'classpath')

export function datomicClasspath(): string {
  if (!existsSync(classpathFile)) {
    mkdirSync(cache, { recursive: true })
    const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath'
    const pom = join(import.meta.dirname, 'pom.xml')
    const args = ['-q', '-B', '-f', pom, goal, `-Dmdep.outputFile=${classpathFile}`]
    console.error('Fetching the Datomic peer, about 15 seconds …')
    execFileSync('mvn', args, { stdio: ['ignore', 2, 2] })
  }
  return readFileSync(classpathFile, 'utf8').trim()
}
