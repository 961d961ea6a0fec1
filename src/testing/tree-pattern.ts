// One pattern joined with the rows so far. Places are constants, bound by the row, new, or of no interest. Facts
// are looked up row by row, by whatever is bound; when that becomes many lookups, the pattern's facts are scanned
// once and hashed, unless the scan turns out to be longer than the lookups would be.

import { assert } from '../base/assert.ts'
import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import { type Datom, type FactSource, placeOf } from '../fact/datom.ts'
import {
  Float,
  equalValues,
  keyOf,
  Keyword,
  numberType,
  textKey,
  toDouble,
  type Edn,
  type Value,
} from '../fact/value.ts'
import type { Term, Variable } from '../plan/syntax.ts'
import { hasType } from '../plan/value-type.ts'
import { EntityReader } from '../plan/entity-reader.ts'
import { constantFor, resolveAttribute, resolveEntity } from '../plan/entity.ts'
import { attributeOf, isMixed, type PlaceMap } from '../plan/places.ts'
import type { Budget } from '../engine/budget.ts'
import { rowKey, type Row, type RowKey } from '../engine/relation.ts'
import type { PatternClause, Scope } from '../plan/scope.ts'

/** How the rows of a step are laid out before and after it. */
export type Layout = {
  readonly columns: readonly Variable[]
  /** Variables that anything later needs. */
  readonly needed: ReadonlySet<Variable>
}

export type RowsStep = {
  readonly columns: readonly Variable[]
  /** True where equal rows may come out. */
  readonly mayRepeat: boolean
  apply(rows: readonly Row[]): readonly Row[]
}

/** Where a term's value comes from when a row arrives. */
type PlaceTerm =
  | { readonly kind: 'any' }
  | { readonly kind: 'constant'; readonly value: Edn }
  | { readonly kind: 'column'; readonly index: number; readonly name: Variable }

/** Where the values of an outgoing row come from: a column of the incoming one, or a place of the fact. */
type Output =
  | { readonly column: number; readonly place: -1 }
  | { readonly column: -1; readonly place: number }

type Outline = {
  readonly places: readonly PlaceTerm[]
  readonly outputs: readonly Output[]
  readonly columns: readonly Variable[]
  /** Pairs of places that hold the same new variable. */
  readonly equalities: readonly (readonly [number, number])[]
  readonly hasNew: boolean
  readonly hasDropped: boolean
}

const LOOKUP_COUNT_BEFORE_HASHING = 256
/** A datom passed in a scan costs about this fraction of a lookup. */
const SCANNED_PER_LOOKUP = 8

/** Sorts out the places of a clause: what is bound, what is new and wanted, what must be equal. */
function outline(terms: readonly Term[], { columns, needed }: Layout): Outline {
  const kept = columns.filter((name) => needed.has(name))
  const outputs: Output[] = kept.map((name) => ({ column: columns.indexOf(name), place: -1 }))
  const firstPlace = new Map<Variable, number>()
  const equalities: [number, number][] = []
  const newColumns: Variable[] = []
  const places = terms.map((term, place): PlaceTerm => {
    if (term.kind === 'constant') return term
    if (term.kind === 'blank') return { kind: 'any' }
    const index = columns.indexOf(term.name)
    if (index >= 0) return { kind: 'column', index, name: term.name }
    const first = firstPlace.get(term.name)
    if (first !== undefined) equalities.push([first, place])
    else {
      firstPlace.set(term.name, place)
      if (needed.has(term.name)) {
        newColumns.push(term.name)
        outputs.push({ column: -1, place })
      }
    }
    return { kind: 'any' }
  })
  return {
    places,
    outputs,
    columns: [...kept, ...newColumns],
    equalities,
    hasNew: newColumns.length > 0,
    hasDropped: kept.length < columns.length,
  }
}

/** A pattern over facts. */
export function factsStep(
  goal: PatternClause,
  facts: FactSource,
  layout: Layout,
  { scope, places, budget }: { readonly scope: Scope; readonly places: PlaceMap; readonly budget: Budget },
): RowsStep {
  const shape = outline(goal.terms, layout)
  const matcher = new FactMatcher(goal, facts, shape, { scope, places })
  const isFree = (place: number): boolean => {
    const term = shape.places[place]
    return (
      term === undefined || (term.kind === 'any' && !shape.outputs.some((output) => output.place === place))
    )
  }
  const isOne = matcher.attribute?.cardinality === 'one' && !isFree(0)
  const leavesOut =
    isFree(0) || isFree(1) || (isFree(2) && !isOne) || (facts.isHistory && (isFree(3) || isFree(4)))
  return {
    columns: shape.columns,
    mayRepeat: shape.hasDropped || (shape.hasNew && leavesOut),
    apply(rows) {
      const out: Row[] = []
      for (const row of rows) {
        budget.step()
        for (const datom of matcher.matches(row, rows.length, budget)) {
          budget.step()
          out.push(joined(row, datom, shape.outputs))
          // Nothing new: the row stays because the fact exists.
          if (!shape.hasNew) break
        }
        budget.holdRows(out.length, () => 'a pattern')
      }
      return out
    },
  }
}

function joined(row: Row, datom: Datom, outputs: readonly Output[]): Row {
  const made: Edn[] = []
  for (const { column, place } of outputs) made.push(place < 0 ? row[column]! : placeOf(datom, place))
  return made
}

/** Turns what stands in a place into what facts hold there; undefined where no fact can. */
type Reader = (row: Row) => Edn | undefined

class FactMatcher {
  /** The attribute, where the pattern names one. */
  readonly attribute: Attribute | undefined
  readonly #facts: FactSource
  readonly #shape: Outline
  /** One per place; undefined for places that take anything. */
  readonly #readers: readonly (Reader | undefined)[]
  readonly #isImpossible: boolean
  readonly #boundPlaces: readonly number[]
  readonly #constants: readonly (Edn | undefined)[]
  #lookupCount = 0
  #scanFailedAt = 0
  #hashed: Map<RowKey, Datom[]> | undefined

  constructor(
    goal: PatternClause,
    facts: FactSource,
    shape: Outline,
    { scope, places }: { readonly scope: Scope; readonly places: PlaceMap },
  ) {
    this.#facts = facts
    this.#shape = shape
    this.attribute = attributeOf(facts, goal.terms[1])
    const readers = new PlaceReaders(facts, this.attribute, { scope, places })
    const attributeTerm = shape.places[1]
    // With the attribute only known by row, what a constant value means is known by row as well.
    const isByRow = (term: PlaceTerm, place: number): boolean =>
      term.kind === 'column' ||
      (place === 2 &&
        term.kind === 'constant' &&
        this.attribute === undefined &&
        readers.isGiven(attributeTerm))
    const constants = shape.places.map((term, place) =>
      term.kind === 'constant' && !isByRow(term, place) ? readers.constant(place, term.value) : undefined,
    )
    this.#constants = constants
    this.#isImpossible = shape.places.some(
      (term, place) => term.kind === 'constant' && !isByRow(term, place) && constants[place] === undefined,
    )
    this.#readers = shape.places.map((term, place): Reader | undefined => {
      if (term.kind === 'any') return undefined
      if (!isByRow(term, place)) return () => constants[place]
      return term.kind === 'column'
        ? readers.column(place, term, attributeTerm)
        : readers.valueByRow(attributeTerm, () => term.value)
    })
    this.#boundPlaces = shape.places.flatMap((term, place) => (isByRow(term, place) ? [place] : []))
  }

  *matches(row: Row, rowCount: number, budget: Budget): Iterable<Datom> {
    if (this.#isImpossible) return
    const wanted: (Edn | undefined)[] = []
    for (const reader of this.#readers) {
      const value = reader?.(row)
      if (reader !== undefined && value === undefined) return
      wanted.push(value)
    }
    const found = this.#hashedMatches(wanted, rowCount, budget)
    if (found !== undefined) return yield* found
    const [e, a, v, tx, added] = wanted
    for (const datom of this.#facts.match(
      e as number | undefined,
      a as number | undefined,
      v as Value | undefined,
      budget.checks,
    )) {
      if (tx !== undefined && datom.t !== tx) continue
      if (added !== undefined && datom.added !== added) continue
      if (this.#holdsEqualities(datom)) yield datom
    }
  }

  #holdsEqualities(datom: Datom): boolean {
    for (const [x, y] of this.#shape.equalities) {
      if (!equalValues(placeOf(datom, x), placeOf(datom, y))) return false
    }
    return true
  }

  #hashedMatches(
    wanted: readonly (Edn | undefined)[],
    rowCount: number,
    budget: Budget,
  ): readonly Datom[] | undefined {
    if (this.#boundPlaces.length === 0) return undefined
    this.#lookupCount++
    if (this.#hashed === undefined && !this.#scan(rowCount, budget)) return undefined
    const [place] = this.#boundPlaces
    const key =
      this.#boundPlaces.length === 1 ? keyOf(wanted[place!]!) : this.#keyOf((index) => wanted[index]!)
    return this.#hashed?.get(key) ?? []
  }

  #keyOf(read: (place: number) => Edn): string {
    let key = ''
    for (const place of this.#boundPlaces) key += textKey(read(place))
    return key
  }

  /** Hashes the facts of the pattern if there are few enough for the lookups to come. */
  #scan(rowCount: number, budget: Budget): boolean {
    const lookups = Math.max(this.#lookupCount, rowCount)
    if (lookups < LOOKUP_COUNT_BEFORE_HASHING || lookups < this.#scanFailedAt * 4) return false
    const [e, a, v, tx, added] = this.#constants
    const hashed = new Map<RowKey, Datom[]>()
    const isSingle = this.#boundPlaces.length === 1
    let left = lookups * SCANNED_PER_LOOKUP
    for (const datom of this.#facts.match(
      e as number | undefined,
      a as number | undefined,
      v as Value | undefined,
      budget.checks,
    )) {
      budget.step()
      if (--left < 0) {
        this.#scanFailedAt = lookups
        return false
      }
      if (tx !== undefined && datom.t !== tx) continue
      if (added !== undefined && datom.added !== added) continue
      if (!this.#holdsEqualities(datom)) continue
      const read = (place: number): Edn => (place === 3 ? datom.t : placeOf(datom, place))
      const key = isSingle ? keyOf(read(this.#boundPlaces[0]!)) : this.#keyOf(read)
      const held = hashed.get(key)
      if (held === undefined) hashed.set(key, [datom])
      else held.push(datom)
    }
    this.#hashed = hashed
    return true
  }
}

/** What values mean in the five places of one pattern. */
class PlaceReaders {
  readonly #facts: FactSource
  readonly #attribute: Attribute | undefined
  readonly #entities: EntityReader
  readonly #scope: Scope
  readonly #places: PlaceMap

  constructor(
    facts: FactSource,
    attribute: Attribute | undefined,
    { scope, places }: { readonly scope: Scope; readonly places: PlaceMap },
  ) {
    this.#facts = facts
    this.#attribute = attribute
    this.#entities = new EntityReader(facts)
    this.#scope = scope
    this.#places = places
  }

  /** What a constant means; undefined where no fact can have it. */
  constant(place: number, value: Edn): Edn | undefined {
    if (place === 0) return resolveEntity(this.#facts, value)
    if (place === 1) return this.#attributeConstant(value)
    if (place === 2) {
      return this.#attribute === undefined
        ? (value ?? undefined)
        : constantFor(this.#facts, this.#attribute, value)
    }
    return place === 3 ? this.#transaction(value, true) : value
  }

  /** Reads a bound column as this place understands it. */
  column(
    place: number,
    term: Extract<PlaceTerm, { kind: 'column' }>,
    attributeTerm: PlaceTerm | undefined,
  ): Reader {
    const { index } = term
    const isInput = this.#scope.inputs.has(term.name)
    if (place === 0 || place === 1) return (row) => this.#entities.read(row[index]!)
    if (place === 3) return (row) => this.#transaction(row[index]!, isInput)
    if (place === 4) return (row) => row[index]!
    if (this.#attribute !== undefined) {
      const attribute = this.#attribute
      const options = { isInput, isMixed: isMixed(this.#places.get(term.name)) }
      return (row) => this.#valueFor(attribute, row[index]!, options)
    }
    if (this.isGiven(attributeTerm)) return this.valueByRow(attributeTerm, (row) => row[index]!)
    return (row) => row[index] ?? undefined
  }

  /** An attribute given as an input is as good as one written out: its references understand idents. */
  isGiven(attributeTerm: PlaceTerm | undefined): boolean {
    return attributeTerm?.kind === 'column' && this.#scope.inputs.has(attributeTerm.name)
  }

  /** Reads a value as the attribute of the same row understands it. */
  valueByRow(attributeTerm: PlaceTerm | undefined, valueOf: (row: Row) => Edn): Reader {
    assert(attributeTerm?.kind === 'column', 'the attribute is in a column')
    return (row) => {
      const id = this.#entities.read(row[attributeTerm.index]!)
      const attribute = id === undefined ? undefined : this.#facts.schema.attribute(id)
      return attribute && this.#valueFor(attribute, valueOf(row), { isInput: true, isMixed: false })
    }
  }

  #attributeConstant(value: Edn): Edn | undefined {
    if (value instanceof Keyword) return resolveAttribute(this.#facts, value).id
    return resolveEntity(this.#facts, value)
  }

  /** A transaction is its entity id; where somebody wrote it, its t as well. */
  #transaction(value: Edn, isWritten: boolean): Edn | undefined {
    const entity = this.#entities.read(value)
    if (entity === undefined) return undefined
    return entity >= TX_BASE ? entity - TX_BASE : isWritten ? entity : undefined
  }

  #valueFor(
    attribute: Attribute,
    value: Edn,
    { isInput, isMixed }: { readonly isInput: boolean; readonly isMixed: boolean },
  ): Edn | undefined {
    if (attribute.valueType === 'ref') return this.#entities.read(value)
    if (isInput && attribute.valueType === 'float' && numberType(value) !== undefined) {
      return new Float(toDouble(value))
    }
    // The variable was an entity elsewhere and meets keywords here: through its name.
    if (isMixed && attribute.valueType === 'keyword' && typeof value === 'number') {
      return this.#facts.schema.identOf(value)
    }
    return hasType(attribute.valueType, value) ? value : undefined
  }
}

/** A pattern over rows: an input, or a vector of rows used as a source. */
export function rowsStep(
  terms: readonly Term[],
  source: readonly Row[],
  layout: Layout,
  budget: Budget,
): RowsStep {
  const shape = outline(terms, layout)
  const bound = shape.places.flatMap((term, place) =>
    term.kind === 'column' ? [{ place, index: term.index }] : [],
  )
  const boundPlaces = bound.map(({ place }) => place)
  const boundColumns = bound.map(({ index }) => index)
  const usable = source.filter(
    (row) =>
      shape.places.every((term, place) => term.kind !== 'constant' || equalValues(term.value, row[place]!)) &&
      shape.equalities.every(([x, y]) => equalValues(row[x]!, row[y]!)),
  )
  const hashed = Map.groupBy(usable, (row) => (boundPlaces.length === 0 ? null : rowKey(row, boundPlaces)))
  return {
    columns: shape.columns,
    mayRepeat: shape.hasDropped || shape.outputs.length < layout.columns.length + terms.length,
    apply(rows) {
      const out: Row[] = []
      for (const row of rows) {
        budget.step()
        for (const other of hashed.get(boundPlaces.length === 0 ? null : rowKey(row, boundColumns)) ?? []) {
          budget.step()
          out.push(shape.outputs.map(({ column, place }) => (place < 0 ? row[column]! : other[place]!)))
          if (!shape.hasNew) break
        }
        budget.holdRows(out.length, () => 'a join with rows')
      }
      return out
    },
  }
}
