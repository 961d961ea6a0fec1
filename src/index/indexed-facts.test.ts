import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NEVER_ENDS } from '../base/batches.ts'
import { MemoryBlobStore } from '../blob/memory-store.ts'
import { type EntityId, entityId, TX_BASE } from '../fact/attribute.ts'
import * as boot from '../fact/bootstrap.ts'
import { bootstrapDatoms, BUILTIN_COUNT, DB_TX_INSTANT } from '../fact/bootstrap.ts'
import type { Datom, FactSource, IndexName, IndexRange } from '../fact/datom.ts'
import { Schema } from '../fact/schema.ts'
import { double, equalValues, keyword, type Value } from '../fact/value.ts'
import { COLUMN_CACHE_LIMITS, ColumnCache } from '../segment/column-cache.ts'
import { NaiveFacts } from '../testing/naive-facts.ts'
import { TINY_CACHE, TINY_INDEX } from '../testing/simulated-storage.ts'
import type { AttributeColumns, WholeColumns } from './attribute-columns.ts'
import type { Moment } from './generation-columns.ts'
import { integerAt } from '../segment/column.ts'
import { valueAt } from '../segment/value-column.ts'
import { buildIndex } from './build.ts'
import { collectGarbage } from './garbage.ts'
import { IndexedFacts, readSchemaAt } from './indexed-facts.ts'
import { Index } from './index.ts'
import { INDEX_LIMITS, type IndexLimits } from './merge-policy.ts'
import { Novelty } from './novelty.ts'
import { publishRoot, readRoot } from './root.ts'
import type { Run } from './run.ts'
import { identity } from './sort.ts'

/** Limits so small that a few facts go through every kind of merge. */
const A = BUILTIN_COUNT
const [TAGS, FRIEND, NAME, SCORE, CODE] = [A, A + 1, A + 2, A + 3, A + 4]
const ENTITIES = [entityId(A, 0), entityId(A, 1), entityId(A, 2), entityId(A + 7, 0), entityId(A + 7, 5)]
const VALUES: ReadonlyMap<number, readonly Value[]> = new Map<number, readonly Value[]>([
  [TAGS, ['red', 'green', 'grün', '']],
  [FRIEND, ENTITIES],
  [NAME, ['ann', 'bob', 'cy']],
  [SCORE, [double(1), 1.5, double(-2), double(1e300)]],
  [CODE, [keyword('a/b'), keyword('a-b/c'), keyword('a'), keyword('z')]],
])

function declare(
  id: EntityId,
  name: string,
  type: string,
  many: boolean,
  flags: readonly number[] = [],
): Datom[] {
  const add = (a: number, v: Value): Datom => ({ e: id, a, v, t: 0, added: true })
  return [
    add(boot.DB_IDENT, keyword(name)),
    add(boot.DB_VALUE_TYPE, boot.BUILTIN.get(`db.type/${type}`)!),
    add(boot.DB_CARDINALITY, many ? boot.CARDINALITY_MANY : boot.CARDINALITY_ONE),
    ...flags.map((flag) => add(flag, flag === boot.DB_UNIQUE ? boot.UNIQUE_IDENTITY : true)),
  ]
}

const BOOTSTRAP: readonly Datom[] = [
  { e: TX_BASE, a: DB_TX_INSTANT, v: new Date(0), t: 0, added: true },
  ...bootstrapDatoms(),
  ...declare(TAGS, 'p/tags', 'string', true),
  ...declare(FRIEND, 'p/friend', 'ref', true),
  ...declare(NAME, 'p/name', 'string', false, [boot.DB_UNIQUE]),
  ...declare(SCORE, 'p/score', 'double', false),
  ...declare(CODE, 'p/code', 'keyword', false, [boot.DB_INDEX]),
]

type Operation = { readonly e: number; readonly a: number; readonly v: number; readonly isRetract: boolean }
const operation = fc.record({
  e: fc.nat(ENTITIES.length - 1),
  a: fc.nat(VALUES.size - 1),
  v: fc.nat(4),
  isRetract: fc.boolean(),
})
const transactions = fc.array(fc.array(operation, { maxLength: 6 }), { minLength: 1, maxLength: 14 })

/** The datoms of a history in which operations that make no sense are left out, as a transactor would. */
function history(operations: readonly (readonly Operation[])[]): Datom[][] {
  const held = new Map<string, Datom>()
  const all: Datom[][] = [[...BOOTSTRAP]]
  for (const datom of BOOTSTRAP) held.set(key(datom), datom)
  operations.forEach((wanted, index) => {
    const t = index + 1
    const datoms: Datom[] = [
      { e: TX_BASE + t, a: DB_TX_INSTANT, v: new Date(Math.floor(t / 2) * 1000), t, added: true },
    ]
    const touched = new Set<string>()
    for (const { e: entity, a: attribute, v: value, isRetract } of wanted) {
      const a = [...VALUES.keys()][attribute]!
      const v = VALUES.get(a)![value % VALUES.get(a)!.length]!
      const datom: Datom = { e: ENTITIES[entity]!, a, v, t, added: !isRetract }
      const isMany = a === TAGS || a === FRIEND
      const place = isMany ? key(datom) : `${datom.e} ${a}`
      if (touched.has(place) || held.has(key(datom)) === datom.added) continue
      if (a === NAME && datom.added && isHeldByAnother(held.values(), datom)) continue
      touched.add(place)
      if (isRetract) held.delete(key(datom))
      else {
        for (const old of isMany ? [] : held.values()) {
          if (old.e !== datom.e || old.a !== a) continue
          datoms.push({ ...old, t, added: false })
          held.delete(key(old))
        }
        held.set(key(datom), datom)
      }
      datoms.push(datom)
    }
    all.push(datoms)
  })
  return all
}

function isHeldByAnother(held: Iterable<Datom>, { e, a, v }: Datom): boolean {
  for (const other of held) if (other.a === a && other.e !== e && equalValues(other.v, v)) return true
  return false
}

function key({ e, a, v }: Datom): string {
  return `${e} ${a} ${String(VALUES.get(a)?.findIndex((known) => equalValues(known, v)))} ${String(v)}`
}

/** Feeds a history, indexing after the transactions named, and gives back the facts of every t on the way. */
async function feed(datoms: readonly Datom[][], indexAt: ReadonlySet<number>, limits: IndexLimits) {
  const store = new MemoryBlobStore()
  const cache = new ColumnCache(limits === TINY_INDEX ? TINY_CACHE : COLUMN_CACHE_LIMITS)
  let index = Index.empty('db', cache)
  let novelty = new Novelty(-1)
  let schema = Schema.bootstrap
  const facts: IndexedFacts[] = []
  let lag = 0
  for (const [t, ofT] of datoms.entries()) {
    novelty.add(t, ofT)
    schema = schema.apply(ofT)
    facts.push(IndexedFacts.at(index, novelty, schema, t))
    if (!indexAt.has(t)) continue
    // Every other time the index stays one transaction behind the novelty, as beside a busy writer.
    const toT = Math.max(index.root.indexedT, t - (lag++ % 2))
    const before = await readRoot(store)
    const root = await buildIndex(store, { before: index, novelty, toT, schema, epoch: 1 }, limits)
    await publishRoot(store, before, root)
    index = await Index.open(store, (await readRoot(store))!.root, index)
    novelty = novelty.after(toT)
    facts[t] = IndexedFacts.at(index, novelty, schema, t)
  }
  return { facts, index, store, schema }
}

function show(datoms: Iterable<Datom>): string[] {
  return Array.from(datoms, ({ e, a, v, t, added }) => `${e} ${a} ${text(v)} ${t} ${added}`)
}

function text(v: Value): string {
  return typeof v === 'number' ? `n${v}` : typeof v === 'string' ? `s${v}` : JSON.stringify(v)
}

type Viewable = FactSource & { asOf(t: number): Viewable; since(t: number): Viewable; history(): Viewable }

const VIEWS: readonly ((facts: Viewable, t: number) => Viewable)[] = [
  (facts) => facts,
  (facts, t) => facts.asOf(t),
  (facts, t) => facts.since(t),
  (facts) => facts.history(),
  (facts, t) => facts.asOf(t).history(),
  (facts, t) =>
    facts
      .history()
      .since(t)
      .asOf(t + 3),
]

function expectSame(facts: Viewable, naive: Viewable): void {
  expect(facts.basisT).toBe(naive.basisT)
  expect(facts.isHistory).toBe(naive.isHistory)
  for (const e of [undefined, ...ENTITIES, entityId(A, 77), 0]) {
    for (const a of [undefined, ...VALUES.keys(), DB_TX_INSTANT, 9_999]) {
      const values = a === undefined ? ['red', ENTITIES[1]!] : [...(VALUES.get(a) ?? []), 'nothing', 7]
      for (const v of [undefined, ...values]) {
        expect(show(facts.match(e, a, v))).toEqual(show(naive.match(e, a, v)))
      }
    }
  }
  for (const [index, ranges] of Object.entries(RANGES)) {
    for (const range of ranges) {
      expect(show(facts.range(index as IndexName, range))).toEqual(
        show(naive.range(index as IndexName, range)),
      )
    }
  }
  if (facts instanceof IndexedFacts && !facts.isHistory) {
    for (const a of VALUES.keys())
      expect(shownByColumns(facts, a)).toEqual(show(naive.match(undefined, a, undefined)))
  }
  for (const kind of [0, 1, A, A + 7, 12345]) expect(facts.entityCount(kind)).toBe(naive.entityCount(kind))
  for (const ms of [-1, 0, 1000, 2500, 99_999]) expect(facts.tAt(ms)).toBe(naive.tAt(ms))
}

const RANGES: Readonly<Record<IndexName, readonly IndexRange[]>> = {
  eavt: [
    { prefix: [] },
    { prefix: [], from: ENTITIES[1]!, to: ENTITIES[3]! },
    { prefix: [ENTITIES[0]!] },
    { prefix: [ENTITIES[0]!], from: FRIEND, to: SCORE },
    { prefix: [ENTITIES[0]!, TAGS], from: 'grün' },
  ],
  aevt: [
    { prefix: [] },
    { prefix: [], from: TAGS, to: NAME },
    { prefix: [TAGS] },
    { prefix: [TAGS], from: ENTITIES[1]!, to: ENTITIES[2]! },
    { prefix: [FRIEND, ENTITIES[2]!], from: ENTITIES[1]! },
  ],
  avet: [
    { prefix: [] },
    { prefix: [NAME] },
    { prefix: [NAME], from: 'b', to: 'cy' },
    { prefix: [CODE], from: keyword('a/b') },
    { prefix: [TAGS], from: 'g' },
    { prefix: [SCORE], from: double(0), to: double(2) },
    { prefix: [FRIEND, ENTITIES[1]!] },
    { prefix: [FRIEND, ENTITIES[1]!], from: ENTITIES[2]! },
  ],
  vaet: [
    { prefix: [] },
    { prefix: [ENTITIES[1]!] },
    { prefix: [ENTITIES[1]!, FRIEND] },
    { prefix: [], from: ENTITIES[1]!, to: ENTITIES[3]! },
    { prefix: [undefined, FRIEND], from: ENTITIES[3]! },
  ],
}

describe('IndexedFacts', () => {
  it('answers like the naive model, however the facts are spread over runs and novelty', async () => {
    let mergedCount = 0
    await fc.assert(
      fc.asyncProperty(
        transactions,
        fc.array(fc.nat(14), { maxLength: 8 }),
        fc.nat(14),
        fc.constantFrom(TINY_INDEX, INDEX_LIMITS),
        async (operations, indexAt, moment, limits) => {
          const datoms = history(operations)
          const { facts, index, schema } = await feed(datoms, new Set(indexAt), limits)
          mergedCount += index.root.publication
          const last = datoms.length - 1
          const t = moment % datoms.length
          const naive = NaiveFacts.create(datoms.flat())
          for (const view of VIEWS) expectSame(view(facts[last]!, t), view(naive, t))
          // A value taken earlier still answers as it did then.
          expectSame(facts[t]!, NaiveFacts.create(datoms.slice(0, t + 1).flat()))
          const indexed = readSchemaAt(facts[last]!, last)
          if (index.root.indexedT === last) expect(indexed.t).toBe(schema.t)
        },
      ),
      { numRuns: 15 },
    )
    expect(mergedCount).toBeGreaterThan(0)
  })

  it('shows many facts of one value or one entity in order, in every view, and as few of them as somebody reads', async () => {
    const [hub, ...others] = Array.from({ length: 150 }, (_, i) => entityId(A + 7, i)) as [
      number,
      ...number[],
    ]
    const instant = (t: number): Datom => ({
      e: TX_BASE + t,
      a: DB_TX_INSTANT,
      v: new Date(t * 1000),
      t,
      added: true,
    })
    const friends = (t: number, added: boolean, step: number): Datom[] =>
      others
        .filter((_, i) => i % step === t % step)
        .flatMap((e) => [
          { e, a: FRIEND, v: hub, t, added },
          { e: hub, a: FRIEND, v: e, t, added },
        ])
    const datoms = [
      [...BOOTSTRAP],
      [instant(1), ...friends(1, true, 1)],
      [instant(2), ...friends(2, false, 3)],
      [instant(3), ...friends(2, true, 6).map((datom) => ({ ...datom, t: 3 }))],
      [instant(4), ...friends(4, false, 5)],
    ]
    // What was already retracted is not retracted again.
    const held = new Set<string>()
    const valid = datoms.map((ofT) =>
      ofT.filter((datom) => {
        if (datom.a !== FRIEND) return true
        const name = `${datom.e} ${String(datom.v)}`
        if (held.has(name) === datom.added) return false
        if (datom.added) held.add(name)
        else held.delete(name)
        return true
      }),
    )
    const { facts } = await feed(valid, new Set([1, 2, 3]), TINY_INDEX)
    const naive = NaiveFacts.create(valid.flat())
    for (const view of VIEWS) {
      for (const t of [1, 2, 3, 4]) {
        const [shown, expected] = [view(facts[4]!, t), view(naive, t)]
        expect(show(shown.match(undefined, FRIEND, hub))).toEqual(
          show(expected.match(undefined, FRIEND, hub)),
        )
        expect(show(shown.match(hub, FRIEND, undefined))).toEqual(
          show(expected.match(hub, FRIEND, undefined)),
        )
      }
    }
    const [first] = facts[1]!.match(undefined, FRIEND, hub)
    expect(first?.e).toBe(others[0])
  })

  it('keeps what the last two roots name and deletes the rest', async () => {
    const datoms = history(
      Array.from({ length: 12 }, (_, i) => [{ e: i % 5, a: i % 5, v: i % 4, isRetract: false }]),
    )
    const { index, store, facts } = await feed(datoms, new Set([2, 4, 6, 8, 10, 12]), TINY_INDEX)
    const before = await store.list('segments/')
    const deleted = await collectGarbage(store, index.root)
    expect(deleted.length).toBeGreaterThan(0)
    const left = new Set(await store.list('segments/'))
    for (const { key } of index.root.segments) expect(left.has(key)).toBe(true)
    expect(left.size + deleted.length).toBe(before.length)
    const reopened = await Index.open(store, index.root, Index.empty('db'))
    reopened.verify()
    const again = IndexedFacts.at(
      reopened,
      new Novelty(index.root.indexedT),
      facts.at(-1)!.schema,
      index.root.indexedT,
    )
    expectSame(again, NaiveFacts.create(datoms.slice(0, index.root.indexedT + 1).flat()))
  })

  it('answers over an index that grew in one step as over one that grew in many', async () => {
    const datoms = history(
      Array.from({ length: 10 }, (_, i) => [
        { e: (i * 3) % 5, a: i % 5, v: (i * 7) % 4, isRetract: i % 4 === 3 },
        { e: (i * 2) % 5, a: (i + 1) % 5, v: (i * 5) % 4, isRetract: false },
      ]),
    )
    const many = await feed(datoms, new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), TINY_INDEX)
    const one = await feed(datoms, new Set([10]), TINY_INDEX)
    for (const view of VIEWS) expectSame(view(many.facts[10]!, 5), view(one.facts[10]!, 5))
  })

  it('reads one generation of a long history, as rows and as columns', async () => {
    // Each of three scores changes thirty times, then tags come and go.
    const datoms = history(
      Array.from({ length: 90 }, (_, i) => [
        { e: i % 3, a: 3, v: i % 4, isRetract: false },
        { e: i % 5, a: 0, v: i % 4, isRetract: i % 7 === 6 },
      ]),
    )
    const indexAt = new Set(Array.from({ length: 30 }, (_, i) => 3 * i + 2))
    const { facts, index } = await feed(datoms, indexAt, TINY_INDEX)
    const naive = NaiveFacts.create(datoms.flat())
    const last = facts.at(-1)!
    const { generations, history: ended, present } = index.attribute(SCORE)!
    expect(generations.length).toBeGreaterThan(4)
    expect(generations.length).toBeLessThan(20)
    const rowCount = (runs: readonly Run[]): number =>
      runs.reduce((sum, { entry }) => sum + entry.rowCount, 0)
    for (const generation of generations) {
      expect(rowCount(generation.history)).toBeLessThan(rowCount(ended) / 2)
      expect(rowCount(generation.present)).toBe(rowCount(present))
    }
    for (let t = 0; t < datoms.length; t++) {
      const [view, expected] = [last.asOf(t), naive.asOf(t)]
      for (const a of [SCORE, TAGS]) {
        expect(show(view.match(undefined, a, undefined))).toEqual(
          show(expected.match(undefined, a, undefined)),
        )
        expect(shownByColumns(view, a)).toEqual(show(expected.match(undefined, a, undefined)))
        expect(shownByColumns(view.since(t - 20), a)).toEqual(
          show(expected.since(t - 20).match(undefined, a, undefined)),
        )
      }
    }
  })
})

function shownByColumns(facts: IndexedFacts, a: number): string[] {
  const columns = facts.columns(a, NEVER_ENDS)!
  const datoms = datomsOf(columns, a)
  expect(datoms.length).toBe(columns.rowCount)
  return show(datoms)
}

function datomsOf(columns: AttributeColumns, a: number): readonly Datom[] {
  const read = (
    { entities, values, ts, type }: Pick<WholeColumns, 'entities' | 'values' | 'ts' | 'type'>,
    row: number,
  ) => ({
    e: integerAt(entities, row),
    a,
    v: valueAt(type, values, row),
    t: integerAt(ts, row),
    added: true,
  })
  switch (columns.kind) {
    case 'whole':
      return Array.from(identity(columns.rowCount), (row) => read(columns, row))
    case 'moment': {
      const { generation, moment } = columns
      return Array.from(rowsOf(moment, generation.heldCount), (row) => read(generation, row))
    }
    case 'late': {
      const { indexed, entities, values, ts, moment } = columns.late
      return Array.from(rowsOf(moment, indexed.rowCount), (row): Datom => {
        const at = row - indexed.rowCount
        return at < 0 ? read(indexed, row) : { e: entities[at]!, a, v: values[at]!, t: ts[at]!, added: true }
      })
    }
  }
}

function rowsOf(moment: Moment, heldCount: number): Uint32Array {
  if (moment.kind === 'listed') return moment.rows
  const rows = identity(heldCount)
  moment.hidden.forEach((row, i) => (rows[row] = moment.shown[i]!))
  return rows
}
