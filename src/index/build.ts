// Makes the next index of a database: the runs of the index before and the novelty up to a t become new segments
// and a root. A pure function of the log prefix (I5) apart from how rows are spread over runs; writes blobs and
// nothing else, so it can run in a worker thread while commits go on. Publishing is another step (root.ts).
//
//   new facts                       → a present run, perhaps merged with runs before it
//   facts that were retracted       → a history run, whole; their rows in present runs become dead
//   … enough of them                → a generation: the present of that moment is kept beside the history up to it
//   … of an attribute without history → the span of time of each entity that is gone, without values

import { assert } from '../base/assert.ts'
import type { BlobStore } from '../blob/blob-store.ts'
import type { Attribute, AttributeId, T, ValueType } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import type { Schema } from '../fact/schema.ts'
import {
  BigInteger,
  Decimal,
  double,
  equalValues,
  Float,
  keyword,
  symbol,
  Uri,
  Uuid,
  type Value,
} from '../fact/value.ts'
import type { AttributeRuns, Index } from './index.ts'
import { firstMergedRun, INDEX_LIMITS, type IndexLimits, isGenerationDue } from './merge-policy.ts'
import type { AttributeNovelty } from './attribute-novelty.ts'
import type { Novelty } from './novelty.ts'
import {
  type AttributeEntry,
  type GenerationEntry,
  type Root,
  ROOT_FORMAT,
  type RunEntry,
  type SegmentEntry,
} from './root.ts'
import type { Run } from './run.ts'
import {
  liveRowsOf,
  mergedRows,
  type NewRun,
  type Retired,
  rowsOfNovelty,
  rowsOfRetired,
  type RunRows,
  spansOf,
} from './run-rows.ts'
import { SegmentFiles } from './segment-files.ts'

export type IndexInput = {
  readonly before: Index
  /** Holds at least what came after `before` up to `toT`. */
  readonly novelty: Novelty
  readonly toT: T
  /** That of `toT`. */
  readonly schema: Schema
  readonly epoch: number
}

/** Roots back to which segments are kept for readers that have not looked since. */
export const KEPT_PUBLICATION_COUNT = 2

/** Writes the segments of the index up to `toT` and gives back its root, which nobody sees yet. */
export async function buildIndex(
  store: BlobStore,
  input: IndexInput,
  limits: IndexLimits = INDEX_LIMITS,
): Promise<Root> {
  const { before, novelty, toT } = input
  assert(novelty.afterT === before.root.indexedT && toT >= before.root.indexedT, 'novelty follows the index')
  const files = new SegmentFiles(store, input.epoch, limits)
  const plans = planAttributes(input, limits)
  const rewritten = sparsePacks(before, plans, limits)
  try {
    for (const plan of plans.values()) {
      for (const run of newRuns(plan, input, rewritten)) await files.add(run)
    }
    await files.finish()
    const dead = await files.writeDeadLists(newDeadLists(before, plans, rewritten))
    await files.written()
    return makeRoot(input, files, plans, rewritten, dead)
  } finally {
    await files.ended()
  }
}

/** What happens to one attribute. */
type AttributePlan = {
  readonly id: AttributeId
  readonly type: ValueType
  readonly runs: AttributeRuns | undefined
  readonly hasOrder: boolean
  readonly isForgetful: boolean
  readonly novelty: AttributeNovelty | undefined
  /** Rows of novelty that hold. */
  readonly added: Uint32Array
  readonly retired: readonly Retired[]
  /** Rows of each present run that died. */
  readonly newlyDead: ReadonlyMap<Run, ReadonlySet<number>>
  /** Runs whose rows go into the new run. */
  readonly merged: ReadonlySet<Run>
  /** What holds is kept, as the end of a generation. */
  readonly endsGeneration: boolean
}

const NO_ROWS: ReadonlySet<number> = new Set()

function planAttributes(input: IndexInput, limits: IndexLimits): Map<AttributeId, AttributePlan> {
  const { before, novelty, schema } = input
  const plans = new Map<AttributeId, AttributePlan>()
  for (const id of new Set([...before.attributeIds(), ...novelty.attributeIds()])) {
    const runs = before.attribute(id)
    const attribute = schema.attribute(id)
    const type = runs?.type ?? attribute?.valueType
    assert(type !== undefined, 'every fact has an attribute with a type')
    plans.set(id, planAttribute({ id, type, runs, attribute }, novelty.attribute(id), input.toT, limits))
  }
  return plans
}

function planAttribute(
  known: Pick<AttributePlan, 'id' | 'type' | 'runs'> & { readonly attribute: Attribute | undefined },
  novelty: AttributeNovelty | undefined,
  toT: T,
  limits: IndexLimits,
): AttributePlan {
  const { id, type, runs, attribute } = known
  const held = new Uint32Array(novelty?.rowCount ?? 0)
  let heldCount = 0
  const retired: Retired[] = []
  for (let row = 0; novelty !== undefined && row < novelty.rowCount; row++) {
    if (novelty.tAt(row) > toT) break
    const retracted = novelty.retractedT(row)
    if (retracted > toT) held[heldCount++] = row
    else {
      const { e, v, t } = novelty.datom(row)
      retired.push({ e, v, added: t, retracted })
    }
  }
  const added = held.subarray(0, heldCount)
  const newlyDead = new Map<Run, Set<number>>()
  for (const { e, v, t } of novelty?.retractionsUpTo(toT) ?? []) {
    const { run, row } = findLive(runs?.present ?? [], e, v, newlyDead)
    newlyDead.set(run, (newlyDead.get(run) ?? new Set()).add(row))
    retired.push({ e, v, added: run.addedAt(row), retracted: t })
  }
  const hasOrder = attribute !== undefined && (attribute.isIndexed || attribute.valueType === 'ref')
  // What describes the schema is kept whatever it says: the schema of every t must be found again.
  const isForgetful = attribute?.noHistory === true && id >= BUILTIN_ATTRIBUTE_COUNT
  const plan = { id, type, runs, hasOrder, isForgetful, novelty, added, retired, newlyDead }
  return { ...plan, ...chooseMerges(plan, limits) }
}

/** Which runs become one, and whether a generation ends with it. */
function chooseMerges(
  { runs, hasOrder, isForgetful, added, retired, newlyDead }: Omit<AttributePlan, keyof Merges>,
  limits: IndexLimits,
): Merges {
  const { present = [], recent = [], history = [] } = runs ?? {}
  const merged = new Set<Run>()
  const presentSizes = present.map((run) => {
    const deadCount = run.entry.deadCount + (newlyDead.get(run)?.size ?? 0)
    return { rowCount: run.entry.rowCount, deadCount }
  })
  const keptCount = isForgetful ? 0 : retired.length
  const firstPresent = firstMerged(presentSizes, added.length, limits)
  const historySize = {
    presentCount: presentSizes.reduce((sum, size) => sum + size.rowCount - size.deadCount, added.length),
    recentCount: rowCountOfAll(recent) + keptCount,
    historyCount: rowCountOfAll(history) + keptCount,
    isPresentRewritten: firstPresent === 0,
  }
  const endsGeneration = !isForgetful && isGenerationDue(historySize, limits)
  const recentSizes = recent.map(({ entry }) => entry)
  chooseMerged(present, endsGeneration ? 0 : firstPresent, hasOrder, merged)
  chooseMerged(recent, endsGeneration ? 0 : firstMerged(recentSizes, keptCount, limits), hasOrder, merged)
  return { merged, endsGeneration }
}

type Merges = Pick<AttributePlan, 'merged' | 'endsGeneration'>

function rowCountOfAll(runs: readonly Run[]): number {
  return runs.reduce((sum, { entry }) => sum + entry.rowCount, 0)
}

type SizesOf = readonly { readonly rowCount: number; readonly deadCount: number }[]

function firstMerged(sizes: SizesOf, newCount: number, limits: IndexLimits): number {
  const isDying = sizes.some(({ rowCount, deadCount }) => deadCount > rowCount * limits.baseDeadShareMax)
  return newCount === 0 && !isDying ? sizes.length : firstMergedRun(sizes, newCount, limits)
}

function chooseMerged(runs: readonly Run[], first: number, hasOrder: boolean, merged: Set<Run>): void {
  runs.forEach((run, index) => {
    // An attribute that was not ordered by value when the run was written, and is now.
    if (index >= first || (hasOrder && !run.hasOrder)) merged.add(run)
  })
}

/** The one row that holds a fact. Later runs first: what is retracted is often young. */
function findLive(
  runs: readonly Run[],
  e: number,
  v: Value,
  newlyDead: ReadonlyMap<Run, ReadonlySet<number>>,
): { readonly run: Run; readonly row: number } {
  for (const run of runs.toReversed()) {
    const [first, limit] = run.rowsOfEntity(e)
    for (let row = first; row < limit; row++) {
      if (run.isDead(row) || newlyDead.get(run)?.has(row) === true) continue
      if (equalValues(run.valueAt(row), v)) return { run, row }
    }
  }
  assert(false, 'a retracted fact is in the index or in novelty')
}

/** Segments of which too little is used, or of whose shape there are too many: their runs are written anew. */
function sparsePacks(
  before: Index,
  plans: ReadonlyMap<AttributeId, AttributePlan>,
  limits: IndexLimits,
): ReadonlySet<string> {
  const used = new Map<string, number>()
  const shapes = new Map<string, string[]>()
  for (const plan of plans.values()) {
    const kept = keptRuns(plan, new Set())
    const copies = keptCopies(plan, new Set()).filter((copy) => !kept.some((run) => isSameRows(run, copy)))
    for (const run of [...kept, ...copies]) {
      const { segment, order, rowCount } = run.entry
      for (const key of order === undefined ? [segment] : [segment, order.segment]) {
        used.set(key, (used.get(key) ?? 0) + rowCount)
        const entry = before.segments.get(key)!.entry
        const shape = `${entry.kind} ${plan.type}`
        const keys = shapes.get(shape) ?? []
        // One that is half full stays: what is kept of the past would be written again and again.
        const isSmall = entry.isPack && entry.rowCount * 2 < limits.packRowCountMax
        if (isSmall && !keys.includes(key)) shapes.set(shape, [...keys, key])
      }
    }
  }
  const sparse = new Set<string>()
  for (const [key, rowCount] of used) {
    const { entry } = before.segments.get(key)!
    if (entry.isPack && rowCount < entry.rowCount * limits.packUsedShareMin) sparse.add(key)
  }
  for (const keys of shapes.values())
    if (keys.length > limits.packCountMax) for (const key of keys) sparse.add(key)
  return sparse
}

/** Runs of the index before that stay as they are. */
function keptRuns(
  { runs, merged, retired, isForgetful }: AttributePlan,
  rewritten: ReadonlySet<string>,
): Run[] {
  if (runs === undefined) return []
  const all = [...runs.present, ...runs.history]
  if (runs.gone !== undefined && !(isForgetful && retired.length > 0)) all.push(runs.gone)
  return all.filter((run) => !merged.has(run) && !isRewritten(run, rewritten))
}

/** Copies of the past that stay as they are. */
function keptCopies({ runs }: AttributePlan, rewritten: ReadonlySet<string>): Run[] {
  const all = (runs?.generations ?? []).flatMap(({ present }) => present)
  return all.filter((run) => !isRewritten(run, rewritten))
}

function isSameRows({ entry: x }: Run, { entry: y }: Run): boolean {
  return x.segment === y.segment && x.firstRow === y.firstRow
}

function isRewritten({ entry }: Run, rewritten: ReadonlySet<string>): boolean {
  return rewritten.has(entry.segment) || (entry.order !== undefined && rewritten.has(entry.order.segment))
}

/** The runs of an attribute that must be written. */
function newRuns(plan: AttributePlan, input: IndexInput, rewritten: ReadonlySet<string>): readonly NewRun[] {
  const { id: attribute, type, runs, hasOrder, isForgetful, newlyDead, merged } = plan
  const made: NewRun[] = []
  const make = (kind: NewRun['kind'], parts: readonly RunRows[], untilT?: T): void => {
    if (parts.length === 0) return
    made.push({ attribute, type, kind, untilT, rows: mergedRows(type, parts), hasOrder })
  }
  const live = (run: Run): RunRows => liveRowsOf(run, newlyDead.get(run) ?? NO_ROWS)
  const present = (runs?.present ?? []).filter((run) => merged.has(run)).map(live)
  if (plan.added.length > 0) present.push(rowsOfNovelty(type, plan.novelty!, plan.added))
  make('present', present.filter(hasRows))
  const history = (runs?.recent ?? []).filter((run) => merged.has(run)).map(live)
  if (plan.retired.length > 0 && !isForgetful) history.push(rowsOfRetired(type, plan.retired))
  make('history', history)
  for (const run of [...(runs?.present ?? []), ...(runs?.history ?? [])]) {
    if (merged.has(run) || !isRewritten(run, rewritten)) continue
    make(run.entry.retracted === undefined ? 'present' : 'history', [live(run)].filter(hasRows))
  }
  for (const { untilT, present: copies } of runs?.generations ?? []) {
    for (const copy of copies)
      if (isRewritten(copy, rewritten)) make('kept', [liveRowsOf(copy, NO_ROWS)], untilT)
  }
  const gone = runs?.gone
  const forgets = isForgetful && plan.retired.length > 0
  if (forgets || (gone !== undefined && isRewritten(gone, rewritten))) {
    const parts = gone === undefined ? [] : [live(gone)]
    if (forgets)
      parts.push(
        rowsOfRetired(
          type,
          plan.retired.map((fact) => ({ ...fact, v: blankOf(type) })),
        ),
      )
    const rows = spansOf(type, blankOf(type), mergedRows(type, parts))
    made.push({ attribute, type, kind: 'gone', untilT: undefined, rows, hasOrder: false })
  }
  assert(input.schema.attribute(attribute) !== undefined || runs !== undefined, 'facts have attributes')
  return made
}

function hasRows({ entities }: RunRows): boolean {
  return entities.kind === 'integer' && entities.data.length > 0
}

/** The value that stands in the place of one that is gone. */
function blankOf(type: ValueType): Value {
  switch (type) {
    case 'long':
    case 'ref':
      return 0
    case 'double':
      return double(0)
    case 'float':
      return new Float(0)
    case 'boolean':
      return false
    case 'instant':
      return new Date(0)
    case 'string':
      return ''
    case 'keyword':
      return keyword('')
    case 'symbol':
      return symbol('')
    case 'uuid':
      return new Uuid('')
    case 'uri':
      return new Uri('')
    case 'bigint':
      return new BigInteger(0n)
    case 'bigdec':
      return new Decimal(0)
    case 'bytes':
      return new Uint8Array(0)
    case 'tuple':
      return []
  }
}

/** The dead rows of every segment that stays and lost rows, as rows of its file. */
function newDeadLists(
  before: Index,
  plans: ReadonlyMap<AttributeId, AttributePlan>,
  rewritten: ReadonlySet<string>,
): ReadonlyMap<string, readonly number[]> {
  const lists = new Map<string, number[]>()
  for (const plan of plans.values()) {
    for (const run of keptRuns(plan, rewritten)) {
      const { segment, firstRow } = run.entry
      for (const row of plan.newlyDead.get(run) ?? []) {
        const list = lists.get(segment) ?? []
        list.push(firstRow + row)
        lists.set(segment, list)
      }
    }
  }
  for (const [segment, list] of lists) {
    for (const row of before.segments.get(segment)!.deadRows()) list.push(row)
    list.sort((x, y) => x - y)
  }
  return lists
}

function makeRoot(
  { before, novelty, toT, epoch }: IndexInput,
  files: SegmentFiles,
  plans: ReadonlyMap<AttributeId, AttributePlan>,
  rewritten: ReadonlySet<string>,
  dead: ReadonlyMap<string, SegmentEntry['dead']>,
): Root {
  const attributes = [...plans.values()]
    .map((plan) => attributeEntry(plan, files, rewritten, toT))
    .sort((x, y) => x.id - y.id)
  const known = new Map([...before.segments].map(([key, { entry }]) => [key, entry]))
  for (const entry of files.segments) known.set(entry.key, entry)
  const segments = usedSegments(attributes, known, dead)
  const publication = before.root.publication + 1
  const live = new Set(segments.map(({ key }) => key))
  const retired = [
    ...before.root.retired.filter(([, since]) => since > publication - KEPT_PUBLICATION_COUNT),
    ...before.root.segments.map(({ key }) => [key, publication] as const),
  ].filter(([key]) => !live.has(key))
  const kinds = new Set([...before.root.entityCounts.map(([kind]) => kind), ...novelty.entityKinds()])
  const entityCounts = [...kinds]
    .sort((x, y) => x - y)
    .map((kind) => [kind, Math.max(before.entityCount(kind), novelty.entityCount(kind, toT))] as const)
    .filter(([, count]) => count > 0)
  const { database } = before.root
  return {
    format: ROOT_FORMAT,
    database,
    epoch,
    publication,
    indexedT: toT,
    entityCounts,
    attributes,
    segments,
    retired,
  }
}

function attributeEntry(
  plan: AttributePlan,
  files: SegmentFiles,
  rewritten: ReadonlySet<string>,
  toT: T,
): AttributeEntry {
  const written = files.runs.filter(({ run }) => run.attribute === plan.id)
  const kept = keptRuns(plan, rewritten).map((run): readonly [RunEntry, NewRun['kind']] => {
    const deadCount = run.entry.deadCount + (plan.newlyDead.get(run)?.size ?? 0)
    const isGone = run === plan.runs?.gone
    return [
      { ...run.entry, deadCount },
      isGone ? 'gone' : run.entry.retracted === undefined ? 'present' : 'history',
    ]
  })
  const all = [...kept, ...written.map(({ run, entry }) => [entry, run.kind] as const)]
  const ofKind = (kind: NewRun['kind']): RunEntry[] =>
    all.filter(([, is]) => is === kind).map(([entry]) => entry)
  // The largest run is the base that the merge policy looks at first.
  const present = ofKind('present').sort((x, y) => y.rowCount - x.rowCount)
  return {
    id: plan.id,
    type: plan.type,
    present,
    history: ofKind('history').sort((x, y) => y.rowCount - x.rowCount),
    generations: generationEntries(
      plan,
      files,
      rewritten,
      plan.endsGeneration ? { untilT: toT, present } : undefined,
    ),
    gone: ofKind('gone')[0],
  }
}

function generationEntries(
  plan: AttributePlan,
  files: SegmentFiles,
  rewritten: ReadonlySet<string>,
  next: GenerationEntry | undefined,
): readonly GenerationEntry[] | undefined {
  const copied = files.runs.filter(({ run }) => run.attribute === plan.id && run.kind === 'kept')
  const before = (plan.runs?.generations ?? []).map(({ untilT, present }): GenerationEntry => {
    const stayed = present.filter((run) => !isRewritten(run, rewritten)).map(({ entry }) => entry)
    const anew = copied.filter(({ run }) => run.untilT === untilT).map(({ entry }) => entry)
    return { untilT, present: [...stayed, ...anew] }
  })
  const all = next === undefined ? before : [...before, next]
  return all.length === 0 ? undefined : all
}

function usedSegments(
  attributes: readonly AttributeEntry[],
  known: ReadonlyMap<string, SegmentEntry>,
  dead: ReadonlyMap<string, SegmentEntry['dead']>,
): readonly SegmentEntry[] {
  const used = new Map<string, SegmentEntry>()
  // Of a file that only copies of the past are in, nobody asks which rows died since.
  const living = new Set(attributes.flatMap(({ present }) => present.map(({ segment }) => segment)))
  const use = (key: string): void => {
    const entry = known.get(key)!
    const list = dead.get(key) ?? entry.dead
    used.set(key, { ...entry, dead: living.has(key) ? list : undefined })
  }
  for (const { present, history, generations = [], gone } of attributes) {
    const copies = generations.flatMap((generation) => generation.present)
    for (const { segment, order } of [
      ...present,
      ...history,
      ...copies,
      ...(gone === undefined ? [] : [gone]),
    ]) {
      use(segment)
      if (order !== undefined) use(order.segment)
    }
  }
  for (const entry of Array.from(used.values())) if (entry.dead !== undefined) use(entry.dead.segment)
  return [...used.values()]
}
