// Datomic's in-memory peer over the same people, in a process of its own (datomic.clj). It needs Java and Maven, which
// fetches it on first use.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { datomicClasspath } from '../../test/judges/datomic/classpath.ts'
import { lastNameOf, nameOf, type People, sexOf } from '../people/people.ts'
import type { Peer, PeerAnswer } from './peer.ts'

export async function startDatomic(people: People, folder: string): Promise<Peer> {
  const path = join(folder, 'people.tsv')
  writeFileSync(path, linesOf(people))
  const program = join(import.meta.dirname, 'datomic.clj')
  const args = ['-Xmx6g', '-cp', datomicClasspath(), 'clojure.main', program, path]
  const child = spawn('java', args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const ended = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`java ended with ${code}`)))
  })
  // Who waits for a line hears of it; who waits for none does not.
  ended.catch(() => undefined)
  const peer = new DatomicPeer(child, ended)
  if ((await peer.line()) !== 'ready') throw new Error('it did not load the people')
  return peer
}

class DatomicPeer implements Peer {
  readonly name = 'Datomic'
  readonly #child: ChildProcess
  readonly #ended: Promise<never>
  readonly #lines: Interface

  constructor(child: ChildProcess, ended: Promise<never>) {
    this.#child = child
    this.#ended = ended
    this.#lines = createInterface(child.stdout!)
  }

  async line(): Promise<string> {
    const [line] = (await Promise.race([once(this.#lines, 'line'), this.#ended])) as [string]
    return line
  }

  async ask(query: string, rules: string | undefined): Promise<PeerAnswer> {
    const asked = `{:query ${query}${rules === undefined ? '' : ` :rules ${rules}`}}`
    const answer = this.line()
    this.#child.stdin!.write(`${asked.replaceAll('\n', ' ')}\n`)
    return JSON.parse(await answer) as PeerAnswer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.kill()
    await exited
  }
}

function linesOf({ count, names, lastNames, sexes, ages, salaries }: People): string {
  const lines: string[] = []
  for (let i = 0; i < count; i++) {
    const fields = [nameOf(names[i]!), lastNameOf(lastNames[i]!), sexOf(sexes[i]!), ages[i], salaries[i]]
    lines.push(fields.join('\t'))
  }
  return `${lines.join('\n')}\n`
}
