// The facts of one attribute as one view sees them: its runs merged with its novelty. A fact is an interval from
// `added` to `retracted`; what a view shows of an interval is decided in one place, `show`.

import { assert } from '../base/assert.ts'
import { type Check, inBatches, NEVER_ENDS } from '../base/batches.ts'
import { isPlanted } from '../base/planted.ts'
import type { Attribute, AttributeId, EntityId, T, ValueType } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import { compareDatoms, type Datom } from '../fact/datom.ts'
import { compareValues, type Value } from '../fact/value.ts'
import { type ColumnData, integerAt, rowCountOf, sliceColumn, takeRows } from '../segment/column.ts'
import { ownColumn } from '../segment/own-column.ts'
import { valueAt } from '../segment/value-column.ts'
import type { AttributeColumns, KeptColumns, WholeColumns } from './attribute-columns.ts'
import type { AttributeNovelty } from './attribute-novelty.ts'
import { GenerationColumns } from './generation-columns.ts'
import type { AttributeRuns } from './index.ts'
import { type LateColumns, lateColumns } from './late-columns.ts'
import { mergeDatoms } from './merge.ts'
import { Probe } from './probe.ts'
import { liveRowsOf, mergedRows, rowsOfDatoms, type RunRows } from './run-rows.ts'
import type { Run } from './run.ts'
import type { StoredFacts } from './stored-facts.ts'

/** Which transactions a view shows. */
export type View = {
  /** The last t of the database value that the view was taken from. */
  readonly newestT: T
  /** The last t that shows. */
  readonly untilT: T
  /** Only later ones show. */
  readonly sinceT: T
  readonly isHistory: boolean
  /** The last t that the runs hold. */
  readonly indexedT: T
}

/** Rows of a run, ascending: those of `[first, limit)`, or what is listed at these places. */
type FoundRows = {
  readonly run: Run
  readonly first: number
  readonly limit: number
  readonly listed: readonly number[] | undefined
}

/** So many facts are gathered at once; to read more one by one, as somebody asks, costs less than to read too many. */
const GATHERED_COUNT_MAX = 64

export class AttributeFacts {
  readonly #a: AttributeId
  readonly #runs: AttributeRuns | undefined
  readonly #novelty: AttributeNovelty | undefined
  readonly #view: View
  readonly #isForgetful: boolean
  /** An entity has one value, a value one entity, and the view shows it: what is found first is all there is. */
  readonly #hasOneValue: boolean
  readonly #hasOneEntity: boolean
  /** Present runs and those history runs of whose facts the view may show some. */
  readonly #visibleRuns: readonly Run[]
  /** The generation of the view's moment, where that lies before the end of the index and no history is asked. */
  readonly #generation: OpenGeneration | undefined

  /** `attribute` is what the schema of the newest t says, undefined where it never said anything. */
  constructor(
    a: AttributeId,
    attribute: Attribute | undefined,
    runs: AttributeRuns | undefined,
    novelty: AttributeNovelty | undefined,
    view: View,
  ) {
    this.#a = a
    this.#runs = runs
    this.#novelty = novelty
    this.#view = view
    this.#isForgetful = a >= BUILTIN_ATTRIBUTE_COUNT && attribute?.noHistory === true
    // Only of the newest t: in the past the attribute may have been another.
    const isNow = view.untilT === view.newestT && view.sinceT < 0 && !view.isHistory
    this.#hasOneValue = isNow && attribute?.cardinality === 'one'
    this.#hasOneEntity = isNow && attribute?.unique !== undefined
    // Behind the last change nothing is past, even where the index goes further.
    const isPast = view.untilT < Math.min(view.indexedT, runs?.lastChangeT ?? -1) && !view.isHistory
    this.#generation = isPast ? generationAt(runs!, view.untilT) : undefined
    this.#visibleRuns = runs === undefined ? [] : visibleRuns(runs, this.#generation, view, this.#isForgetful)
  }

  /** How many facts there are at most, for choosing where to begin. */
  get countMax(): number {
    const indexed = this.#visibleRuns.reduce((sum, run) => sum + run.liveCount, 0)
    if (this.#generation !== undefined) return indexed
    const count = indexed + (this.#novelty?.rowCount ?? 0)
    return this.#view.isHistory ? count * 2 + (this.#novelty?.retractionCount ?? 0) : count
  }

  /** True where the view shows what the index holds with what came later. */
  get isLate(): boolean {
    const { untilT, sinceT, isHistory, indexedT } = this.#view
    const isOfLater = untilT >= indexedT && sinceT < 0 && !isHistory
    if (!isOfLater || this.#visibleRuns.length === 0) return false
    return (this.#novelty?.lastChangeT(untilT) ?? -1) >= 0
  }

  /**
   * Everything that the view shows, as columns. Not of a history, where one fact shows several times. `indexed` is
   * what the index holds, where the view shows that with what came later.
   */
  columns(
    type: ValueType,
    generations: KeptColumns<GenerationColumns>,
    indexed: WholeColumns | undefined,
    check: Check,
  ): AttributeColumns {
    assert(!this.#view.isHistory, 'a history has no columns')
    const late = indexed === undefined ? undefined : this.#lateColumns(indexed, check)
    if (late !== undefined) return { kind: 'late', rowCount: late.moment.rowCount, late }
    if (this.#generation !== undefined)
      return this.#columnsOfMoment(type, this.#generation, generations, check)
    const parts = this.#visibleRuns
      .map((run) => ownRows(run, this.#shownRows(run, check), check))
      .filter(hasRows)
    check()
    const later = this.#noveltyDatoms()
    if (later.length > 0) parts.push(rowsOfDatoms(type, later))
    // A run lies in the order of entities, novelty in that of its coming.
    const isInOrder = parts.length === 1 && later.length === 0
    const { entities, values, added } =
      parts.length === 0 ? rowsOfDatoms(type, []) : isInOrder ? parts[0]! : mergedRows(type, parts, check)
    return { kind: 'whole', rowCount: rowCountOf(entities), type, entities, values, ts: added }
  }

  /** undefined where a long came that is wider than all that the index holds: then columns are of another kind. */
  #lateColumns(indexed: WholeColumns, check: Check): LateColumns | undefined {
    const late = lateColumns(indexed, this.#novelty!, this.#view.untilT, check)
    const isWider = indexed.values.kind !== 'long' && late.values.some((v) => typeof v === 'bigint')
    return isWider ? undefined : late
  }

  #columnsOfMoment(
    type: ValueType,
    { name, held, ended }: OpenGeneration,
    generations: KeptColumns<GenerationColumns>,
    check: Check,
  ): AttributeColumns {
    const { untilT, sinceT, indexedT } = this.#view
    const fullName = `${this.#a} ${name ?? `until ${indexedT}`}`
    let generation = generations.get(fullName)
    if (generation === undefined) {
      generation = generationColumns(type, held, ended, check)
      generations.add(fullName, generation)
    }
    check()
    const moment = generation.at(untilT, sinceT, check)
    return { kind: 'moment', rowCount: moment.rowCount, generation, moment }
  }

  /** The same, told by where it lies. */
  stored(): StoredFacts {
    const { newestT, untilT, sinceT, isHistory } = this.#view
    const aliveT = isHistory ? (this.#isForgetful ? newestT : undefined) : untilT
    const retractions = [...(this.#novelty?.retractionsUpTo(aliveT ?? untilT) ?? [])]
    const late = this.#noveltyDatoms()
    return {
      runs: this.#visibleRuns.map((run) => run.stored()),
      sinceT,
      untilT,
      aliveT,
      lost: aliveT === undefined ? [] : retractions,
      datoms: aliveT === undefined ? [...late, ...retractions.filter(({ t }) => t > sinceT)] : late,
    }
  }

  /** A name for what the view shows of the attribute: equal for views that show the same over one index. */
  get shownName(): string {
    const { untilT, sinceT } = this.#view
    const changedT = this.#novelty?.lastChangeT(untilT) ?? -1
    // Moments behind the last change show the same, of what the index holds and of what came later.
    const shownT = Math.max(changedT, Math.min(untilT, this.#runs?.lastChangeT ?? -1))
    return isPlanted('index-names-views-alike') ? `${shownT}` : `${shownT} ${sinceT}`
  }

  /** True where what held at a moment is not kept, for an entity or for any. */
  isGone(e: EntityId | undefined, momentT: T): boolean {
    const { newestT } = this.#view
    const span = { added: Infinity, retracted: -1 }
    const gone = this.#runs?.gone
    if (gone !== undefined) {
      const { entry } = gone
      if (entry.added[0] <= momentT && momentT < entry.retracted![1]) {
        const [first, limit] = e === undefined ? [0, entry.rowCount] : gone.rowsOfEntity(e)
        for (let row = first; row < limit; row++) {
          const added = gone.addedAt(row)
          const retracted = gone.retractedAt(row)
          if (added <= momentT && momentT < retracted) return true
          if (e !== undefined) extend(span, added, retracted)
        }
      }
    }
    return this.#isForgetful && momentT < newestT && this.#isForgottenBeyondIndex(e, momentT, span)
  }

  /** Facts of one entity, by value, then t. */
  ofEntity(e: EntityId): Iterable<Datom> {
    if (this.#hasOneValue) return listOf(this.#oneOfEntity(e))
    const late: Datom[] = []
    const novelty = this.#novelty
    let row = novelty === undefined ? -1 : novelty.lastRowOfEntity(e)
    for (; row >= 0; row = novelty!.rowOfEntityBefore(row)) this.#showNovelty(row, late)
    const found: FoundRows[] = []
    for (const run of this.#visibleRuns) {
      const [first, limit] = run.rowsOfEntity(e)
      if (first < limit) found.push({ run, first, limit, listed: undefined })
    }
    return this.#merged(late, found, e)
  }

  /** Facts with one value, by entity, then t. */
  ofValue(v: Value, check: Check = NEVER_ENDS): Iterable<Datom> {
    if (this.#hasOneEntity) return listOf(this.#oneOfValue(v))
    const late: Datom[] = []
    const novelty = this.#novelty
    let row = novelty === undefined ? -1 : novelty.lastRowOfValue(v)
    for (; row >= 0; row = novelty!.rowOfValueBefore(row)) this.#showNovelty(row, late)
    let probe: Probe | undefined
    const found: FoundRows[] = []
    for (const run of this.#visibleRuns) {
      probe ??= new Probe(run.type, v)
      const listed = run.rowsOfValue(probe, check)
      if (listed.length > 0) found.push({ run, first: 0, limit: listed.length, listed })
    }
    return this.#merged(late, found, undefined)
  }

  /** What rows of runs show and what came later, in order. Where it is much, each is read when somebody asks for it. */
  #merged(late: Datom[], found: readonly FoundRows[], e: EntityId | undefined): Iterable<Datom> {
    const compare = (x: Datom, y: Datom): number => compareDatoms('aevt', x, y)
    let count = 0
    for (const { first, limit } of found) count += limit - first
    if (count > GATHERED_COUNT_MAX) {
      const sequences: Iterable<Datom>[] = found.map((rows) => this.#rowsShown(rows, e))
      return mergeDatoms([...sequences, late.sort(compare)], compare)
    }
    const shown = late
    for (const { run, first, limit, listed } of found)
      for (let at = first; at < limit; at++)
        this.#showRow(run, listed === undefined ? at : listed[at]!, e, shown)
    return shown.length > 1 ? shown.sort(compare) : shown
  }

  *#rowsShown({ run, first, limit, listed }: FoundRows, e: EntityId | undefined): Iterable<Datom> {
    const shown: Datom[] = []
    for (let at = first; at < limit; at++) {
      this.#showRow(run, listed === undefined ? at : listed[at]!, e, shown)
      yield* shown
      shown.length = 0
    }
  }

  /** All facts by entity, value, t; entities from `from` on, up to `to` excluded. */
  inEntityOrder(from: EntityId | undefined, to: EntityId | undefined): Iterable<Datom> {
    const sequences = this.#visibleRuns.map((run) => this.#runByEntity(run, from, to))
    if ((this.#novelty?.rowCount ?? 0) > 0) sequences.push(this.#noveltyByEntity(from, to))
    return mergeDatoms(sequences, (x, y) => compareDatoms('aevt', x, y))
  }

  /** All facts by value, entity, t; values from `from` on, up to `to` excluded. */
  inValueOrder(from: Value | undefined, to: Value | undefined): Iterable<Datom> {
    const compare = (x: Datom, y: Datom): number => compareDatoms('avet', x, y)
    // Without a copy in value order a run is sorted in memory, for this question alone.
    const sequences = this.#visibleRuns.map((run) =>
      run.hasOrder ? this.#runByValue(run, from, to) : this.#runSortedByValue(run, from, to),
    )
    if ((this.#novelty?.rowCount ?? 0) > 0) sequences.push(this.#noveltyByValue(from, to))
    return mergeDatoms(sequences, compare)
  }

  /** The rows of a run that the view shows. A run that it shows whole is taken as it lies. */
  #shownRows(run: Run, check: Check): RunRows {
    const { firstRow, entities, values, added, retracted } = run.columns(check)
    const { rowCount, deadCount, added: addedRange } = run.entry
    const { untilT, sinceT } = this.#view
    const mayBeRetracted = retracted !== undefined || (this.#novelty?.retractionCount ?? 0) > 0
    const isAllSince = sinceT < addedRange[0] || isPlanted('index-takes-runs-whole')
    if (deadCount === 0 && !mayBeRetracted && addedRange[1] <= untilT && isAllSince) {
      const slice = (column: ColumnData): ColumnData => sliceColumn(column, firstRow, firstRow + rowCount)
      return { entities: slice(entities), values: slice(values), added: slice(added), retracted: undefined }
    }
    const rows = new Uint32Array(rowCount)
    let count = 0
    for (const [first, limit] of inBatches(rowCount, check))
      for (let row = first; row < limit; row++) {
        if (run.isDead(row)) continue
        const at = firstRow + row
        const addedT = integerAt(added, at)
        if (addedT > untilT || addedT <= sinceT) continue
        if (retracted !== undefined) {
          if (integerAt(retracted, at) > untilT) rows[count++] = at
          continue
        }
        const e = integerAt(entities, at)
        // Few entities lose a fact between two indexings: only their values are worth decoding.
        const isLost = mayBeRetracted && this.#novelty!.hasRetractionOf(e)
        if (!isLost || this.#retractedT(e, valueAt(run.type, values, at)) > untilT) rows[count++] = at
      }
    const shown = rows.subarray(0, count)
    return {
      entities: takeRows(entities, shown, check),
      values: takeRows(values, shown, check),
      added: takeRows(added, shown, check),
      retracted: undefined,
    }
  }

  #noveltyDatoms(): Datom[] {
    const shown: Datom[] = []
    for (let row = 0; row < (this.#novelty?.rowCount ?? 0); row++) this.#showNovelty(row, shown)
    return shown
  }

  // The way of every commit: nothing is gathered, and the youngest comes first, which is asked for most.
  #oneOfEntity(e: EntityId): Datom | undefined {
    const novelty = this.#novelty
    let row = novelty === undefined ? -1 : novelty.lastRowOfEntity(e)
    for (; row >= 0; row = novelty!.rowOfEntityBefore(row)) if (this.#holds(row)) return novelty!.datom(row)
    for (let i = this.#visibleRuns.length - 1; i >= 0; i--) {
      const run = this.#visibleRuns[i]!
      for (let at = run.firstRowOf(e); at >= 0; at = run.rowOfEntityAfter(at, e)) {
        const datom = this.#heldAt(run, at, e, undefined)
        if (datom !== undefined) return datom
      }
    }
    return undefined
  }

  #oneOfValue(v: Value): Datom | undefined {
    // Text is found as the text it is; a number may be found by an equal one of another type.
    const found = typeof v === 'string' ? v : undefined
    const novelty = this.#novelty
    let row = novelty === undefined ? -1 : novelty.lastRowOfValue(v)
    for (; row >= 0; row = novelty!.rowOfValueBefore(row))
      if (this.#holds(row)) return novelty!.datom(row, found)
    let probe: Probe | undefined
    for (const run of this.#visibleRuns) {
      probe ??= new Probe(run.type, v)
      for (const at of run.rowsOfValue(probe)) {
        const datom = this.#heldAt(run, at, undefined, found)
        if (datom !== undefined) return datom
      }
    }
    return undefined
  }

  /** True for a row of novelty that holds at the view's moment. */
  #holds(row: number): boolean {
    const { untilT } = this.#view
    return this.#novelty!.tAt(row) <= untilT && this.#novelty!.retractedT(row) > untilT
  }

  /** The fact at a row of a run, if it holds at the view's moment. Entity and value are read where not known. */
  #heldAt(run: Run, row: number, entity: EntityId | undefined, value: Value | undefined): Datom | undefined {
    const { untilT } = this.#view
    if (run.isDead(row)) return undefined
    const t = run.addedAt(row)
    if (t > untilT) return undefined
    const e = entity ?? run.entityAt(row)
    const v = value ?? run.valueAt(row)
    return this.#retractedAt(run, row, e, v) > untilT ? { e, a: this.#a, v, t, added: true } : undefined
  }

  *#runByEntity(run: Run, from: EntityId | undefined, to: EntityId | undefined): Iterable<Datom> {
    const first = from === undefined ? 0 : run.firstRowFrom(from)
    const limit = to === undefined ? run.entry.rowCount : run.firstRowFrom(to)
    if (first >= limit) return
    const { firstRow, entities, values, added, retracted } = run.columns()
    const shown: Datom[] = []
    for (let row = first; row < limit; row++) {
      if (run.isDead(row)) continue
      const at = firstRow + row
      const addedT = integerAt(added, at)
      if (addedT > this.#view.untilT) continue
      const e = integerAt(entities, at)
      const v = valueAt(run.type, values, at)
      const retractedT = retracted === undefined ? this.#retractedT(e, v) : integerAt(retracted, at)
      this.#show(e, v, addedT, retractedT, shown)
      if (shown.length === 0) continue
      yield* shown
      shown.length = 0
    }
  }

  *#runByValue(run: Run, from: Value | undefined, to: Value | undefined): Iterable<Datom> {
    const shown: Datom[] = []
    for (const row of run.rowsInValueOrder(from, to)) {
      this.#showRow(run, row, undefined, shown)
      // Retractions stand behind all assertions of the same value and entity only if their t says so.
      yield* shown
      shown.length = 0
    }
  }

  #runSortedByValue(run: Run, from: Value | undefined, to: Value | undefined): Iterable<Datom> {
    const within = ({ v }: Datom): boolean =>
      (from === undefined || compareValues(v, from) >= 0) && (to === undefined || compareValues(v, to) < 0)
    return [...this.#runByEntity(run, undefined, undefined)]
      .filter(within)
      .sort((x, y) => compareDatoms('avet', x, y))
  }

  *#noveltyByEntity(from: EntityId | undefined, to: EntityId | undefined): Iterable<Datom> {
    const novelty = this.#novelty!
    const shown: Datom[] = []
    for (const row of novelty.rowsByEntity()) {
      const e = novelty.entityAt(row)
      if (from !== undefined && e < from) continue
      if (to !== undefined && e >= to) return
      this.#showNovelty(row, shown)
      yield* shown
      shown.length = 0
    }
  }

  *#noveltyByValue(from: Value | undefined, to: Value | undefined): Iterable<Datom> {
    const novelty = this.#novelty!
    const shown: Datom[] = []
    for (const row of novelty.rowsByValue()) {
      const v = novelty.valueAt(row)
      if (from !== undefined && compareValues(v, from) < 0) continue
      if (to !== undefined && compareValues(v, to) >= 0) return
      this.#showNovelty(row, shown)
      yield* shown
      shown.length = 0
    }
  }

  #showRow(run: Run, row: number, entity: EntityId | undefined, shown: Datom[]): void {
    if (run.isDead(row)) return
    const added = run.addedAt(row)
    if (added > this.#view.untilT) return
    const e = entity ?? run.entityAt(row)
    const v = run.valueAt(row)
    this.#show(e, v, added, this.#retractedAt(run, row, e, v), shown)
  }

  #showNovelty(row: number, shown: Datom[]): void {
    const novelty = this.#novelty!
    const added = novelty.tAt(row)
    if (added > this.#view.untilT) return
    this.#show(novelty.entityAt(row), novelty.valueAt(row), added, novelty.retractedT(row), shown)
  }

  /** When the fact at a row was retracted; Infinity while it holds. */
  #retractedAt(run: Run, row: number, e: EntityId, v: Value): T {
    return run.entry.retracted === undefined ? this.#retractedT(e, v) : run.retractedAt(row)
  }

  /** When a fact that held at indexedT was retracted. */
  #retractedT(e: EntityId, v: Value): T {
    const novelty = this.#novelty
    const isNone = novelty === undefined || isPlanted('index-forgets-late-retractions')
    return isNone || novelty.retractionCount === 0 ? Infinity : novelty.retractionOf(e, v)
  }

  /** What this view shows of an interval: nothing, the fact, or in a history what happened to it. */
  #show(e: EntityId, v: Value, added: T, retracted: T, shown: Datom[]): void {
    const { newestT, untilT, sinceT, isHistory } = this.#view
    if (!isHistory || this.#isForgetful) {
      // Without a past, a history has only what holds to this day.
      const holds = added <= untilT && retracted > (isHistory ? newestT : untilT)
      if (holds && added > sinceT) shown.push({ e, a: this.#a, v, t: added, added: true })
      return
    }
    if (added <= untilT && added > sinceT) shown.push({ e, a: this.#a, v, t: added, added: true })
    if (retracted <= untilT && retracted > sinceT && !isPlanted('history-without-retractions'))
      shown.push({ e, a: this.#a, v, t: retracted, added: false })
  }

  /** The same question as `isGone` about what was not indexed yet: an index may drop it any time. */
  #isForgottenBeyondIndex(e: EntityId | undefined, momentT: T, indexed: Span): boolean {
    const { newestT } = this.#view
    const lastT = Math.max(
      this.#novelty?.lastRetractionT(newestT) ?? -1,
      ...(this.#runs?.history ?? []).map(({ entry }) => entry.retracted![1]),
    )
    if (lastT <= momentT) return false
    const spans = new Map<EntityId, Span>()
    if (e !== undefined) spans.set(e, indexed)
    for (const datom of this.#everything(e)) {
      if (datom.t > newestT) continue
      const span = spans.get(datom.e) ?? { added: Infinity, retracted: -1 }
      spans.set(datom.e, span)
      if (!datom.added) extend(span, Infinity, datom.t)
      else if (datom.t <= momentT) extend(span, datom.t, -1)
    }
    for (const { added, retracted } of spans.values())
      if (added <= momentT && momentT < retracted) return true
    return false
  }

  /** Assertions that were retracted, and their retractions, whatever the view. */
  *#everything(e: EntityId | undefined): Iterable<Datom> {
    const view: View = { ...this.#view, untilT: this.#view.newestT, sinceT: -1, isHistory: true }
    const all = new AttributeFacts(this.#a, undefined, this.#runs, this.#novelty, view)
    const facts = e === undefined ? all.inEntityOrder(undefined, undefined) : all.ofEntity(e)
    let before: Datom | undefined
    for (const datom of facts) {
      if (!datom.added) {
        if (before !== undefined && before.e === datom.e && compareValues(before.v, datom.v) === 0)
          yield before
        yield datom
      }
      before = datom
    }
  }
}

function visibleRuns(
  runs: AttributeRuns,
  generation: OpenGeneration | undefined,
  view: View,
  isForgetful: boolean,
): readonly Run[] {
  const { present, history } = runs
  const { untilT, sinceT, isHistory } = view
  // What the index has in its history was gone before the view's moment.
  if (generation === undefined && !isHistory) return present
  const all = generation === undefined ? [...present, ...history] : [...generation.held, ...generation.ended]
  return all.filter(({ entry: { added, retracted } }) => {
    if (added[0] > untilT) return false
    if (retracted === undefined) return true
    if (isHistory) return !isForgetful && retracted[1] > sinceT
    return retracted[1] > untilT
  })
}

/** The runs in which everything stands that held at moments of the past: facts that outlived them, and the others. */
type OpenGeneration = {
  /** Of one that is closed for ever. */
  readonly name: string | undefined
  readonly held: readonly Run[]
  readonly ended: readonly Run[]
}

/** However long the past is, what held at one moment stands in one generation. */
function generationAt({ present, recent, generations }: AttributeRuns, t: T): OpenGeneration {
  const lastT = isPlanted('generation-one-too-early') ? t - 1 : t
  const at = generations.findIndex(({ untilT }) => lastT <= untilT)
  if (at < 0) return { name: undefined, held: present, ended: recent }
  const { untilT, present: held, history: ended } = generations[at]!
  return { name: `from ${generations[at - 1]?.untilT ?? 'the beginning'} to ${untilT}`, held, ended }
}

function generationColumns(
  type: ValueType,
  held: readonly Run[],
  ended: readonly Run[],
  check: Check,
): GenerationColumns {
  const merged = (runs: readonly Run[]): RunRows => {
    const live = (run: Run): RunRows => {
      check()
      return ownRows(run, liveRowsOf(run, NO_ROWS, check), check)
    }
    const parts = runs.map(live).filter(hasRows)
    return parts.length === 0
      ? rowsOfDatoms(type, [])
      : parts.length === 1
        ? parts[0]!
        : mergedRows(type, parts, check)
  }
  return new GenerationColumns(type, merged(held), merged(ended), check)
}

/** Of a pack values are copied, so that neither what is counted nor how values are held tells of other attributes. */
function ownRows(run: Run, rows: RunRows, check: Check): RunRows {
  return run.isPacked ? { ...rows, values: ownColumn(rows.values, allRows(rows.values), check) } : rows
}

function allRows(column: ColumnData): Uint32Array {
  return Uint32Array.from({ length: rowCountOf(column) }, (_, row) => row)
}

const NO_ROWS: ReadonlySet<number> = new Set()

function hasRows({ entities }: RunRows): boolean {
  return rowCountOf(entities) > 0
}

function listOf(datom: Datom | undefined): Datom[] {
  return datom === undefined ? [] : [datom]
}

type Span = { added: T; retracted: T }

function extend(span: Span, added: T, retracted: T): void {
  span.added = Math.min(span.added, added)
  span.retracted = Math.max(span.retracted, retracted)
}
