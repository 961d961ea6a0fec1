// From grants to what one caller sees of one database value.

import { assert } from '../base/assert.ts'
import { KeptByBytes } from '../base/kept-by-bytes.ts'
import { numberOf } from '../base/object-number.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { isMaskFit } from '../database/mask.ts'
import { bytesOfSets, restriction, type Restriction, type Window } from '../database/restriction.ts'
import type { AttributeId } from '../fact/attribute.ts'
import type { Schema } from '../fact/schema.ts'
import type { Caller } from './caller.ts'
import { attributesOf, type Grant, isGrantFor } from './grant.ts'
import type { RowSets } from './row-sets.ts'

export type AccessOptions = {
  readonly rowSets: RowSets
  /** Secret of the installation, with which masks hash. */
  readonly hashKey: string
}

/**
 * What the grants let a caller see of a value, at its moment: `all` of it, what a restriction lets through, or nothing
 * (undefined), so that to the caller there is no such database. Row rules are judged over the whole database.
 */
export async function restrictionOf(
  grants: readonly Grant[],
  caller: Caller,
  value: DatabaseValue,
  { rowSets, hashKey }: AccessOptions,
): Promise<Restriction | 'all' | undefined> {
  assert(!value.isRestricted, 'rules are judged over the whole database')
  const mine = grants.filter((grant) => grant.database === value.database && isGrantFor(grant, caller))
  if (mine.length === 0) return undefined
  if (mine.some(isForAll)) return 'all'
  const judged: Judged[] = []
  for (const grant of mine) {
    const { rowRule } = grant
    judged.push({ grant, entities: rowRule && (await rowSets.entitiesOf(rowRule, caller, value)) })
  }
  return restrictionBy(judged, value.schema, hashKey)
}

/** A grant, and whose facts it shows: undefined is everybody's. */
type Judged = { readonly grant: Grant; readonly entities: Float64Array | undefined }

/** Of restrictions that were made of the same grants with the same entities. */
const KNOWN_BYTES_MAX = 1 << 26
const ATTRIBUTE_BYTES = 128
const known = new KeptByBytes<Restriction>(
  KNOWN_BYTES_MAX,
  ({ windows }) => bytesOfSets(windows.values()) + windows.size * ATTRIBUTE_BYTES,
)

/** For a schema of hundreds of attributes making one takes milliseconds: hardly less than a question about few things. */
function restrictionBy(judged: readonly Judged[], schema: Schema, hashKey: string): Restriction {
  const sets = judged.map(({ grant, entities }) => `${numberOf(grant)} ${entities ? numberOf(entities) : ''}`)
  const name = JSON.stringify([numberOf(schema), hashKey, ...sets])
  let made = known.get(name)
  if (made === undefined) known.add(name, (made = restriction(windowsBy(judged, schema), hashKey)))
  return made
}

function windowsBy(judged: readonly Judged[], schema: Schema): ReadonlyMap<AttributeId, readonly Window[]> {
  /** What shows an attribute: these of the grants, each with the mask that fits it. */
  const showing = new Map<AttributeId, string[]>()
  const windowsNamed = new Map<string, Window>()
  judged.forEach(({ grant, entities }, index) => {
    for (const attribute of attributesOf(grant, schema)) {
      const { mask } = grant
      // Where everything of a kind is to be masked, what cannot be masked so is left out.
      const fit = mask === undefined || isMaskFit(mask, attribute) ? mask : 'null'
      const name = `${index} ${fit ?? ''}`
      windowsNamed.set(name, { ...(entities && { entities }), ...(fit && { mask: fit }) })
      showing.set(attribute.id, [...(showing.get(attribute.id) ?? []), name])
    }
  })
  const lists = new Map<string, readonly Window[]>()
  const listOf = (names: readonly string[]): readonly Window[] => {
    const key = names.join(', ')
    const list = lists.get(key) ?? names.map((name) => windowsNamed.get(name)!)
    lists.set(key, list)
    return list
  }
  return new Map([...showing].map(([a, names]) => [a, listOf(names)]))
}

/** The value as a caller sees it; undefined where to the caller there is no such database. */
export async function valueFor(
  grants: readonly Grant[],
  caller: Caller,
  value: DatabaseValue,
  options: AccessOptions,
): Promise<DatabaseValue | undefined> {
  const seen = await restrictionOf(grants, caller, value, options)
  return seen === 'all' ? value : seen && value.restricted(seen)
}

function isForAll({ attributes, rowRule, mask }: Grant): boolean {
  return rowRule === undefined && mask === undefined && attributes.some(({ kind }) => kind === 'all')
}
