// The commands about files, as processes: what they print, and what they end with.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { makeRichFolder } from '../../src/testing/rich-database.ts'
import { type Finished, runProgram } from '../toolchains.ts'

const env = nodeEnv()
const place = env.files.makeTemporaryFolder('varve-commands')

beforeAll(async () => {
  await makeRichFolder(env, join(place, 'data'), { seed: 41, transactionCount: 40 })
})
afterAll(() => {
  env.files.remove(place)
})

function varve(...words: readonly string[]): Promise<Finished> {
  return runProgram(process.execPath, [join(import.meta.dirname, '../../bin/varve.mjs'), ...words], {
    cwd: place,
  })
}

describe('commands about files', () => {
  it('views prints SQL with absolute paths that DuckDB runs', async () => {
    const { code, stdout } = await varve('views', '--data', 'data')
    expect(code).toBe(0)
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect()
    await duckdb.run(stdout)
    const [[count]] = (await duckdb.runAndReadAll('SELECT count(*) FROM rich.facts')).getRowsJS() as [
      [bigint],
    ]
    expect(Number(count)).toBeGreaterThan(100)
    expect(stdout).toContain(`read_parquet('${place}/data/rich/index/segments/`)
    duckdb.closeSync()
  })

  it('check says that all is well, and ends with 1 where it is not, naming file, byte and remedy', async () => {
    const well = await varve('check', '--data', 'data')
    expect(well).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^rich: ok; the log is whole up to t 40/),
    })
    expect(well.stderr).toMatch(/MiB verified in/)
    const log = join(place, 'data/rich/log')
    const path = join(
      log,
      readdirSync(log).find((name) => name.endsWith('.log'))!,
    )
    const bytes = readFileSync(path)
    const damaged = Uint8Array.from(bytes)
    damaged[600]! ^= 1
    writeFileSync(path, damaged)
    const { code, stdout } = await varve('check', '--data', 'data', '--database', 'rich')
    writeFileSync(path, bytes)
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /rich: 1 damaged\ndamage: data\/rich\/log\/\d+-\d+\.log, byte \d+\n.*\n {2}What to do: /,
    )
  })

  it('check knows its folder and its databases', async () => {
    const missing = await varve('check', '--data', 'nowhere')
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('varve.error/folder-missing')])
    const unknown = await varve('check', '--data', 'data', '--database', 'ritch')
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('rich')])
  })

  it('backup and restore go there and back, and refuse what they must', async () => {
    expect(await varve('backup', 'copy', '--data', 'data')).toMatchObject({
      code: 0,
      stdout: 'rich: t 0 to 40 copied\n',
    })
    expect((await varve('backup', 'copy', '--data', 'data')).stdout).toBe('rich: complete up to t 40\n')
    expect(await varve('restore', 'copy', '--data', 'again', '--to', 'rich=20')).toMatchObject({
      code: 0,
      stdout: 'rich: restored up to t 20\n',
    })
    expect((await varve('check', '--data', 'again')).stdout).toMatch(/^rich: ok; the log is whole up to t 20/)
    const used = await varve('restore', 'copy', '--data', 'again')
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining('varve.error/restore-target-used')])
    expect((await varve('restore', 'copy', '--data', 'new', '--to', 'yesterday')).code).toBe(2)
  })
})
