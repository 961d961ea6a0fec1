// Four ways for the same facts to lie: a case gives the same answer over each of them.

import type { Catalog } from '../../database/catalog.ts'
import type { DatabaseValue } from '../../database/database-value.ts'
import type { TransactOutcome } from '../../database/writer.ts'
import { TX_BASE } from '../../fact/attribute.ts'
import type { Edn, Tagged } from '../../fact/value.ts'
import { Keyword } from '../../fact/value.ts'
import { type CaseFacts, settle } from './case-file.ts'
import { tempidUnresolved } from './errors.ts'

export const LAYOUTS = ['novelty', 'segments', 'mixed', 'reopened'] as const
export type Layout = (typeof LAYOUTS)[number]

/** The facts of a case as they came to be, and what its #tempid and #tx mean. */
export type MadeFacts = {
  readonly value: DatabaseValue
  readonly settle: (form: Edn) => Edn
}

/** Makes the database of a case in `catalog`; for `reopened` the catalog is a folder that `reopen` opens anew. */
export async function makeFacts(
  catalog: Catalog,
  name: string,
  facts: CaseFacts,
  layout: Layout,
  reopen: () => Promise<Catalog>,
): Promise<MadeFacts> {
  const entities = new Map<string, number>()
  const resolve = (tagged: Tagged): Edn | undefined => {
    if (tagged.tag === 'tx') return TX_BASE + (tagged.value as number)
    if (tagged.tag !== 'tempid') return undefined
    const entity = entities.get(String(tagged.value))
    if (entity === undefined) throw tempidUnresolved(String(tagged.value))
    return entity
  }
  const settled = (form: Edn): Edn => settle(form, resolve)
  await catalog.create(name, { schema: facts.schema })
  const writer = await catalog.writer(name)
  const middle = Math.ceil(facts.transactions.length / 2)
  for (const [i, tx] of facts.transactions.entries()) {
    const outcome: TransactOutcome = await writer.transact({ tx: settled(tx) })
    for (const [tempid, entity] of outcome.tempids) entities.set(tempid, entity)
    if (layout === 'mixed' && i + 1 === middle) await writer.index()
  }
  if (layout === 'segments') await writer.index()
  const open = layout === 'reopened' ? await reopen() : catalog
  const present = (await open.connection(name)).value()
  return { value: viewed(present, facts.view), settle: settled }
}

/** A view as cases write it; numbers count transactions, and t 0 is the schema: they are t already. */
export function viewed(value: DatabaseValue, view: Edn | undefined): DatabaseValue {
  if (view === undefined || view === null) return value
  if (view instanceof Keyword) return view.text === 'history' ? value.history() : value
  let seen = value
  for (const [key, point] of (view as { readonly entries: readonly (readonly [Edn, Edn])[] }).entries) {
    const name = key instanceof Keyword ? key.text : ''
    if (name === 'as-of') seen = seen.asOf(point as number | Date)
    else if (name === 'since') seen = seen.since(point as number | Date)
    else if (name === 'history') seen = seen.history()
  }
  return seen
}
