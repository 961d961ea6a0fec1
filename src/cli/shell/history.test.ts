import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { History } from './history.ts'

const env = nodeEnv()
let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'varve-history-test-'))
  path = join(folder, '.varve_history')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the history', () => {
  it('is there in the next run, line ends included', () => {
    const first = new History(env, folder)
    first.add('[:find ?x\n :where [_ :a ?x]]')
    first.add('\\quit')
    expect(new History(env, folder).entries).toEqual(['[:find ?x\n :where [_ :a ?x]]', '\\quit'])
    // Questions may hold what is nobody else's business.
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  it('leaves out blanks, repetitions and what is too long to be looked for', () => {
    const history = new History(env, folder)
    for (const text of ['a', 'a', '  \n', 'x'.repeat(20_000), 'b', 'a']) history.add(text)
    expect(history.entries).toEqual(['a', 'b', 'a'])
  })

  it('keeps the last thousand, in memory and in the file', () => {
    const lines = Array.from({ length: 2_500 }, (_, i) => JSON.stringify(`${i}`))
    writeFileSync(path, `${lines.join('\n')}\n`)
    const history = new History(env, folder)
    expect(history.entries).toHaveLength(1_000)
    expect(statSync(path).mode & 0o077).toBe(0)
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(1_001)
    history.add('new')
    expect(history.entries).toHaveLength(1_000)
    expect(history.entries.at(-1)).toBe('new')
  })

  it('passes over lines that others wrote, and lives without a file', () => {
    writeFileSync(path, '"a"\nnot ours\n42\n"b"\n"cut o')
    expect(new History(env, folder).entries).toEqual(['a', 'b'])
    rmSync(folder, { recursive: true })
    const homeless = new History(env, folder)
    homeless.add('c')
    expect(homeless.entries).toEqual(['c'])
  })
})
