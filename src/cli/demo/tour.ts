// The first half of the tour that `varve dev` gives: questions that really run over the company's databases, with their
// answers and how long they took. It follows one customer. The second half, over HTTP, is service-tour.ts.

import { type LocalVarve } from '../../api/varve.ts'
import { viewsOf } from '../../database/views.ts'
import type { Env } from '../../base/env.ts'
import { shapeAnswer } from '../../engine/shape.ts'
import type { Edn } from '../../fact/value.ts'
import { type AskArgument, ask } from '../../query/ask.ts'
import { atMoment, momentSources } from '../../query/moment.ts'
import { table } from '../output.ts'
import type { Terminal } from '../../base/terminal.ts'
import { CUSTOMER_ID, THEN } from './moments.ts'
import { PURCHASES_OF_A_CUSTOMER } from './questions.ts'

const HISTORY_OF_A_NAME = `[:find ?when ?name ?added ?who ?why
 :in $history ?customer-id
 :where [$cus ?c :customer/id ?customer-id]
        [$history ?c :customer/name ?name ?tx ?added]
        [$cus ?tx :db/txInstant ?when]
        [$cus ?tx :audit/user ?who]
        [(get-else $cus ?tx :audit/reason "") ?why]]`

const STATUS_OF_BILLS = `SELECT s.v AS status, count(*) AS bills, sum(a.v) / 100 AS euros
FROM bills."bill/status" b JOIN bills."db/ident" s ON s.e = b.v JOIN bills."bill/amount" a ON a.e = b.e
GROUP BY ALL ORDER BY bills DESC`

export type TourContext = { readonly varve: LocalVarve; readonly env: Env; readonly terminal: Terminal }

export async function giveTour(context: TourContext): Promise<void> {
  await showPurchases(context)
  await showHistory(context)
  await showDuckdb(context)
}

async function showPurchases(context: TourContext): Promise<void> {
  const { terminal } = context
  terminal.out(
    `\n1. What has customer ${CUSTOMER_ID} bought, and is it paid? Three databases, one question.\n\n`,
  )
  terminal.out(`${indented(PURCHASES_OF_A_CUSTOMER)}\n\n`)
  const args: readonly AskArgument[] = [{ kind: 'value', value: CUSTOMER_ID }]
  terminal.out(`   As it was known on ${THEN.toISOString().slice(0, 10)}:\n\n`)
  await showAnswer(context, PURCHASES_OF_A_CUSTOMER, args, THEN)
  terminal.out('   Now:\n\n')
  await showAnswer(context, PURCHASES_OF_A_CUSTOMER, args)
}

async function showHistory(context: TourContext): Promise<void> {
  const { varve, terminal } = context
  terminal.out(
    `2. One value through time: the name of ${CUSTOMER_ID} had been misspelled. Who wrote it, who put it right, and why?\n\n`,
  )
  terminal.out(`${indented(HISTORY_OF_A_NAME)}\n\n`)
  const present = await atMoment(varve.catalog, 'customers', {})
  await showAnswer(context, HISTORY_OF_A_NAME, [
    { kind: 'database', value: present.history() },
    { kind: 'value', value: CUSTOMER_ID },
  ])
}

async function showAnswer(
  { varve, env, terminal }: TourContext,
  query: string,
  args: readonly AskArgument[],
  asOf?: Date,
): Promise<void> {
  const fromMs = env.clock.monotonicMs()
  const sourceNamed = momentSources(varve.catalog, asOf === undefined ? {} : { asOf })
  const asked = await ask({ query, args, sourceNamed }, varve.runner)
  const ms = env.clock.monotonicMs() - fromMs
  const rows = shapeAnswer(asked.query, asked.answer) as readonly (readonly Edn[])[]
  const header = asked.answer.columns.map(({ name }) => name)
  terminal.out(`${indented(table(rows, header))}   ${rows.length} rows in ${ms.toFixed(1)} ms\n\n`)
}

async function showDuckdb({ varve, env, terminal }: TourContext): Promise<void> {
  terminal.out('3. The same files, opened by DuckDB as they lie.\n\n')
  let runSql
  try {
    ;({ runSql } = await import('../../adapter/duckdb/run-sql.ts'))
  } catch {
    terminal.out('   @duckdb/node-api is not installed here, so this part is left out.\n\n')
    return
  }
  const views = await viewsOf(varve.catalog)
  const fromMs = env.clock.monotonicMs()
  const { columns, rows } = await runSql(views, STATUS_OF_BILLS)
  const ms = env.clock.monotonicMs() - fromMs
  terminal.out(
    `${indented(STATUS_OF_BILLS)}\n\n${indented(table(rows, columns))}   ${rows.length} rows in ${ms.toFixed(1)} ms, views included\n\n`,
  )
}

export function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '   ')
}
