// One folder of the service's own, shared by processes: who owns what, and what happens when an owner goes.

import { utimesSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { SystemFolder } from './system-folder.ts'

const env = nodeEnv()
const TOKEN = readEdn('[{:token/id "a" :token/caller "ada"}]').value
const OTHER = readEdn('[{:token/id "b" :token/caller "bob"}]').value
let folder: string

/** As if the owner had given no sign for longer than it may. */
function hang(): void {
  const past = new Date(Date.now() - 60_000)
  utimesSync(`${folder}/system/log/lock`, past, past)
}

beforeEach(() => {
  folder = `${env.files.makeTemporaryFolder('varve-system')}/system`
})
afterEach(() => env.files.remove(folder.replace(/\/system$/, '')))

describe('a system folder', () => {
  it('is made with its databases, and found again', async () => {
    {
      await using system = await SystemFolder.open(env, folder)
      expect([system.isOwner, (await system.openAudit()).info.name]).toEqual([true, 'audit-1'])
      await system.change(TOKEN)
    }
    await using again = await SystemFolder.open(env, folder)
    expect([(await again.openAudit()).info.name, (await again.system()).basisT]).toEqual(['audit-1', 1])
    expect(again.databaseNames()).toEqual(['audit-1', 'system'])
  })

  it('has one owner; another process follows, and names the owner where it is asked to change something', async () => {
    await using owner = await SystemFolder.open(env, folder)
    await using other = await SystemFolder.open(env, folder)
    expect(other.isOwner).toBe(false)
    expect([(await owner.openAudit()).info.name, (await other.openAudit()).info.name]).toEqual([
      'audit-1',
      'audit-2',
    ])
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

  it('gets another owner when the first hangs, which then follows and owns it again once that one has gone', async () => {
    let shiftMs = 0
    const clock = { ...env.clock, monotonicMs: () => env.clock.monotonicMs() + shiftMs }
    await using first = await SystemFolder.open({ ...env, clock }, folder)
    await first.change(TOKEN)
    const second = await SystemFolder.open(env, folder)
    // Alive, so that nobody takes its place.
    await expect(second.change(TOKEN)).rejects.toMatchObject({ code: 'varve.error/system-owned' })
    expect(first.isOwner).toBe(true)
    hang()
    const { t } = await second.change(OTHER)
    expect(second.isOwner).toBe(true)
    // The first goes on: what it held is old, as it sees when it looks.
    shiftMs += 1_000
    expect(first.isOwner).toBe(false)
    while ((await first.system()).basisT < t) await env.timers.sleep(10)
    await expect(first.change(TOKEN)).rejects.toMatchObject({
      code: 'varve.error/system-owned',
      data: { owner: { pid: process.pid } },
    })
    await second[Symbol.asyncDispose]()
    expect((await first.change(TOKEN)).t).toBe(t + 1)
    expect(first.isOwner).toBe(true)
  })

  it('acknowledges nothing for who lost it without having seen that', async () => {
    await using first = await SystemFolder.open(env, folder)
    await using second = await SystemFolder.open(env, folder)
    hang()
    await second.change(OTHER)
    await expect(first.change(TOKEN)).rejects.toMatchObject({ code: 'varve.error/system-owned' })
    expect(first.isOwner).toBe(false)
    expect((await second.system()).basisT).toBe(1)
  })

  it('is opened by many at once', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => SystemFolder.open(env, folder)))
    expect(opened.filter(({ isOwner }) => isOwner)).toHaveLength(1)
    const audits = await Promise.all(opened.map((each) => each.openAudit()))
    expect(new Set(audits.map(({ info }) => info.name)).size).toBe(4)
    for (const each of opened) await each[Symbol.asyncDispose]()
  })

  it('takes the name of an instance, unless another process has it', async () => {
    await using one = await SystemFolder.open(env, folder)
    await using other = await SystemFolder.open(env, folder)
    expect((await one.openAudit('front')).info.name).toBe('audit-front')
    await one.openAudit()
    await expect(other.openAudit(undefined, 0)).rejects.toMatchObject({
      code: 'varve.error/too-many-instances',
    })
    await expect(other.openAudit('front')).rejects.toMatchObject({ code: 'varve.error/instance-taken' })
    expect(() => other.openAudit('../x')).toThrow(
      expect.objectContaining({ code: 'varve.error/instance-invalid' }),
    )
  })
})
