// The writer's process: transfers at a fixed rate, each when it is due, into the folder that the service reads.

import { open } from 'node:fs/promises'
import {
  Acknowledgements,
  type Accounts,
  checkAcknowledged,
  dataOf,
  openAccounts,
  Transfers,
} from '../commit/accounts.ts'
import { arrivals } from '../mixed/load.ts'
import { serveHelper } from './helper.ts'

export type WriterWork =
  | { readonly kind: 'open'; readonly url: string; readonly scale: number }
  | { readonly kind: 'commit'; readonly perSecond: number; readonly ms: number }
  /** As much as a commit writes, and a sync, with nothing of ours around them. */
  | { readonly kind: 'sync'; readonly file: string; readonly perSecond: number; readonly ms: number }
  /** Closes the folder, and finds everything again that was acknowledged. */
  | { readonly kind: 'check' }

/** Milliseconds from the call to its acknowledgement; of `check` how many transactions were found again. */
export type Written = { readonly waitsMs: Float64Array; readonly count: number }

type Opened = { readonly url: string; readonly accounts: Accounts; readonly transfers: Transfers }
let opened: Opened | undefined
const acknowledgements = new Acknowledgements()

serveHelper(async (work: WriterWork): Promise<Written> => {
  if (work.kind === 'open') {
    const accounts = await openAccounts(work.url, work.scale)
    opened = { url: work.url, accounts, transfers: new Transfers(accounts.accountCount, 2) }
    return { waitsMs: new Float64Array(), count: accounts.accountCount }
  }
  if (opened === undefined) throw new Error('Nothing is open')
  if (work.kind === 'commit') return commit(opened, work)
  if (work.kind === 'sync') return sync(work)
  await opened.accounts.varve.close()
  await checkAcknowledged(opened.url, acknowledgements)
  return { waitsMs: new Float64Array(), count: acknowledgements.count }
})

async function commit(
  { accounts, transfers }: Opened,
  { perSecond, ms }: { readonly perSecond: number; readonly ms: number },
): Promise<Written> {
  const waits: number[] = []
  const fromMs = performance.now()
  await arrivals({ fromMs, untilMs: fromMs + ms, perSecond }, async () => {
    const transfer = transfers.next()
    const calledMs = performance.now()
    const { t } = await accounts.database.transact(dataOf(transfer))
    waits.push(performance.now() - calledMs)
    acknowledgements.add(t, transfer)
  })
  return { waitsMs: Float64Array.from(waits).sort(), count: waits.length }
}

/** A frame of the log with one transfer in it. */
const COMMIT_BYTES = 512
/** Written before and over again, as the log's segments are laid out before they are filled. */
const FILE_BYTES = 1 << 20

async function sync({
  file,
  perSecond,
  ms,
}: {
  readonly file: string
  readonly perSecond: number
  readonly ms: number
}): Promise<Written> {
  await using handle = await open(file, 'w')
  await handle.writeFile(new Uint8Array(FILE_BYTES))
  await handle.sync()
  const bytes = new Uint8Array(COMMIT_BYTES).fill(1)
  const waits: number[] = []
  const fromMs = performance.now()
  await arrivals({ fromMs, untilMs: fromMs + ms, perSecond }, async () => {
    const calledMs = performance.now()
    await handle.write(bytes, 0, COMMIT_BYTES, (waits.length * COMMIT_BYTES) % FILE_BYTES)
    await handle.datasync()
    waits.push(performance.now() - calledMs)
  })
  return { waitsMs: Float64Array.from(waits).sort(), count: waits.length }
}
