// The log of a database of a service, page by page, each asked for when the one before was read. Of a live log the service holds the
// answer back until there is one; a broken connection loses nothing, since a page is asked for again from where the last ended.

import type { EdnMap } from '../fact/value.ts'
import { fieldIn, mapsIn, type Wire } from './wire.ts'

/** How long the service keeps a live log, or whoever waits for a t, where there is nothing; then it is asked again. */
export const WAIT_MS = 20_000
/** It is asked again where the way there breaks, too, for most of a minute: services are started anew. */
export const WAITING = { retryCountMax: 15, silenceMsMax: WAIT_MS + 10_000 }

export type LogPagesRange = {
  readonly from: Date | number
  /** Excluded; undefined for all. */
  readonly to: Date | number | undefined
  readonly isLive: boolean
  readonly signal?: AbortSignal | undefined
}

/** Transactions, as the service writes them. */
export async function* logPages(
  wire: Wire,
  database: string,
  { from, to, isLive, signal }: LogPagesRange,
): AsyncGenerator<EdnMap> {
  const range = {
    ...(to !== undefined && { to: momentText(to) }),
    ...(isLive && { waitMs: String(WAIT_MS) }),
  }
  let next: string | undefined = momentText(from)
  while (next !== undefined) {
    const search = new URLSearchParams({ from: next, ...range })
    const path = `/v1/databases/${encodeURIComponent(database)}/log?${search}`
    const answer: EdnMap = await wire.send('GET', path, undefined, { signal, ...(isLive && WAITING) })
    yield* mapsIn(answer, 'transactions')
    const more = fieldIn(answer, 'next-t')
    next = more === undefined ? undefined : String(more)
  }
}

function momentText(moment: Date | number): string {
  return typeof moment === 'number' ? String(moment) : moment.toISOString()
}
