// `varve dev`, which is `npm start`: a folder with a small company in it, a server, and a tour. A second start
// opens what is there.

import type { Command } from 'commander'
import { connectLocal } from '../../api/connect.ts'
import { startServer } from '../../service/server.ts'
import { loadCompany } from '../demo/load.ts'
import { giveTour } from '../demo/tour.ts'
import type { Context } from '../main.ts'
import { parsePort } from '../options.ts'
import { Progress } from '../progress.ts'
import { reportError } from '../report.ts'

type Options = { readonly data: string; readonly port: number; readonly empty?: boolean }

const COMPANY = ['customers', 'purchases', 'bills']

export function addDevCommand(program: Command, { env, terminal }: Context): void {
  program
    .command('dev')
    .description('serve a data folder, filled with a small company the first time, and show around')
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', parsePort, 8470)
    .option('--empty', 'begin without the company')
    .addHelpText('after', '\nExample:\n  varve dev --data ./varve-data --port 8470')
    .action(async ({ data, port, empty }: Options) => {
      await using varve = await connectLocal(`file:${data}`)
      const { catalog, runner } = varve
      if (catalog.list().length === 0 && empty !== true) {
        terminal.out(`Making a small company in ${data}: two years of customers, purchases and bills.\n`)
        const progress = new Progress('Writing', terminal, env.clock)
        const { transactionCount, datomCount } = await loadCompany(catalog, progress)
        terminal.out(
          `${datomCount.toLocaleString('en')} facts in ${transactionCount.toLocaleString('en')} transactions, each at its own moment, durable and indexed.\n`,
        )
      }
      const hasCompany = COMPANY.every((name) => catalog.list().some((info) => info.name === name))
      for (const { name } of catalog.list()) await catalog.connection(name)
      await using server = await startServer({
        catalog,
        runner,
        port,
        onFault: (error) => reportError(error, terminal),
      })
      const url = `http://127.0.0.1:${server.port}`
      terminal.out(`\nServing ${catalog.list().length} databases of ${data} at ${url}\n`)
      if (hasCompany) await giveTour({ varve, env, terminal })
      terminal.out(nextSteps(url, hasCompany))
      await terminal.stopped()
      terminal.err('\nStopping.\n')
    })
}

function nextSteps(url: string, hasCompany: boolean): string {
  if (!hasCompany) {
    return `\nTry next, in another terminal:\n   curl -X PUT ${url}/v1/databases/things -H 'content-type: application/json' -d '{}'\n   npx varve databases --url ${url}\n   npx varve --help\n`
  }
  return `Try next, in another terminal:
   npx varve q --url ${url} '[:find ?city (count ?c) :where [$cus ?c :customer/city ?city]]'
   npx varve pull --url ${url} --database purchases '[*]' '[:purchase/id "pur-8"]'
   curl -s ${url}/v1/query -H 'content-type: application/edn' -d '{:query [:find (sum ?a) . :where [$pur ?p :purchase/amount ?a]]}'

${url} serves until you press Ctrl-C.
`
}
