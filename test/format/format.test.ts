// docs/reference/format.md is enough to read a folder: a reader written from the page alone finds what Varve finds.
// And the files of every released version of the format are read by this one.

import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeEnv } from '../../src/base/env-node.ts'
import { Catalog } from '../../src/database/catalog.ts'
import { verifyFolder } from '../../src/database/verify.ts'
import type { Datom } from '../../src/fact/datom.ts'
import { readEdn } from '../../src/fact/edn-reader.ts'
import { BigInteger, Decimal, Double, EdnSymbol, Float, Keyword, Uri, Uuid } from '../../src/fact/value.ts'
import { makeRichFolder } from '../../src/testing/rich-database.ts'
import { readIndex, readLog, type Event } from './reader.ts'

const env = nodeEnv()
const FORMATS = join(import.meta.dirname, '../formats')

function shown(v: unknown): string {
  if (v === null) return 'nil'
  if (v instanceof Keyword) return `keyword:${v.text}`
  if (v instanceof EdnSymbol) return `symbol:${v.text}`
  if (v instanceof Uuid) return `uuid:${v.text}`
  if (v instanceof Uri) return `uri:${v.text}`
  if (v instanceof BigInteger) return `bigint:${v.value}`
  if (v instanceof Decimal) return `bigdec:${v.toNumber()}`
  if (v instanceof Double) return `double:${v.value}`
  if (v instanceof Float) return `float:${v.value}`
  if (v instanceof Date) return `instant:${v.getTime()}`
  if (v instanceof Uint8Array) return `bytes:${Buffer.from(v).toString('hex')}`
  if (Array.isArray(v)) return `tuple:${v.map(shown).join(' ')}`
  if (typeof v === 'bigint') return `long:${v}`
  if (typeof v === 'number') return `${Number.isInteger(v) ? 'long' : 'double'}:${v}`
  if (typeof v === 'boolean' || typeof v === 'string') return `${typeof v}:${v}`
  throw new TypeError('a value of a type that is not known here')
}

function lines(events: Iterable<Event>): readonly string[] {
  return [...events].map(({ e, a, v, t, added }) => `${e} ${a} ${v} ${t} ${added}`).sort()
}

function linesOfDatoms(datoms: Iterable<Datom>): readonly string[] {
  return lines([...datoms].map((datom) => ({ ...datom, v: shown(datom.v) })))
}

/** What the reader of the page finds is what Varve finds. */
async function expectSame(folder: string): Promise<void> {
  await using catalog = await Catalog.openFolder(env, folder, { isReadOnly: true })
  const connection = await catalog.connection('rich')
  const logged: Datom[] = []
  const range = { from: 0, to: Infinity, isLive: false }
  for await (const { datoms } of connection.transactions(range)) logged.push(...datoms)
  expect(lines(readLog(join(folder, 'rich/log')))).toEqual(linesOfDatoms(logged))
  const { indexedT, facts } = await readIndex(join(folder, 'rich/index'))
  const indexed = connection.value().facts.asOf(indexedT)
  // Of what an attribute without history held at indexedT, Varve may have forgotten a part since.
  const kept = [...indexed.schema.attributes()].filter(({ noHistory }) => !noHistory).map(({ id }) => id)
  const found = facts.filter(({ a }) => kept.includes(a))
  const events = found.flatMap((fact): Event[] => [
    { ...fact, t: fact.added, added: true },
    ...(fact.retracted === undefined ? [] : [{ ...fact, t: fact.retracted, added: false }]),
  ])
  const present = found.filter(({ retracted }) => retracted === undefined)
  expect(lines(present.map((fact) => ({ ...fact, t: fact.added, added: true })))).toEqual(
    linesOfDatoms(kept.flatMap((a) => [...indexed.match(undefined, a, undefined)])),
  )
  expect(lines(events)).toEqual(
    linesOfDatoms(kept.flatMap((a) => [...indexed.history().match(undefined, a, undefined)])),
  )
  expect(present.length).toBeGreaterThan(100)
  expect(found.length).toBeGreaterThan(present.length)
  // And as of an earlier t, by the rule that the page gives.
  const t = Math.floor(indexedT / 2)
  const then = found.filter(({ added, retracted = Infinity }) => added <= t && t < retracted)
  expect(lines(then.map((fact) => ({ ...fact, t: fact.added, added: true })))).toEqual(
    linesOfDatoms(kept.flatMap((a) => [...indexed.asOf(t).match(undefined, a, undefined)])),
  )
}

describe('the page on the format', () => {
  it('is enough to read the facts of a folder', async () => {
    const folder = env.files.makeTemporaryFolder('varve-format')
    await makeRichFolder(env, folder, { seed: 31, transactionCount: 120 })
    const names = readdirSync(join(folder, 'rich/log'))
    expect(names.some((name) => name.endsWith('.sealed'))).toBe(true)
    expect(names.some((name) => name.endsWith('.log'))).toBe(true)
    await expectSame(folder)
    env.files.remove(folder)
  })
})

describe('files of every released format', () => {
  const versions = readdirSync(FORMATS).filter((name) => /^\d+$/.test(name))

  it.each(versions)('open, and hold what they held: version %s', async (version) => {
    const folder = env.files.makeTemporaryFolder('varve-format')
    cpSync(join(FORMATS, version, 'data'), folder, { recursive: true })
    await expectSame(folder)
    const kept = readFileSync(join(FORMATS, version, 'facts.txt'), 'utf8')
      .trim()
      .split('\n')
    expect(lines(readLog(join(folder, 'rich/log')))).toEqual(kept)
    {
      await using catalog = await Catalog.openFolder(env, folder)
      const writer = await catalog.writer('rich')
      await writer.transact({ tx: readEdn('[{:thing/key "k1" :one/long 12}]').value })
      await writer.index()
    }
    const { databases, findings } = await verifyFolder(env, folder)
    expect([...databases[0]!.findings, ...findings].filter(({ kind }) => kind === 'damage')).toEqual([])
    env.files.remove(folder)
  })
})
