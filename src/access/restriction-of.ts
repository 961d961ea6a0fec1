// From grants to what one caller sees of one database value.

import { assert } from '../base/assert.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { isMaskFit } from '../database/mask.ts'
import { restriction, type Restriction, type Window } from '../database/restriction.ts'
import type { AttributeId } from '../fact/attribute.ts'
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
  const windows = new Map<AttributeId, Window[]>()
  for (const grant of mine) {
    const { rowRule, mask } = grant
    const entities = rowRule && (await rowSets.entitiesOf(rowRule, caller, value))
    for (const attribute of attributesOf(grant, value.schema)) {
      // Where everything of a kind is to be masked, what cannot be masked so is left out.
      const fit = mask === undefined || isMaskFit(mask, attribute) ? mask : 'null'
      const window: Window = { ...(entities && { entities }), ...(fit && { mask: fit }) }
      windows.set(attribute.id, [...(windows.get(attribute.id) ?? []), window])
    }
  }
  return restriction(windows, hashKey)
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
