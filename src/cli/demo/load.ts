// Transacts the company's history into its three databases, each transaction at its own moment, and shows how
// far it is. Transactions flow without waiting for each other's sync; the writer's queue bounds them.

import type { Catalog } from '../../database/catalog.ts'
import type { Writer } from '../../database/writer.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import { type Edn, EdnMap, keyword } from '../../fact/value.ts'
import { SeededRandom } from '../../base/seeded-random.ts'
import {
  COMPANY_ALIASES,
  COMPANY_SCHEMAS,
  type CompanyDatabase,
  type CompanyEvent,
  type CompanySize,
  COMPANY_SIZE,
  companyHistory,
} from './company.ts'
import type { Progress } from '../progress.ts'

export const COMPANY_SEED = 2013
const DATABASES: readonly CompanyDatabase[] = ['customers', 'purchases', 'bills']

export type Loaded = { readonly transactionCount: number; readonly datomCount: number }

export async function loadCompany(
  catalog: Catalog,
  progress: Progress,
  size: CompanySize = COMPANY_SIZE,
): Promise<Loaded> {
  const writers = new Map<CompanyDatabase, Writer>()
  for (const name of DATABASES) {
    await catalog.create(name, { alias: COMPANY_ALIASES[name], schema: readEdn(COMPANY_SCHEMAS[name]).value })
    writers.set(name, await catalog.writer(name))
  }
  const events = companyHistory(new SeededRandom(COMPANY_SEED), size)
  let datomCount = 0
  let doneCount = 0
  let failure: Error | undefined
  for (const event of events) {
    const writer = writers.get(event.database)!
    await writer.room()
    if (failure !== undefined) break
    void writer.transact({ tx: withMoment(event) }).then(
      ({ datoms }) => {
        datomCount += datoms.length
        doneCount++
      },
      (error: Error) => (failure ??= error),
    )
    progress.report(doneCount, events.length)
  }
  for (const writer of writers.values()) await writer.settled()
  if (failure !== undefined) throw failure
  progress.note('indexing')
  for (const writer of writers.values()) await writer.index()
  progress.finish()
  return { transactionCount: events.length, datomCount }
}

function withMoment({ ops, atMs, user, reason }: CompanyEvent): Edn {
  const entries: [Edn, Edn][] = [
    [keyword('db/id'), 'datomic.tx'],
    [keyword('db/txInstant'), new Date(atMs)],
    [keyword('audit/user'), user],
  ]
  if (reason !== undefined) entries.push([keyword('audit/reason'), reason])
  return [...ops, new EdnMap(entries)]
}
