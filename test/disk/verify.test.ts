// Every kind of damage is found and named, with the file and the place, and nothing else is called damaged.

import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { buildIndex } from '../../src/index/build.ts'
import { Index } from '../../src/index/index.ts'
import { Novelty } from '../../src/index/novelty.ts'
import { type AttributeEntry, encodeRoot, publishRoot, readRoot, type Root } from '../../src/index/root.ts'
import { fillRichly, makeRichFolder } from '../../src/testing/rich-database.ts'
import { SeededRandom } from '../../src/testing/seeded-random.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { readTransactions } from '../../src/database/connection.ts'
import type { Finding } from '../../src/database/finding.ts'
import { FolderCatalogStorage } from '../../src/database/storage.ts'
import { verifyFolder } from '../../src/database/verify.ts'

const env = nodeEnv()
const whole = env.files.makeTemporaryFolder('varve-verify')
const folder = `${whole}-damaged`
const LOG = join(folder, 'rich/log')
const INDEX = join(folder, 'rich/index')
const SEGMENTS = join(INDEX, 'segments')

beforeAll(async () => {
  await makeRichFolder(env, whole, { seed: 11, transactionCount: 140 })
})
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true })
  cpSync(whole, folder, { recursive: true })
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
  env.files.remove(whole)
})

async function findings(kind: Finding['kind'] = 'damage'): Promise<readonly Finding[]> {
  const { databases, findings } = await verifyFolder(env, folder)
  return [...databases.flatMap((verified) => verified.findings), ...findings].filter(
    (finding) => finding.kind === kind,
  )
}

function nameOf(folder: string, pattern: RegExp): string {
  return join(
    folder,
    readdirSync(folder).find((name) => pattern.test(name))!,
  )
}

function flip(path: string, offset: number): void {
  const bytes = readFileSync(path)
  bytes[offset]! ^= 1
  writeFileSync(path, bytes)
}

/** The newest root, changed and published as if it had been built so. */
async function changeRoot(change: (root: Root) => Root): Promise<void> {
  const { blobs } = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
  const { root } = (await readRoot(blobs))!
  writeFileSync(nameOf(INDEX, /^root~/), encodeRoot(change(root)))
}

/** A segment that the newest root names. */
async function liveSegment(kind: string): Promise<string> {
  const { blobs } = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
  const { root } = (await readRoot(blobs))!
  return join(INDEX, root.segments.find((entry) => entry.kind === kind)!.key)
}

describe('a check of everything on disk', () => {
  it('finds nothing wrong where nothing is, and says what it compared', async () => {
    expect(await findings()).toEqual([])
    const { databases } = await verifyFolder(env, folder)
    expect(databases).toMatchObject([{ name: 'rich', lastT: 140 }])
    expect(databases[0]!.indexedT).toBeGreaterThan(50)
    expect(databases[0]!.datomCount).toBeGreaterThan(500)
  })

  it.each([/\.log$/, /\.sealed$/])('finds a flipped bit in a file of the log: %s', async (pattern) => {
    const path = nameOf(LOG, pattern)
    flip(path, 700)
    const [finding] = await findings()
    expect(finding).toMatchObject({ path, database: 'rich', fix: expect.stringContaining('backup') })
    expect(finding!.what).toContain('varve.error/log-corrupt')
    expect(finding!.offset).toBeLessThanOrEqual(700)
    expect(finding!.offset).toBeGreaterThan(0)
  })

  it.each([/\.log$/, /\.sealed$/])(
    'finds a file of the log that was cut, or is gone: %s',
    async (pattern) => {
      const path = nameOf(LOG, pattern)
      truncateSync(path, 1_000)
      expect((await findings())[0]!.what).toContain('varve.error/log-corrupt')
      rmSync(path)
      expect((await findings())[0]!.what).toContain('varve.error/log-corrupt')
    },
  )

  it('finds that the log is gone', async () => {
    rmSync(LOG, { recursive: true })
    expect((await findings())[0]!.what).toMatch(/index holds facts up to t \d+, the log ends at t -1/)
  })

  it.each(['present', 'history', 'order', 'dead'])(
    'finds a flipped bit in a segment of kind %s',
    async (kind) => {
      const path = await liveSegment(kind)
      flip(path, Math.floor(readFileSync(path).byteLength / 2))
      const found = await findings()
      expect(found).toMatchObject([{ path, fix: expect.stringContaining('log') }])
      expect(found[0]!.what).toContain('varve.error/segment-corrupt')
      expect(found[0]!.offset).toBeGreaterThanOrEqual(0)
    },
  )

  it('finds every flipped bit of any file of the index that counts', async () => {
    const random = new SeededRandom(5)
    const { blobs } = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
    const { root } = (await readRoot(blobs))!
    for (let round = 0; round < 12; round++) {
      const path = join(INDEX, root.segments[random.below(root.segments.length)]!.key)
      const offset = random.below(readFileSync(path).byteLength)
      flip(path, offset)
      expect([path, offset, (await findings()).map((finding) => finding.path)]).toEqual([
        path,
        offset,
        [path],
      ])
      flip(path, offset)
    }
  })

  it('finds segments that are cut, gone, or another under their name', async () => {
    const cut = await liveSegment('present')
    truncateSync(cut, 100)
    expect(await findings()).toMatchObject([{ path: cut }])
    rmSync(cut)
    expect(await findings()).toMatchObject([
      { path: cut, what: expect.stringContaining('varve.error/blob-missing') },
    ])
    renameSync(await liveSegment('history'), cut)
    expect((await findings()).length).toBeGreaterThan(0)
  })

  it('finds a damaged root, and one of another database', async () => {
    const path = nameOf(INDEX, /^root~/)
    flip(path, 200)
    expect((await findings())[0]!.what).toContain('varve.error/root-corrupt')
    flip(path, 200)
    await changeRoot((root) => ({ ...root, database: 'another' }))
    expect((await findings())[0]!.what).toContain('belongs to database another')
  })

  it('finds a root that says of its runs what is not so', async () => {
    const changed = (change: object) =>
      changeRoot((root) => ({
        ...root,
        attributes: root.attributes.map((entry) =>
          entry.id === 0 ? { ...entry, present: entry.present.map((run) => ({ ...run, ...change })) } : entry,
        ),
      }))
    const { blobs } = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
    const { root } = (await readRoot(blobs))!
    for (const [change, what] of [
      [{ deadCount: 1 }, 'of its rows are dead'],
      [{ entities: [0, 7] }, 'entities are not those'],
      [{ firstRow: 1 }, 'belongs to another attribute'],
      [{ added: [0, 1] }, 't are not those'],
    ] as const) {
      await changed(change)
      expect((await findings()).map((finding) => finding.what).join()).toContain(what)
      await changeRoot(() => root)
    }
    expect(await findings()).toEqual([])
  })

  it('finds a generation that keeps something else than what held then', async () => {
    const shifted = (entry: AttributeEntry): AttributeEntry => ({
      ...entry,
      generations: entry.generations?.map((generation) => ({ ...generation, untilT: generation.untilT - 1 })),
    })
    let generationCount = 0
    await changeRoot((root) => {
      for (const { generations = [] } of root.attributes) generationCount += generations.length
      return { ...root, attributes: root.attributes.map(shifted) }
    })
    expect(generationCount).toBeGreaterThan(0)
    expect((await findings()).map(({ what }) => what).join()).toContain('that are not what held then')
  })

  it('finds an index that is whole and holds other facts than the log', async () => {
    const storage = (await FolderCatalogStorage.open(env, folder, { canCreate: false })).open('rich')
    await using catalog = await Catalog.openFolder(env, folder, { isReadOnly: true })
    const { schema } = (await catalog.connection('rich')).value()
    await using log = await storage.openForReading()
    const before = (await readRoot(storage.blobs))!
    const index = await Index.open(storage.blobs, before.root, Index.empty(storage.info.id))
    const novelty = new Novelty(before.root.indexedT)
    let isDropped = false
    for (const { t, datoms } of readTransactions(log, before.root.indexedT + 1, log.lastT() + 1)) {
      const kept = datoms.filter(({ a, added }) => a === 1 || isDropped || !added || !(isDropped = true))
      novelty.add(t, kept)
    }
    const input = { before: index, novelty, toT: log.lastT(), schema, epoch: before.root.epoch }
    await publishRoot(storage.blobs, before, await buildIndex(storage.blobs, input))
    expect(isDropped).toBe(true)
    const found = await findings()
    expect(found.map(({ what }) => what).join()).toContain('they are not the same')
    expect(found[0]!.fix).toContain('rebuilt from the log')
  })

  it('tells of leftovers and of what is not its own, and calls neither damage', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'x')
    writeFileSync(join(LOG, 'notes.txt'), 'x')
    writeFileSync(join(SEGMENTS, 'notes.txt'), 'x')
    writeFileSync(join(INDEX, '.tmp-0011'), 'x')
    writeFileSync(join(SEGMENTS, `00000001-${'a'.repeat(64)}.parquet`), 'x')
    writeFileSync(join(LOG, '000000000000900-00000001.log'), new Uint8Array(512))
    expect(await findings()).toEqual([])
    expect((await findings('unknown')).map(({ path }) => path).sort()).toEqual(
      [join(folder, 'notes.txt'), join(LOG, 'notes.txt'), join(SEGMENTS, 'notes.txt')].sort(),
    )
    const left = (await findings('leftover')).map(({ path }) => path)
    expect(left).toContain(join(INDEX, '.tmp-0011'))
    expect(left).toContain(join(SEGMENTS, `00000001-${'a'.repeat(64)}.parquet`))
  })

  it('reads beside a writer that goes on and indexes meanwhile', async () => {
    await using catalog = await Catalog.openFolder(env, folder)
    const writer = await catalog.writer('rich')
    const writing = fillRichly(writer, 12, 40)
    for (let count = 0; count < 3; count++) expect(await findings()).toEqual([])
    await writing
    expect(await findings()).toEqual([])
  })
})
