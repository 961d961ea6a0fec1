// What somebody may see of a database, as plain data that crosses threads: for each visible attribute a list of windows.
// A fact shows through the windows that let its entity through; of several, the one that masks least counts.
// Attributes without a window are not there at all. What that means for facts is said in sight.ts.

import { sha256Hex, sha256HexOf } from '../base/checksum.ts'
import type { AttributeId, EntityId } from '../fact/attribute.ts'
import { MASK_RANKS, type MaskName } from './mask.ts'

export type Window = {
  /** Whose facts show: sorted, each once, in shared memory. Absent: all. */
  readonly entities?: Float64Array
  /** What shows in the place of values. `null`: the attribute is known, and the fact is not there. */
  readonly mask?: MaskName
}

/** Made by `restriction` alone, which puts windows in order and gives the key. */
export type Restriction = {
  /** A hash of all the rest: equal where the same is let through. */
  readonly key: string
  readonly windows: ReadonlyMap<AttributeId, readonly Window[]>
  /** Secret with which masks hash, so that nobody can try values. */
  readonly hashKey: string
}

export function restriction(
  windows: Iterable<readonly [AttributeId, readonly Window[]]>,
  hashKey = '',
): Restriction {
  // Attributes that share their windows share them to the end, on the way to other threads as well.
  const lists = new Map<readonly Window[], readonly Window[]>()
  const keys = new Map<readonly Window[], string>()
  const ordered: (readonly [AttributeId, readonly Window[]])[] = []
  for (const [a, given] of windows) {
    const list = lists.get(given) ?? orderedWindows(given)
    lists.set(given, list)
    if (!keys.has(list)) keys.set(list, windowsKey(list))
    if (list.length > 0) ordered.push([a, list])
  }
  ordered.sort(([x], [y]) => x - y)
  const parts = ordered.map(([a, list]) => `${a} ${keys.get(list)!}`)
  return { key: sha256Hex([hashKey, ...parts].join('\n')), windows: new Map(ordered), hashKey }
}

/** Of the sets of entities, each of which many attributes share. */
export function bytesOfSets(lists: Iterable<readonly Window[]>): number {
  const sets = new Set<Float64Array>()
  for (const windows of lists) for (const { entities } of windows) if (entities) sets.add(entities)
  let byteCount = 0
  for (const { byteLength } of sets) byteCount += byteLength
  return byteCount
}

/** A text for what windows let through, equal for equal ones. */
export function windowsKey(windows: readonly Window[]): string {
  return windows
    .map(
      ({ mask = 'as-is', entities }) => `${mask} ${entities === undefined ? 'all' : keyOfEntities(entities)}`,
    )
    .join(', ')
}

/** One window for each mask, the least masking first. */
export function orderedWindows(windows: readonly Window[]): readonly Window[] {
  const byMask = Map.groupBy(windows, ({ mask }) => mask)
  return [...byMask]
    .sort(([x], [y]) => rankOf(x) - rankOf(y) || (String(x) < String(y) ? -1 : 1))
    .map(([mask, list]): Window => {
      const entities = unionOf(list.map((window) => window.entities))
      return { ...(entities && { entities }), ...(mask && { mask }) }
    })
}

function rankOf(mask: MaskName | undefined): number {
  return mask === undefined ? 0 : MASK_RANKS[mask]
}

/** All entities of several sets; undefined where one of them is of all. */
export function unionOf(sets: readonly (Float64Array | undefined)[]): Float64Array | undefined {
  const given = new Set<Float64Array>()
  for (const set of sets) {
    if (set === undefined) return undefined
    given.add(inOrder(set))
  }
  const [first, ...others] = given
  return first === undefined ? entitySet([]) : others.reduce(unionOfTwo, first)
}

/** Of sets that rules gave, which stay the same objects while they are kept. */
const unions = new WeakMap<Float64Array, WeakMap<Float64Array, Float64Array>>()

function unionOfTwo(x: Float64Array, y: Float64Array): Float64Array {
  let known = unions.get(x)
  if (known === undefined) unions.set(x, (known = new WeakMap()))
  let union = known.get(y)
  if (union === undefined) {
    known.set(y, (union = entitySet(mergedSets(x, y))))
  }
  return union
}

function mergedSets(x: Float64Array, y: Float64Array): Float64Array {
  const merged = new Float64Array(x.length + y.length)
  let [i, j, count] = [0, 0, 0]
  while (i < x.length && j < y.length) {
    const e = Math.min(x[i]!, y[j]!)
    if (x[i] === e) i++
    if (y[j] === e) j++
    merged[count++] = e
  }
  merged.set(x.subarray(i), count)
  merged.set(y.subarray(j), count + x.length - i)
  return merged.subarray(0, count + x.length - i + y.length - j)
}

/** What is in both; undefined is all. */
export function intersectionOf(
  x: Float64Array | undefined,
  y: Float64Array | undefined,
): Float64Array | undefined {
  if (x === undefined || x === y) return y
  if (y === undefined) return x
  const [few, many] = x.length <= y.length ? [x, y] : [y, x]
  return entitySet(few.filter((e) => hasEntity(many, e)))
}

/** Entities as a window has them. */
export function entitySet(entities: Iterable<EntityId>): Float64Array {
  // What a question found is in order already.
  const isOrdered = entities instanceof Float64Array && isSet(entities)
  const sorted = isOrdered ? entities : Float64Array.from(entities).sort()
  const once = isOrdered ? entities : sorted.filter((e, at) => at === 0 || e !== sorted[at - 1])
  const set = new Float64Array(new SharedArrayBuffer(once.byteLength))
  set.set(once)
  sets.set(set, set)
  return set
}

/** Sets by the arrays that they were made of: whoever uses one for many attributes looks through it once. */
const sets = new WeakMap<Float64Array, Float64Array>()

function inOrder(entities: Float64Array): Float64Array {
  let set = sets.get(entities)
  if (set === undefined) {
    const isOne = entities.buffer instanceof SharedArrayBuffer && isSet(entities)
    sets.set(entities, (set = isOne ? entities : entitySet(entities)))
  }
  return set
}

function isSet(entities: Float64Array): boolean {
  for (let at = 1; at < entities.length; at++) if (!(entities[at - 1]! < entities[at]!)) return false
  return true
}

export function hasEntity(set: Float64Array, e: EntityId): boolean {
  let low = 0
  let high = set.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (set[middle]! < e) low = middle + 1
    else high = middle
  }
  return set[low] === e
}

/** By the set, which stays the same object for all attributes that a rule is for. */
const keys = new WeakMap<Float64Array, string>()
const HASHED_COUNT = 1 << 16

/** A hash of a set. */
export function keyOfEntities(entities: Float64Array): string {
  let key = keys.get(entities)
  if (key === undefined) keys.set(entities, (key = sha256HexOf(bytesOf(entities))))
  return key
}

/** Piece by piece, since hashes are made of memory that is not shared. */
function* bytesOf(entities: Float64Array): Generator<Uint8Array> {
  for (let at = 0; at < entities.length; at += HASHED_COUNT) {
    yield new Uint8Array(new Float64Array(entities.subarray(at, at + HASHED_COUNT)).buffer)
  }
}
