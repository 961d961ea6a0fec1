// Fills the databases with the company's history, each transaction at its own moment, and shows how far it is.
// Transactions flow without waiting for each other's sync; the writer's queue bounds them.
//
// A start that is interrupted leaves a marker, and the next one goes on: event n of a database is its transaction
// n, so what is there already is a prefix of the history. If it is not (another version wrote it, or somebody
// else transacted), the half company goes and is made anew.

import type { Catalog } from '../../database/catalog.ts'
import type { Writer } from '../../database/writer.ts'
import { TX_BASE } from '../../fact/attribute.ts'
import { DB_TX_INSTANT } from '../../fact/bootstrap.ts'
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
export const COMPANY_DATABASES: readonly CompanyDatabase[] = ['customers', 'purchases', 'bills', 'staff']
/** Stands in the data folder while the company in it is not whole. */
const MARKER = '.company-unfinished'

export type Loaded = {
  readonly transactionCount: number
  /** Facts that this start wrote, retractions included. */
  readonly datomCount: number
  /** Transactions that an interrupted start had left. */
  readonly foundCount: number
}

/** True where `loadCompany` has something to do: nothing is there yet, or not all of it. */
export function isCompanyWanted(catalog: Catalog): boolean {
  return catalog.firstList().length === 0 || catalog.env.files.stat(markerOf(catalog)) !== undefined
}

export async function loadCompany(
  catalog: Catalog,
  progress: Progress,
  size: CompanySize = COMPANY_SIZE,
): Promise<Loaded> {
  await setMarker(catalog)
  const events = companyHistory(new SeededRandom(COMPANY_SEED), size)
  const writers = await preparedWriters(catalog, events)
  const foundCounts = new Map(COMPANY_DATABASES.map((name) => [name, writers.get(name)!.value().basisT]))
  const foundCount = sum(foundCounts.values())
  const datomCount = await transactAll(remaining(events, foundCounts), writers, (doneCount) =>
    progress.report(foundCount + doneCount, events.length),
  )
  progress.note('indexing')
  for (const writer of writers.values()) await writer.index()
  await removeMarker(catalog)
  progress.finish()
  return { transactionCount: events.length, datomCount, foundCount }
}

/** Writers of databases that hold a prefix of the history, perhaps nothing of it. */
async function preparedWriters(
  catalog: Catalog,
  events: readonly CompanyEvent[],
): Promise<ReadonlyMap<CompanyDatabase, Writer>> {
  const writers = await openWriters(catalog)
  const isPrefix = COMPANY_DATABASES.every((name) => holdsPrefix(writers.get(name)!, eventsOf(events, name)))
  if (isPrefix) return writers
  for (const name of COMPANY_DATABASES) await catalog.delete(name)
  return openWriters(catalog)
}

async function openWriters(catalog: Catalog): Promise<ReadonlyMap<CompanyDatabase, Writer>> {
  const writers = new Map<CompanyDatabase, Writer>()
  for (const name of COMPANY_DATABASES) {
    await catalog.create(name, { alias: COMPANY_ALIASES[name], schema: readEdn(COMPANY_SCHEMAS[name]).value })
    writers.set(name, await catalog.writer(name))
  }
  return writers
}

function holdsPrefix(writer: Writer, events: readonly CompanyEvent[]): boolean {
  const { facts, basisT } = writer.value()
  if (basisT === 0) return true
  const [last] = facts.match(TX_BASE + basisT, DB_TX_INSTANT, undefined)
  return last?.v instanceof Date && last.v.getTime() === events[basisT - 1]?.atMs
}

function eventsOf(events: readonly CompanyEvent[], name: CompanyDatabase): readonly CompanyEvent[] {
  return events.filter(({ database }) => database === name)
}

function remaining(
  events: readonly CompanyEvent[],
  foundCounts: ReadonlyMap<CompanyDatabase, number>,
): readonly CompanyEvent[] {
  const passed = new Map(foundCounts)
  return events.filter(({ database }) => {
    const count = passed.get(database)!
    passed.set(database, count - 1)
    return count <= 0
  })
}

/** Gives the number of facts written. */
async function transactAll(
  events: readonly CompanyEvent[],
  writers: ReadonlyMap<CompanyDatabase, Writer>,
  onDone: (doneCount: number) => void,
): Promise<number> {
  let doneCount = 0
  let datomCount = 0
  let failure: Error | undefined
  for (const event of events) {
    const writer = writers.get(event.database)!
    await writer.room()
    if (failure !== undefined) break
    void writer.transact({ tx: withMoment(event) }).then(
      ({ datoms }) => {
        doneCount++
        datomCount += datoms.length
      },
      (error: Error) => (failure ??= error),
    )
    onDone(doneCount)
  }
  for (const writer of writers.values()) await writer.settled()
  if (failure !== undefined) throw failure
  return datomCount
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

function markerOf({ storage }: Catalog): string {
  return `${storage.folder ?? '.'}/${MARKER}`
}

async function setMarker(catalog: Catalog): Promise<void> {
  const { files } = catalog.env
  files.open(markerOf(catalog), 'replace').close()
  await files.syncFolder(catalog.storage.folder ?? '.')
}

async function removeMarker(catalog: Catalog): Promise<void> {
  catalog.env.files.remove(markerOf(catalog))
  await catalog.env.files.syncFolder(catalog.storage.folder ?? '.')
}

function sum(counts: Iterable<number>): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
