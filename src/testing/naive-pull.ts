// What a pull means, told as directly as it can be: functions that call themselves over facts that are matched one by
// one. The judge of src/engine/pull.ts on small data; its limits and warnings are tested there.

import { type Attribute, type EntityId } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { compareValues, type Edn, EdnMap, equalValues, keyword } from '../fact/value.ts'
import type { PullAttribute, PullPattern } from '../plan/syntax.ts'

const DB_ID = keyword('db/id')

/** Where a recursion stands: entities on the way, how often each recursive attribute may still be followed. */
type Recursion = {
  readonly path: ReadonlySet<EntityId>
  readonly isAgain: boolean
  readonly left: ReadonlyMap<PullAttribute, number>
}

/** A map, or null where nothing is found. */
export function naivePull(facts: FactSource, pattern: PullPattern, entity: EntityId): Edn {
  return mapOf(facts, pattern, entity, began(pattern, entity))
}

function began({ attributes }: PullPattern, entity: EntityId): Recursion {
  const left = attributes.flatMap((asked): [PullAttribute, number][] =>
    asked.nested.kind === 'recursion' ? [[asked, asked.nested.depth]] : [],
  )
  return { path: new Set([entity]), isAgain: false, left: new Map(left) }
}

function mapOf(facts: FactSource, pattern: PullPattern, entity: EntityId, recursion: Recursion): Edn {
  const entries: [Edn, Edn][] = []
  const idKey = idKeyOf(pattern)
  if (idKey !== undefined) entries.push([idKey, entity])
  const asked = pattern.attributes.filter(({ attribute, isReverse }) => attribute !== DB_ID || isReverse)
  if (pattern.wildcard) {
    const own = asked.filter(({ isReverse }) => !isReverse).map(({ attribute }) => attribute)
    entries.push(
      ...everything(facts, entity, new Set([entity])).filter(([key]) => !own.includes(key as never)),
    )
  }
  for (const each of asked) {
    const value = valueOf(facts, each, pattern, { entity, recursion })
    if (value !== undefined) entries.push([each.key, value])
  }
  return entries.length === 0 ? null : new EdnMap(entries)
}

function idKeyOf({ wildcard, attributes }: PullPattern): Edn | undefined {
  const asked = attributes.find(({ attribute, isReverse }) => attribute === DB_ID && !isReverse)
  return asked?.key ?? (wildcard ? DB_ID : undefined)
}

/** All that is known of an entity; `owners` are those whose component it is, itself included. */
function everything(facts: FactSource, entity: EntityId, owners: ReadonlySet<EntityId>): [Edn, Edn][] {
  const attributes = [...facts.schema.attributes()].sort((x, y) => x.id - y.id)
  return attributes.flatMap((attribute): [Edn, Edn][] => {
    const values = valuesOf(facts, attribute, entity).map((v) => plain(facts, attribute, v, owners))
    if (values.length === 0) return []
    return [[attribute.ident, attribute.cardinality === 'one' ? values[0]! : values]]
  })
}

function plain(facts: FactSource, attribute: Attribute, v: Edn, owners: ReadonlySet<EntityId>): Edn {
  if (attribute.valueType !== 'ref') return v
  const target = v as EntityId
  if (!attribute.isComponent || owners.has(target)) return new EdnMap([[DB_ID, target]])
  return new EdnMap([[DB_ID, target], ...everything(facts, target, new Set([...owners, target]))])
}

function valueOf(
  facts: FactSource,
  asked: PullAttribute,
  around: PullPattern,
  { entity, recursion }: { readonly entity: EntityId; readonly recursion: Recursion },
): Edn | undefined {
  const attribute = facts.schema.attributeNamed(asked.attribute)!
  const isSingle = asked.isReverse ? attribute.isComponent : attribute.cardinality === 'one'
  const all = asked.isReverse ? holdersOf(facts, attribute, entity) : valuesOf(facts, attribute, entity)
  const found = all.slice(0, isSingle ? 1 : (asked.limit ?? Infinity)).flatMap((v): readonly Edn[] => {
    const followed = follow(facts, asked, around, v, { entity, recursion })
    return followed === null ? [] : [followed]
  })
  if (found.length === 0) return asked.default
  return isSingle ? found[0]! : found
}

/** What one value stands as; null where nothing is said of it. */
function follow(
  facts: FactSource,
  asked: PullAttribute,
  around: PullPattern,
  v: Edn,
  { entity, recursion }: { readonly entity: EntityId; readonly recursion: Recursion },
): Edn {
  const attribute = facts.schema.attributeNamed(asked.attribute)!
  if (asked.nested.kind === 'pattern') return naivePull(facts, asked.nested.pattern, v as EntityId)
  if (asked.nested.kind === 'none') {
    if (asked.isReverse) return new EdnMap([[DB_ID, v]])
    return plain(facts, attribute, v, new Set([entity]))
  }
  const { path, isAgain, left } = recursion
  const depth = left.get(asked)!
  if (isAgain || depth === 0) {
    const idKey = idKeyOf(around)
    return idKey === undefined ? null : new EdnMap([[idKey, v]])
  }
  const target = v as EntityId
  return mapOf(facts, around, target, {
    path: new Set([...path, target]),
    isAgain: path.has(target),
    left: new Map([...left, [asked, depth - 1]]),
  })
}

function valuesOf(facts: FactSource, { id }: Attribute, entity: EntityId): readonly Edn[] {
  return Array.from(facts.match(entity, id, undefined), ({ v }) => v).sort(compareValues)
}

function holdersOf(facts: FactSource, { id }: Attribute, entity: EntityId): readonly EntityId[] {
  const holding = [...facts.match(undefined, id, undefined)].filter(({ v }) => equalValues(v, entity))
  return holding.map(({ e }) => e).sort((x, y) => x - y)
}
