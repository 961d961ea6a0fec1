// Backups are hot, consistent and incremental, whatever interrupts them; what is restored answers as the original
// did, knows the same idempotency keys and can be written on.

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { readTransactions } from '../../src/database/connection.ts'
import { backup, restore } from '../../src/database/replicate.ts'
import { FolderCatalogStorage } from '../../src/database/storage.ts'
import { verifyFolder } from '../../src/database/verify.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { writeEdn } from '../../src/fact/edn-writer.ts'
import { fillRichly, makeRichFolder } from '../../src/testing/rich-database.ts'

const env = nodeEnv()
let place: string
let data: string
let copy: string

beforeEach(async () => {
  place = env.files.makeTemporaryFolder('varve-replicate')
  data = join(place, 'data')
  copy = join(place, 'backup')
  await makeRichFolder(env, data, { seed: 21, transactionCount: 80 })
})
afterEach(() => {
  env.files.remove(place)
})

async function backUp(onProgress?: () => void): Promise<{ readonly fromT: number; readonly lastT: number }> {
  const source = await FolderCatalogStorage.open(env, data, { canCreate: false })
  const [done] = await backup(env, source, copy, onProgress)
  return done!
}

/** Everything that ever happened in the database `rich` of a folder, up to t, as text. */
async function historyOf(folder: string, untilT = Infinity): Promise<readonly string[]> {
  const storage = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
  await using log = await storage.openForReading()
  const transactions = readTransactions(log, 0, Math.min(untilT, log.lastT()) + 1)
  return [...transactions].map(({ t, txInstantMs, datoms }) =>
    writeEdn([t, txInstantMs, datoms.map(({ e, a, v, added }) => [e, a, v, added])]),
  )
}

async function factsOf(folder: string, asOf?: number): Promise<readonly string[]> {
  await using catalog = await Catalog.openFolder(env, folder, { isReadOnly: true })
  const { facts } = (await catalog.connection('rich')).value()
  const seen = asOf === undefined ? facts : facts.asOf(asOf)
  return [...seen.range('eavt', { prefix: [] })].map(({ e, a, v, t }) => writeEdn([e, a, v, t]))
}

async function write(folder: string, tx: string, idempotencyKey?: string) {
  await using catalog = await Catalog.openFolder(env, folder)
  const writer = await catalog.writer('rich')
  return await writer.transact({
    tx: readEdn(tx).value,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  })
}

/** Large enough that a backup of it takes several steps. */
async function writeMuch(): Promise<void> {
  await using catalog = await Catalog.openFolder(env, data)
  const writer = await catalog.writer('rich')
  for (let count = 0; count < 12; count++) {
    const text = String(count).repeat(400_000)
    await writer.transact({ tx: readEdn(`[[:db/add "x" :one/string "${text}"]]`).value })
  }
}

function runVarve(words: readonly string[]): {
  readonly kill: () => void
  readonly ended: Promise<number | null>
} {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/varve.mjs'), ...words], {
    stdio: 'ignore',
  })
  return {
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((resolve) => child.once('exit', (code) => resolve(code))),
  }
}

describe('a backup', () => {
  it('holds every transaction, and again only what is new; it opens as it lies', async () => {
    expect(await backUp()).toMatchObject({ fromT: 0, lastT: 80 })
    expect(await historyOf(copy)).toEqual(await historyOf(data))
    expect(await factsOf(copy)).toEqual(await factsOf(data))
    expect(await backUp()).toMatchObject({ fromT: 81, lastT: 80 })
    await write(data, '[{:one/long 1}]')
    expect(await backUp()).toMatchObject({ fromT: 81, lastT: 81 })
    expect(await historyOf(copy)).toEqual(await historyOf(data))
  })

  it('is a prefix of what a writer goes on with meanwhile', async () => {
    await using catalog = await Catalog.openFolder(env, data)
    const writer = await catalog.writer('rich')
    const writing = fillRichly(writer, 22, 60)
    const lasts: number[] = []
    for (let count = 0; count < 4; count++) {
      lasts.push((await backUp()).lastT)
      const copied = await historyOf(copy)
      expect(copied).toEqual((await historyOf(data)).slice(0, copied.length))
    }
    await writing
    expect(lasts).toEqual(lasts.toSorted((x, y) => x - y))
    await backUp()
    expect(await historyOf(copy)).toEqual(await historyOf(data))
  })

  it('goes on where it was interrupted', async () => {
    await writeMuch()
    let stepCount = 0
    const interrupted = backUp(() => {
      if (++stepCount === 2) throw new Error('interrupted')
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    const { fromT, lastT } = await backUp()
    expect(fromT).toBeGreaterThan(80)
    expect(lastT).toBe(92)
    expect(await historyOf(copy)).toEqual(await historyOf(data))
  })

  it('is taken by another process beside the writer, killed at any moment and repeated', async () => {
    await writeMuch()
    await using catalog = await Catalog.openFolder(env, data)
    await (await catalog.writer('rich')).transact({ tx: readEdn('[{:one/long 7}]').value })
    for (const ms of [300, 600, 800]) {
      const child = runVarve(['backup', copy, '--data', data])
      await env.timers.sleep(ms)
      child.kill()
      await child.ended
    }
    expect(await runVarve(['backup', copy, '--data', data]).ended).toBe(0)
    expect(await historyOf(copy)).toEqual(await historyOf(data))
    expect((await verifyFolder(env, copy)).databases[0]!.findings).toEqual([])
  })

  it('refuses the backup of another database, of another history, and the folder itself', async () => {
    await backUp()
    const before = await historyOf(copy)
    const own = data
    data = join(place, 'other')
    await makeRichFolder(env, data, { seed: 5, transactionCount: 3 })
    await expect(backUp()).rejects.toMatchObject({ code: 'varve.error/backup-foreign' })
    data = join(place, 'forked')
    await restore(env, copy, data, { rich: 70 })
    await expect(backUp()).rejects.toMatchObject({ code: 'varve.error/backup-forked' })
    for (let count = 0; count < 12; count++) await write(data, '[{:one/long 1}]')
    await expect(backUp()).rejects.toMatchObject({ code: 'varve.error/backup-forked' })
    copy = data
    await expect(backUp()).rejects.toMatchObject({ code: 'varve.error/backup-of-itself' })
    expect(await historyOf(join(place, 'backup'))).toEqual(before)
    data = own
    copy = join(place, 'backup')
    expect(await backUp()).toMatchObject({ fromT: 81 })
  })
})

describe('a restoration', () => {
  it('answers as the original, knows its idempotency keys, and can be written on', async () => {
    const first = await write(data, '[{:db/id "new" :one/long 5}]', 'once')
    await backUp()
    const target = join(place, 'restored')
    expect(await restore(env, copy, target, undefined)).toMatchObject([{ name: 'rich', lastT: 81 }])
    expect(await historyOf(target)).toEqual(await historyOf(data))
    expect(await factsOf(target)).toEqual(await factsOf(data))
    expect(await factsOf(target, 40)).toEqual(await factsOf(data, 40))
    const again = await write(target, '[{:db/id "new" :one/long 5}]', 'once')
    expect([again.t, [...again.tempids]]).toEqual([first.t, [...first.tempids]])
    expect((await write(target, '[{:one/long 6}]')).t).toBe(82)
    const { databases, findings } = await verifyFolder(env, target)
    expect([...databases[0]!.findings, ...findings]).toEqual([])
    // The restored database may take the place of the first: its backups go on.
    data = target
    expect(await backUp()).toMatchObject({ fromT: 82, lastT: 82 })
  })

  it('ends at a t, by name, or at an instant', async () => {
    await backUp()
    const all = await historyOf(data)
    await restore(env, copy, join(place, 'at-t'), { rich: 33 })
    expect(await historyOf(join(place, 'at-t'))).toEqual(all.slice(0, 34))
    expect(await factsOf(join(place, 'at-t'))).toEqual(await factsOf(data, 33))
    const instantOf = (t: number): number => (readEdn(all[t]!).value as readonly number[])[1]!
    const instant = new Date(instantOf(50))
    const last = all.findLastIndex((_, t) => instantOf(t) <= instant.getTime())
    await restore(env, copy, join(place, 'at-instant'), instant)
    expect(await historyOf(join(place, 'at-instant'))).toEqual(all.slice(0, last + 1))
  })

  it('refuses folders in use, names and moments that the backup has not, and writes nothing then', async () => {
    await backUp()
    const target = join(place, 'used')
    mkdirSync(target)
    writeFileSync(join(target, 'mine.txt'), 'x')
    await expect(restore(env, copy, target, undefined)).rejects.toMatchObject({
      code: 'varve.error/restore-target-used',
    })
    expect(readdirSync(target)).toEqual(['mine.txt'])
    await expect(restore(env, copy, data, undefined)).rejects.toMatchObject({
      code: 'varve.error/restore-target-used',
    })
    rmSync(join(target, 'mine.txt'))
    await expect(restore(env, copy, target, { rich: 1_000 })).rejects.toMatchObject({
      code: 'varve.error/restore-point-unknown',
    })
    await expect(restore(env, copy, target, { poor: 1 })).rejects.toMatchObject({
      code: 'varve.error/database-unknown',
    })
    expect(readdirSync(target)).toEqual([])
  })

  it('is never taken for a whole one when it was interrupted, and can be repeated', async () => {
    await writeMuch()
    await backUp()
    const target = join(place, 'restored')
    const interrupted = restore(env, copy, target, undefined, () => {
      throw new Error('interrupted')
    })
    await expect(interrupted).rejects.toThrow('interrupted')
    await expect(Catalog.openFolder(env, target)).rejects.toMatchObject({
      code: 'varve.error/foreign-folder',
    })
    await restore(env, copy, target, undefined)
    expect(await historyOf(target)).toEqual(await historyOf(data))
    expect(readdirSync(target).sort()).toEqual(['rich', 'varve.json'])
  })
})
