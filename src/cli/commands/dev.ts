// `varve dev`, which is `npm start`: a folder with a small company in it, the service, and a tour. A second start
// opens what is there; one that follows an interrupted start finishes what that had begun.
//
// It is for one machine: whoever is on it may do everything without a token, also beside the people of the company, who
// have some. `varve serve` asks everybody for one.

import type { Command } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import type { Catalog } from '../../database/catalog.ts'
import type { Terminal } from '../../base/terminal.ts'
import { COMPANY_DATABASES, isCompanyWanted, loadCompany } from '../demo/load.ts'
import { giveServiceTour } from '../demo/service-tour.ts'
import { isSettled, settleCompany, tokenFile } from '../demo/settle.ts'
import { giveTour } from '../demo/tour.ts'
import type { Context } from '../main.ts'
import { RemoteManagement } from '../management.ts'
import { parsePort } from '../options.ts'
import { Progress } from '../progress.ts'
import { reportError } from '../report.ts'
import { openTracing, originOption, OTLP_OPTION, startServing, SYSTEM_OPTION } from '../serving.ts'
import { SystemFolder, systemFolderOf } from '../../service/system/system-folder.ts'

type Options = {
  readonly data: string
  readonly system?: string
  readonly port: number
  readonly empty?: boolean
  readonly origin: readonly string[]
  readonly otlp?: string
}

export const DEFAULT_PORT = 8470

export function addDevCommand(program: Command, context: Context): void {
  program
    .command('dev')
    .description('serve a data folder, filled with a small company the first time, and show around')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .option('--system <folder>', SYSTEM_OPTION)
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', parsePort, DEFAULT_PORT)
    .option('--empty', 'begin without the company')
    .addOption(originOption())
    .option('--otlp <url>', OTLP_OPTION)
    .addHelpText('after', '\nExample:\n  varve dev --data ./varve-data --port 8470')
    .action((options: Options) => dev(options, context))
}

async function dev(
  { data, system: given, port, empty, origin: origins, otlp }: Options,
  context: Context,
): Promise<void> {
  const { env, terminal } = context
  const folder = given ?? systemFolderOf(data)
  await using tracing = openTracing(context, otlp, 'http')
  await using system = await SystemFolder.open(env, folder, { hasThreads: true })
  await using varve = await connectLocal(`file:${data}`, { followedFolders: [folder] })
  const { catalog } = varve
  if (empty !== true && isCompanyWanted(catalog)) await makeCompany(catalog, data, { env, terminal })
  await using server = await startServing(varve, system, {
    port,
    terminal,
    origins,
    isLocalKept: true,
    ...(tracing && { tracing }),
  })
  const url = `http://127.0.0.1:${server.port}`
  const names = catalog.firstList().map(({ name, alias }) => (alias === name ? name : `${name} ($${alias})`))
  terminal.out(`\nServing ${names.length === 0 ? 'an empty folder' : names.join(', ')} at ${url}\n`)
  const hasCompany = COMPANY_DATABASES.every((name) => catalog.list().some((info) => info.name === name))
  if (hasCompany)
    await untilItEnds(terminal, async () => {
      await giveTour({ varve, env, terminal })
      await settle({ env, terminal }, url, folder)
      await giveServiceTour({ env, terminal, url, systemFolder: folder })
    })
  terminal.out(hasCompany ? companySteps(url, folder) : firstSteps(url))
  const stopped = terminal.stopped()
  terminal.out(`\n${url} answers until you press Ctrl-C.\n`)
  await stopped
  terminal.err('\nStopping.\n')
}

/** The databases may have been changed since; the server goes on in any case. */
async function untilItEnds(terminal: Terminal, tour: () => Promise<void>): Promise<void> {
  try {
    await tour()
  } catch (error) {
    terminal.err('The tour ends here:\n')
    reportError(error, terminal)
  }
}

async function settle({ env, terminal }: Context, url: string, systemFolder: string): Promise<void> {
  if (isSettled(env, systemFolder)) return
  await using management = new RemoteManagement(env, url, {})
  await settleCompany(management, env, systemFolder)
  terminal.out(
    `   Saved its questions, who may see what, and tokens of some people: ${tokenFile(systemFolder, '')}\n\n`,
  )
}

async function makeCompany(catalog: Catalog, data: string, { env, terminal }: Context): Promise<void> {
  terminal.out(`Making a small company in ${data}: two years of customers, purchases, bills and staff.\n`)
  const progress = new Progress('Writing', terminal, env.clock)
  const { transactionCount, datomCount, foundCount } = await loadCompany(catalog, progress)
  const total = transactionCount.toLocaleString('en')
  terminal.out(
    foundCount === 0
      ? `${datomCount.toLocaleString('en')} facts in ${total} transactions, each at its own moment, durable and indexed.\n`
      : `An earlier start had stopped after ${foundCount.toLocaleString('en')} of ${total} transactions; now they are all there.\n`,
  )
}

function companySteps(url: string, systemFolder: string): string {
  return `Try next, in another terminal:

   npx varve queries list --url ${url}

   npx varve queries run bills/interest rate=0.05M --limit 8 --url ${url}

   npx varve queries run customer/of-city city=Riga --url ${url} --token "$(cat ${tokenFile(systemFolder, 'tove')})"

   npx varve q --url ${url} '[:find ?city (count ?c) :where [$cus ?c :customer/city ?city]]'

   npx varve pull --url ${url} --database purchases '[* {:purchase/article [:article/name]}]' '[:purchase/id "pur-8"]'

   curl -s ${url}/v1/query -H 'content-type: application/edn' \\
     -d '{:as-of #inst "2014-11-15" :query [:find (sum ?cents) . :where [$pur ?p :purchase/amount ?cents]]}'
`
}

function firstSteps(url: string): string {
  return `Try next, in another terminal:

   curl -s -X PUT ${url}/v1/databases/things -H 'content-type: application/json' \\
     -d '{"schema": "[{:db/ident :thing/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]"}'

   npx varve transact --url ${url} --database things '[{:thing/name "first"}]'

   npx varve q --url ${url} '[:find ?name :where [$things _ :thing/name ?name]]'
`
}
