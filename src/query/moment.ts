// Which value of a database a request means: as of an instant, as of a t, at a cursor, or the newest.

import type { T } from '../fact/attribute.ts'
import type { Catalog } from '../database/catalog.ts'
import type { DatabaseValue } from '../database/database-value.ts'

export type MomentRequest = {
  /** An instant for all databases, or a t. */
  readonly asOf?: Date | T
  /** A t for each database by name or alias; those left out are asked as they are now. */
  readonly cursors?: Readonly<Record<string, T>>
  readonly signal?: AbortSignal
}

/** The value of a database, by name or alias, that the request means. Waits until a cursor's t is reached. */
export async function atMoment(
  catalog: Catalog,
  name: string,
  request: MomentRequest,
): Promise<DatabaseValue> {
  const connection = await catalog.connection(name)
  const { cursors, asOf, signal } = request
  const t = cursors?.[connection.info.name] ?? cursors?.[connection.info.alias]
  if (t !== undefined) return (await connection.sync(t, signal)).asOf(t)
  const value = connection.value()
  return asOf === undefined ? value : value.asOf(asOf)
}
