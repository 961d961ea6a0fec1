// `varve transact TX`: applies a transaction.

import type { Command } from 'commander'
import { readEdn } from '../../fact/edn-reader.ts'
import { withLine } from '../../fact/path-place.ts'
import { EdnMap, keyword } from '../../fact/value.ts'
import type { Context } from '../main.ts'
import { openSession, outputFormat, type PlaceOptions, readWords, withOutput, withPlace } from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'
import { reportWarnings } from '../report.ts'
import type { SessionTransaction } from '../session.ts'

type Options = PlaceOptions & { readonly database: string; readonly output?: OutputFormat }

export function addTransactCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('transact')))
    .description('apply a transaction: EDN text, or @file')
    .argument('<tx>', 'a vector of operations')
    .requiredOption('--database <name>', 'the database')
    .addHelpText(
      'after',
      `\nExample:\n  varve transact --database customers '[{:customer/id "cus-1" :customer/city "Oslo"}]'`,
    )
    .action(async (words: string, options: Options) => {
      const { text, source } = readWords(env, words)
      const { value, places } = readEdn(text, { source: source ?? 'tx' })
      await using session = await openSession(env, options, false)
      const transaction = await session.transact(options.database, value).catch((error: unknown) => {
        throw withLine(error, value, places.placeOf)
      })
      reportWarnings(transaction.warnings, terminal)
      terminal.out(formatResult(transactionFields(transaction), [], outputFormat(options.output, terminal)))
    })
}

export function transactionFields({ t, txInstant, tempids, datomCount }: SessionTransaction): EdnMap {
  return new EdnMap([
    [keyword('t'), t],
    [keyword('tx-instant'), txInstant],
    [keyword('tempids'), tempids],
    [keyword('datom-count'), datomCount],
  ])
}
