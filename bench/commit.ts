// Small durable transactions: five datoms each, against a database that holds a million, by one caller and by
// sixty-four, beside the raw write and sync of frames of the same size. Nothing is reported before every
// acknowledged transaction was found again in the reopened folder.

import { join } from 'node:path'
import { ByteWriter } from '../src/base/bytes.ts'
import { FRAME_HEADER_BYTES } from '../src/log/frame.ts'
import { encodeTransaction } from '../src/log/transaction-codec.ts'
import {
  type Accounts,
  Acknowledgements,
  checkAcknowledged,
  formOf,
  openAccounts,
  Transfers,
} from './commit/accounts.ts'
import { type Door, runCallers, Waits } from './commit/callers.ts'
import { RawSync } from './commit/raw-sync.ts'
import { type BenchContext, type Figure, median, runBench, timed } from './harness.ts'

const RUN_COUNT = 3
const RUN_MS = 4_000
/** Raw syncs and callers take turns, so that what else the machine does meets them alike. */
const SLICE_COUNT = 8
const RATIO_MIN = 0.6
const PER_SECOND_MIN = 25_000
const P99_MS_MAX = 10
/** A disk whose raw sync is slower than this cannot be asked for the figures of many callers. */
const RAW_P50_MS_MAX = 0.5
const RAW_P99_MS_MAX = 1

type Round = { readonly [Key in 'raw' | `${Door}${1 | 64}`]: Waits }

await runBench(
  { name: 'commit', about: 'durable transactions of 5 datoms over 1 M datoms, 1 and 64 callers', run },
  Number(process.argv[2] ?? 1),
)

async function run({ folder, scale, say, note }: BenchContext): Promise<readonly Figure[]> {
  const url = `file:${join(folder, 'data')}`
  const { ms, result: accounts } = await timed(() => openAccounts(url, scale))
  note('loaded before', `${accounts.accountCount * 5} datoms in ${Math.round(ms)} ms`)
  const acknowledgements = new Acknowledgements()
  const transfers = new Transfers(accounts.accountCount, 1)
  const frameBytes = await frameBytesOf(accounts)
  note('bytes of a frame with one transaction', frameBytes)
  using raw = new RawSync(join(folder, 'raw'), frameBytes)
  const rounds: Round[] = []
  // The first round warms up and is thrown away.
  for (let index = 0; index <= RUN_COUNT; index++) {
    say(`round ${index} of ${RUN_COUNT}`)
    const round = {
      raw: new Waits(),
      data1: new Waits(),
      forms1: new Waits(),
      data64: new Waits(),
      forms64: new Waits(),
    }
    const sliceMs = RUN_MS / SLICE_COUNT / (index === 0 ? 4 : 1)
    const callers = (door: Door, callerCount: 1 | 64): Promise<void> =>
      runCallers(
        { accounts, transfers, door, callerCount, acknowledgements },
        sliceMs,
        round[`${door}${callerCount}`],
      )
    for (let slice = 0; slice < SLICE_COUNT; slice++) {
      raw.run(sliceMs, round.raw)
      await callers('data', 1)
      await callers('forms', 1)
    }
    for (let slice = 0; slice < SLICE_COUNT; slice++) {
      await callers('data', 64)
      await callers('forms', 64)
    }
    if (index > 0) rounds.push(round)
  }
  await accounts.varve.close()
  await checkAcknowledged(url, acknowledgements)
  note('acknowledged and found again', acknowledgements.count)
  return figuresOf(rounds)
}

function figuresOf(rounds: readonly Round[]): readonly Figure[] {
  const of = (pick: (round: Round) => number): readonly number[] => rounds.map(pick)
  const rawP50 = of(({ raw }) => raw.p50Ms)
  const rawP99 = of(({ raw }) => raw.p99Ms)
  const isFastDisk = median(rawP50) <= RAW_P50_MS_MAX && median(rawP99) <= RAW_P99_MS_MAX
  const atLeast = (figure: Figure, text: string, min: number): Figure => ({
    ...figure,
    target: { text, isMet: median(figure.runs) >= min },
  })
  const figures: Figure[] = [
    { name: 'raw write and sync', unit: '/s', runs: of(({ raw }) => raw.perSecond) },
    { name: 'raw p50', unit: 'ms', runs: rawP50 },
    { name: 'raw p99', unit: 'ms', runs: rawP99 },
  ]
  for (const door of ['data', 'forms'] as const) {
    const one = `${door}1` as const
    const many = `${door}64` as const
    const ratio = {
      name: `1 caller, ${door}, to raw`,
      unit: '×',
      runs: of((r) => r[one].perSecond / r.raw.perSecond),
    }
    const throughput = { name: `64 callers, ${door}`, unit: '/s', runs: of((round) => round[many].perSecond) }
    const p99 = { name: `64 callers, ${door}, p99`, unit: 'ms', runs: of((round) => round[many].p99Ms) }
    figures.push(
      { name: `1 caller, ${door}`, unit: '/s', runs: of((round) => round[one].perSecond) },
      atLeast(ratio, `≥ ${RATIO_MIN}`, RATIO_MIN),
      { name: `1 caller, ${door}, p50`, unit: 'ms', runs: of((round) => round[one].p50Ms) },
      {
        name: `64 callers, ${door}, own time of the thread`,
        unit: 'µs',
        runs: of((round) => round[many].threadMicroseconds),
      },
      { name: `1 caller, ${door}, p99`, unit: 'ms', runs: of((round) => round[one].p99Ms) },
      isFastDisk ? atLeast(throughput, `≥ ${PER_SECOND_MIN}`, PER_SECOND_MIN) : throughput,
      { name: `64 callers, ${door}, p50`, unit: 'ms', runs: of((round) => round[many].p50Ms) },
      isFastDisk
        ? { ...p99, target: { text: `≤ ${P99_MS_MAX}`, isMet: median(p99.runs) <= P99_MS_MAX } }
        : p99,
    )
  }
  return figures
}

/** Size of the frame of one transfer, from one that is prepared and written. */
async function frameBytesOf({ writer, accountCount }: Accounts): Promise<number> {
  const transfer = new Transfers(accountCount, 99).next()
  const outcome = await writer.transact({ tx: formOf(transfer), isPlainData: true })
  if (outcome.datoms.length !== 5)
    throw new Error(`a transfer makes ${outcome.datoms.length} datoms, not five`)
  const bytes = new ByteWriter()
  encodeTransaction(bytes, outcome)
  return FRAME_HEADER_BYTES + bytes.length
}
