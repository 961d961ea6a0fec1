// Files of the index that DuckDB reads: checked before the first question may use them, and asked for anew when they
// are gone.

import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { Catalog } from '../../database/catalog.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import type { Engine } from '../../plan/engine.ts'
import { ask } from '../../query/ask.ts'
import { InThreadRunner } from '../../query/run-here.ts'
import { DuckDbEngine } from './engine.ts'

const env = nodeEnv()
const engine = new DuckDbEngine(env)
const root = env.files.makeTemporaryFolder('varve-segment-files')
afterAll(async () => {
  await engine[Symbol.asyncDispose]()
  env.files.remove(root)
})

const QUERY = '[:find (sum ?n) . :where [_ :p/n ?n]]'
const SCHEMA = '[{:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]'

/** The sum of a database of which everything is indexed; `meddle` gets the files before the engine reads any. */
async function sumOf(name: string, by: Engine, meddle: (paths: readonly string[]) => void): Promise<unknown> {
  const folder = `${root}/${name}`
  await using catalog = await Catalog.openFolder(env, folder)
  await catalog.create('p', { schema: readEdn(SCHEMA).value })
  const writer = await catalog.writer('p')
  await writer.transact({ tx: readEdn('[{:p/n 1} {:p/n 2}]').value })
  await writer.index()
  const database = (await catalog.connection('p')).value()
  meddle(globSync(`${folder}/p/index/segments/*.parquet`))
  const request = { query: QUERY, args: [], database, sourceNamed: () => Promise.resolve(database) }
  const { answer } = await ask(request, new InThreadRunner(by, env.clock))
  return answer.rows.at(0)?.[0]
}

it('what is indexed is read from its files', async () => {
  expect(await sumOf('plain', engine, (paths) => expect(paths.length).toBeGreaterThan(0))).toBe(3)
})

it('a file whose bytes are not what its name says is read by nobody (I8)', async () => {
  const spoil = (paths: readonly string[]): void => {
    for (const path of paths) {
      const bytes = readFileSync(path)
      bytes[20]! ^= 1
      writeFileSync(path, bytes)
    }
  }
  await expect(sumOf('spoiled', engine, spoil)).rejects.toMatchObject({ code: 'varve.error/segment-corrupt' })
})

describe('a file that is gone is asked for over the newest root (I3):', () => {
  const kept = new Map<string, Buffer>()
  const keep = (paths: readonly string[]): void => {
    kept.clear()
    for (const path of paths) kept.set(path, readFileSync(path))
  }
  const remove = (): void => {
    for (const path of kept.keys()) rmSync(path, { force: true })
  }

  /** The engine; when it misses a file, all come back, as those of a newer root would. */
  function restoring(by: Engine, codes: unknown[]): Engine {
    return {
      name: by.name,
      answer: (...question) =>
        by.answer(...question).catch((error: { readonly code: unknown }) => {
          codes.push(error.code)
          for (const [path, bytes] of kept) writeFileSync(path, bytes)
          throw error
        }),
      explain: (...question) => by.explain(...question),
    }
  }

  it('collected before it is asked', async () => {
    const codes: unknown[] = []
    const removed = (paths: readonly string[]): void => {
      keep(paths)
      remove()
    }
    expect(await sumOf('collected', restoring(engine, codes), removed)).toBe(3)
    expect(codes).toEqual(['varve.error/blob-missing'])
  })

  it('collected before DuckDB opens it', async () => {
    let isRemoved = false
    const startProcess: typeof env.processes.startProcess = (module, options) => {
      const thread = env.processes.startProcess(module, options)
      const post = (message: unknown): void => {
        if (!isRemoved) remove()
        isRemoved = true
        thread.post(message)
      }
      return { ...thread, post }
    }
    await using meddled = new DuckDbEngine({ ...env, processes: { ...env.processes, startProcess } })
    const codes: unknown[] = []
    expect(await sumOf('opened', restoring(meddled, codes), keep)).toBe(3)
    expect(codes).toEqual(['varve.error/blob-missing'])
  })
})
