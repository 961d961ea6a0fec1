// The second half of the tour: the service as whoever asks it meets it. Everything here goes over HTTP, with the tokens of
// people of the company.

import type { Env } from '../../base/env.ts'
import type { Terminal } from '../../base/terminal.ts'
import { VarveError } from '../../base/errors.ts'
import { type Edn, EdnMap, keyword } from '../../fact/value.ts'
import { formOf } from '../../service/system/entities.ts'
import type { ShownWords } from '../../client/wire.ts'
import { RemoteManagement } from '../management.ts'
import { table } from '../output.ts'
import { PEOPLE } from './people.ts'
import { COMPANY_QUESTIONS } from './questions.ts'
import { tokenOf } from './settle.ts'
import { indented } from './tour.ts'

export type ServiceTour = {
  readonly env: Env
  readonly terminal: Terminal
  readonly url: string
  /** Where the tokens of the people lie. */
  readonly systemFolder: string
}

const CITY = 'Milan'

export async function giveServiceTour(tour: ServiceTour): Promise<void> {
  await showSavedQuestion(tour)
  await showPeople(tour)
  await showReceipt(tour)
  await showFormats(tour)
  await showAudit(tour)
}

async function showSavedQuestion(tour: ServiceTour): Promise<void> {
  const { terminal } = tour
  const count = Object.keys(COMPANY_QUESTIONS).length
  const { doc } = COMPANY_QUESTIONS['bills/aging']!
  terminal.out(`4. The service keeps ${count} questions of this company under names: bills/aging. ${doc}.\n`)
  terminal.out(
    '   What counts as late is a procedure, the same for everybody who asks: finance/days-late.\n\n',
  )
  const { columns, rows, ms } = await run(tour, 'bills/aging', {})
  terminal.out(
    `${indented(table(rows, columns))}   ${rows.length} rows in ${ms.toFixed(1)} ms, over HTTP\n\n`,
  )
}

/** The same question for several people: what grants show to each, and nothing of what they do not. */
async function showPeople(tour: ServiceTour): Promise<void> {
  const { env, terminal, systemFolder } = tour
  terminal.out(`5. Who may see what. The same question, asked by five: customer/of-city city=${CITY}\n\n`)
  const words = (id: string): ShownWords => ({ token: tokenOf(env, systemFolder, id) })
  const asked: (readonly Edn[])[] = [['you', 'on this machine', ...(await found(tour, {}))]]
  for (const { id, about } of PEOPLE) asked.push([id, about, ...(await found(tour, words(id)))])
  terminal.out(`${indented(table(asked, ['who', 'is', 'rows', 'of which the first']))}\n`)
  const budget = { ...words('noor'), purpose: 'budget' }
  terminal.out('   Salaries show to noor alone, and only where she says what for: staff/salaries\n\n')
  const without = await failing(() => run(tour, 'staff/salaries', words('noor')))
  const { rows } = await run(tour, 'staff/salaries', budget)
  const answers = [
    ['--token NOOR', without ?? 'an answer'],
    ['--token NOOR --purpose budget', `${rows.length} teams, ${rowText(rows[0])} …`],
  ]
  terminal.out(`${indented(table(answers, ['asked with', 'answer']))}\n`)
}

async function showReceipt(tour: ServiceTour): Promise<void> {
  const { terminal } = tour
  terminal.out('6. Every answer has a receipt, by which anybody who may asks again, next year too.\n\n')
  const { id, rowCount, resultHash } = (await run(tour, 'sales/by-city', {})).receipt
  await using service = serviceOf(tour)
  const { receipt } = await service.send('GET', `/v1/receipts/${id}`)
  const { equal } = await service.send('POST', '/v1/receipts/replay', { receipt })
  const told = [
    ['receipt', id],
    ['result', `${rowCount} rows, ${resultHash.slice(0, 25)}…`],
    ['asked again', equal === true ? 'the same answer' : 'another answer'],
  ]
  terminal.out(`${indented(plain(told))}\n`)
}

/** What to ask for by `Accept`, and what the first bytes are. */
async function showFormats({ env, terminal, url }: ServiceTour): Promise<void> {
  terminal.out('7. The same answer as a spreadsheet, a program or pandas takes it: sales/by-city\n\n')
  const told: (readonly string[])[] = []
  for (const [name, accept] of [
    ['CSV', 'text/csv'],
    ['NDJSON', 'application/x-ndjson'],
    ['Arrow', 'application/vnd.apache.arrow.stream'],
  ] as const) {
    const response = await env.network.fetch(`${url}/v1/queries/sales%2Fby-city/run`, {
      method: 'POST',
      headers: { accept, 'content-type': 'application/json' },
      body: '{}',
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const [, second = ''] = name === 'Arrow' ? [] : bytes.toString().split(/\r?\n/)
    told.push([name, `${bytes.length.toLocaleString('en')} bytes`, second])
  }
  terminal.out(`${indented(plain(told))}\n`)
}

async function showAudit(tour: ServiceTour): Promise<void> {
  const { terminal } = tour
  terminal.out(
    '8. Who asked what: the record of all questions is a database, too. Whom did addresses show to?\n\n',
  )
  const readers = { arguments: new EdnMap([['attribute', 'customers/:customer/email']]) }
  const { columns, rows } = await run(tour, 'usage/readers', {}, readers)
  terminal.out(`${indented(table(rows, columns))}\n`)
}

type Ran = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Edn[])[]
  readonly receipt: { readonly id: string; readonly rowCount: number; readonly resultHash: string }
  readonly ms: number
}

async function run(
  tour: ServiceTour,
  name: string,
  words: ShownWords,
  fields: Readonly<Record<string, Edn>> = {},
): Promise<Ran> {
  const { clock } = tour.env
  await using service = serviceOf(tour, words)
  const fromMs = clock.monotonicMs()
  const answer = await service.ask(`/v1/queries/${encodeURIComponent(name)}/run`, formOf(fields))
  const ms = clock.monotonicMs() - fromMs
  const receipt = answer.get(keyword('receipt')) as EdnMap
  return {
    columns: (answer.get(keyword('columns')) as readonly EdnMap[]).map((each) =>
      String(each.get(keyword('name'))),
    ),
    rows: answer.get(keyword('result')) as Ran['rows'],
    receipt: {
      id: String(receipt.get(keyword('id'))),
      rowCount: receipt.get(keyword('row-count')) as number,
      resultHash: String(receipt.get(keyword('result-hash'))),
    },
    ms,
  }
}

function serviceOf({ env, url }: ServiceTour, words: ShownWords = {}): RemoteManagement {
  return new RemoteManagement(env, url, words)
}

/** How many rows a person gets, and the first of them; or why none. */
async function found(tour: ServiceTour, words: ShownWords): Promise<readonly Edn[]> {
  const city = { arguments: new EdnMap([['city', CITY]]) }
  let rows: Ran['rows'] = []
  const refused = await failing(async () => ({ rows } = await run(tour, 'customer/of-city', words, city)))
  return refused === undefined ? [rows.length, rowText(rows[0])] : [null, refused]
}

async function failing(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (error instanceof VarveError) return error.message
    throw error
  }
}

function rowText(row: readonly Edn[] | undefined): string {
  return (row ?? []).map(String).join(' | ')
}

/** Columns without a header. */
function plain(rows: readonly (readonly string[])[]): string {
  return table(rows, []).split('\n').slice(2).join('\n')
}
