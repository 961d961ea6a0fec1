// One folder of the service's own, shared by processes: who owns what, and what happens when an owner goes.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { SystemFolder } from './system-folder.ts'

const env = nodeEnv()
const TOKEN = readEdn('[{:token/id "a" :token/caller "ada"}]').value
let folder: string

beforeEach(() => {
  folder = `${env.files.makeTemporaryFolder('varve-system')}/system`
})
afterEach(() => env.files.remove(folder.replace(/\/system$/, '')))

describe('a system folder', () => {
  it('is made with its databases, and found again', async () => {
    {
      await using system = await SystemFolder.open(env, folder)
      expect([system.instance, system.isOwner, system.audit.info.name]).toEqual(['1', true, 'audit-1'])
      await system.change(TOKEN)
    }
    await using again = await SystemFolder.open(env, folder)
    expect([again.instance, (await again.system()).basisT]).toEqual(['1', 1])
  })

  it('has one owner; another process follows, and names the owner where it is asked to change something', async () => {
    await using owner = await SystemFolder.open(env, folder)
    await using other = await SystemFolder.open(env, folder)
    expect([other.instance, other.isOwner]).toEqual(['2', false])
    await expect(other.change(TOKEN)).rejects.toMatchObject({
      code: 'varve.error/system-owned',
      kind: 'conflict',
      data: { owner: { pid: process.pid } },
    })
    const { t } = await owner.change(TOKEN)
    while ((await other.system()).basisT < t) await env.timers.sleep(10)
    expect((await other.system()).basisT).toBe(t)
  })

  it('gets another owner when the first has gone', async () => {
    const first = await SystemFolder.open(env, folder)
    await using second = await SystemFolder.open(env, folder)
    await first[Symbol.asyncDispose]()
    const { t } = await second.change(TOKEN)
    expect([second.isOwner, (await second.system()).basisT]).toEqual([true, t])
  })

  it('is opened by many at once', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => SystemFolder.open(env, folder)))
    expect(opened.filter(({ isOwner }) => isOwner)).toHaveLength(1)
    expect(new Set(opened.map(({ instance }) => instance)).size).toBe(4)
    for (const each of opened) await each[Symbol.asyncDispose]()
  })

  it('takes the name of an instance, unless another process has it', async () => {
    await using _one = await SystemFolder.open(env, folder, { instance: 'front' })
    await expect(SystemFolder.open(env, folder, { instance: 'front' })).rejects.toMatchObject({
      code: 'varve.error/instance-taken',
    })
    await expect(SystemFolder.open(env, folder, { instance: '../x' })).rejects.toMatchObject({
      code: 'varve.error/instance-invalid',
    })
  })
})
