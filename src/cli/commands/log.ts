// `varve log`: transactions as they were written, as they come; with --live it waits for more until Ctrl-C.

import type { Command } from 'commander'
import { writeEdn } from '../../fact/edn-writer.ts'
import { writeJson } from '../../fact/json-writer.ts'
import { type Edn, EdnMap, keyword } from '../../fact/value.ts'
import type { Context } from '../main.ts'
import {
  openSession,
  outputFormat,
  parseMoment,
  type PlaceOptions,
  withOutput,
  withPlace,
} from '../options.ts'
import { csvLine } from '../../query/written-csv.ts'
import type { OutputFormat } from '../output.ts'
import type { SessionLogItem } from '../session.ts'

type Options = PlaceOptions & {
  readonly database: string
  readonly from?: Date | number
  readonly to?: Date | number
  readonly live?: boolean
  readonly output?: OutputFormat
}

export function addLogCommand(program: Command, context: Context): void {
  withOutput(withPlace(program.command('log')))
    .description('show transactions in their order')
    .requiredOption('--database <name>', 'the database')
    .option('--from <moment>', 'an instant or a t, included', parseMoment)
    .option('--to <moment>', 'an instant or a t, excluded', parseMoment)
    .option('--live', 'wait for further transactions, until Ctrl-C')
    .addHelpText('after', '\nExample:\n  varve log --database purchases --from 2015-11-01 --output ndjson')
    .action((options: Options) => showLog(options, context))
}

async function showLog(options: Options, { env, terminal }: Context): Promise<void> {
  await using session = await openSession(env, options, true)
  const format = outputFormat(options.output, terminal)
  const { from, to } = options
  const stopping = new AbortController()
  if (options.live === true) void terminal.stopped().then(() => stopping.abort())
  const range = {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    isLive: options.live === true,
    signal: stopping.signal,
  }
  let count = 0
  try {
    for await (const item of session.log(options.database, range)) {
      terminal.out(`${before(format, count++)}${formatItem(item, format)}`)
      await terminal.flushed()
    }
  } catch (error) {
    // Whoever asked it to stop has what was wanted.
    if (!stopping.signal.aborted) throw error
  }
  if (format === 'json') terminal.out(count === 0 ? '[]\n' : '\n]\n')
}

function before(format: OutputFormat, count: number): string {
  if (format === 'json') return count === 0 ? '[\n' : ',\n'
  return format === 'csv' && count === 0
    ? csvLine(['t', 'txInstant', 'e', 'attribute', 'value', 'added'])
    : ''
}

export function formatItem(item: SessionLogItem, format: OutputFormat): string {
  const { t, txInstant, datoms } = item
  switch (format) {
    case 'json':
      return writeJson(mapOf(item, ['t', 'txInstant', 'datoms']))
    case 'ndjson':
      return `${writeJson(mapOf(item, ['t', 'txInstant', 'datoms']))}\n`
    case 'edn':
      return `${writeEdn(mapOf(item, [keyword('t'), keyword('tx-instant'), keyword('datoms')]))}\n`
    case 'csv':
      return datoms.map((datom) => csvLine([t, txInstant, ...datom])).join('')
    case 'table': {
      const lines = datoms.map(
        ([e, attribute, v, added]) =>
          `  ${added === true ? '+' : '-'} ${[e, attribute, v].map((part) => writeEdn(part!)).join(' ')}\n`,
      )
      return `t ${t}  ${txInstant.toISOString()}\n${lines.join('')}`
    }
  }
}

function mapOf({ t, txInstant, datoms }: SessionLogItem, names: readonly [Edn, Edn, Edn]): EdnMap {
  return new EdnMap([
    [names[0], t],
    [names[1], txInstant],
    [names[2], datoms],
  ])
}
