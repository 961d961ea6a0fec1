// The tour that `varve dev` gives: questions that really run over the company's databases, with their answers
// and how long they took.

import { type LocalVarve } from '../../api/varve.ts'
import { viewsOf } from '../../database/views.ts'
import { readEdn } from '../../fact/edn-reader.ts'
import type { Env } from '../../base/env.ts'
import { shapeAnswer } from '../../engine/shape.ts'
import type { Edn } from '../../fact/value.ts'
import { requestParts } from '../../query/parsed.ts'
import { ask } from '../../query/ask.ts'
import { atMoment } from '../../query/moment.ts'
import { table } from '../output.ts'
import type { Terminal } from '../../base/terminal.ts'

const PURCHASES_OF_A_CUSTOMER = `[:find ?name ?bought ?amount ?status
 :in ?purchase-id
 :where [$pur ?p :purchase/id ?purchase-id]
        [$pur ?p :purchase/customer-id ?customer-id]
        [$cus ?c :customer/id ?customer-id]
        [$cus ?c :customer/name ?name]
        [$pur ?other :purchase/customer-id ?customer-id]
        [$pur ?other :purchase/id ?bought]
        [$pur ?other :purchase/amount ?amount]
        [$pur ?other :purchase/bill-id ?bill-id]
        [$bil ?b :bill/id ?bill-id]
        [$bil ?b :bill/status ?s]
        [$bil ?s :db/ident ?status]
 :limit 6]`

const HISTORY_OF_A_NAME = `[:find ?when ?name ?added ?who ?why
 :in $h
 :where [$cus ?tx :audit/reason "name was mistyped"]
        [(get-else $cus ?tx :audit/reason "") ?ignored]
        [$h ?c :customer/name ?name ?tx2 ?added]
        [$h ?c :customer/name _ ?tx false]
        [$cus ?tx2 :db/txInstant ?when]
        [$cus ?tx2 :audit/user ?who]
        [(get-else $cus ?tx2 :audit/reason "") ?why]]`

const STATUS_OF_BILLS = `SELECT s.v AS status, count(*) AS bills, sum(a.v) / 100 AS euros
FROM bills."bill/status" b JOIN bills."db/ident" s ON s.e = b.v JOIN bills."bill/amount" a ON a.e = b.e
GROUP BY ALL ORDER BY bills DESC`

export type TourContext = { readonly varve: LocalVarve; readonly env: Env; readonly terminal: Terminal }

export async function giveTour(context: TourContext): Promise<void> {
  const { terminal } = context
  const past = new Date('2014-11-15T13:37:42Z')
  terminal.out('\n1. What did the customer of purchase pur-8 buy? Three databases, one question.\n\n')
  terminal.out(`${indented(PURCHASES_OF_A_CUSTOMER)}\n\n`)
  terminal.out(`   as of ${past.toISOString()}:\n`)
  await show(context, PURCHASES_OF_A_CUSTOMER, ['pur-8'], past)
  terminal.out('   now:\n')
  await show(context, PURCHASES_OF_A_CUSTOMER, ['pur-8'], undefined)
  await showHistory(context)
  await showDuckdb(context)
}

async function show(
  { varve, env, terminal }: TourContext,
  text: string,
  args: readonly Edn[],
  asOf: Date | undefined,
): Promise<void> {
  const fromMs = env.clock.monotonicMs()
  const parts = requestParts(readEdn(text).value, undefined)
  const sourceNamed = (name: string) => atMoment(varve.catalog, name, asOf === undefined ? {} : { asOf })
  const asked = await ask(
    { query: parts.query, args: args.map((value) => ({ kind: 'value', value })), sourceNamed },
    varve.runner,
  )
  const ms = env.clock.monotonicMs() - fromMs
  const rows = shapeAnswer(asked.query, asked.answer) as readonly (readonly Edn[])[]
  const header = asked.answer.columns.map(({ name }) => name)
  terminal.out(`${indented(table(rows, header))}   ${rows.length} rows, ${ms.toFixed(1)} ms\n\n`)
}

async function showHistory({ varve, env, terminal }: TourContext): Promise<void> {
  terminal.out('2. One value through time, and who wrote it: a name that was mistyped.\n\n')
  const fromMs = env.clock.monotonicMs()
  const present = await atMoment(varve.catalog, 'customers', {})
  const asked = await ask(
    {
      query: readEdn(HISTORY_OF_A_NAME).value,
      args: [{ kind: 'database', value: present.history() }],
      sourceNamed: (name) => atMoment(varve.catalog, name, {}),
    },
    varve.runner,
  )
  const ms = env.clock.monotonicMs() - fromMs
  const rows = (shapeAnswer(asked.query, asked.answer) as readonly (readonly Edn[])[]).slice(0, 3)
  terminal.out(
    `${indented(
      table(
        rows,
        asked.answer.columns.map(({ name }) => name),
      ),
    )}   ${ms.toFixed(1)} ms\n\n`,
  )
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
    `${indented(STATUS_OF_BILLS)}\n\n${indented(table(rows, columns))}   ${ms.toFixed(1)} ms, views included\n\n`,
  )
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '   ')
}
