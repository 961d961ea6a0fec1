// `varve audit`: whether the record of all questions is whole, and what one of them answers when it is asked again.

import type { Command } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { readTextFile } from '../../base/text-file.ts'
import type { Context } from '../main.ts'
import { type Json, type ManagementOptions, openManagement, withManagement } from '../management.ts'

export function addAuditCommand(program: Command, { env, terminal }: Context): void {
  const audit = program.command('audit').description('verify the record of all questions, and ask one again')
  withManagement(audit.command('verify'))
    .description('read every audit whole and see that its chain holds')
    .addHelpText('after', '\nExample:\n  varve audit verify')
    .action(async (options: ManagementOptions) => {
      await using management = await openManagement(env, options)
      const { audits } = await management.send('GET', '/v1/audit/verify')
      const reports = audits as readonly Report[]
      for (const report of reports) terminal.out(`${lineOf(report)}\n`)
      if (reports.some(({ broken }) => broken !== undefined)) throw auditBroken(reports)
    })
  withManagement(audit.command('replay'))
    .description('ask a question of the audit again, at its basis, and see whether the answer is the same')
    .argument('<id>', 'of its receipt')
    .option('--result <file>', 'the answer as JSON, or its result alone, to see which of its rows differ')
    .addHelpText('after', '\nExample:\n  varve audit replay 6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10')
    .action(async (id: string, { result, ...options }: ReplayOptions) => {
      const held = result === undefined ? {} : { result: resultIn(readTextFile(env.files, result)) }
      await using management = await openManagement(env, options)
      const { receipt } = await management.send('GET', `/v1/receipts/${encodeURIComponent(id)}`)
      const told = await management.send('POST', '/v1/receipts/replay', { receipt, ...held })
      terminal.out(told['equal'] === true ? 'The answer is the same.\n' : 'The answer is another.\n')
      for (const difference of told['differences'] as readonly Difference[])
        terminal.out(differenceText(difference))
      if (told['equal'] !== true) throw replayDiffers(id)
    })
}

type ReplayOptions = ManagementOptions & { readonly result?: string }

/** Of an answer as the service gives it, or of that alone what stands under `result`. */
function resultIn(text: string): unknown {
  const answer = JSON.parse(text) as unknown
  const isWhole = typeof answer === 'object' && answer !== null && 'receipt' in answer && 'result' in answer
  return isWhole ? answer.result : answer
}

type Difference = Json & {
  readonly field: string
  readonly missing?: readonly unknown[]
  readonly new?: readonly unknown[]
}

function differenceText(difference: Difference): string {
  const { field, receipt: then, replay: now, sent, missing, new: added } = difference
  if (field === 'result')
    return `  result: what was given has the hash ${String(sent)}, not ${String(then)}\n`
  if (field !== 'rows') return `  ${field}: ${JSON.stringify(then)} then, ${JSON.stringify(now)} now\n`
  if (missing === undefined || added === undefined) {
    const why =
      difference['untold'] === 'not-kept'
        ? 'the answer of then is not kept; give it with --result'
        : 'too long to be compared'
    return `  rows: ${why}\n`
  }
  const { missingCount, newCount } = difference
  const lines = [
    ...missing.map((row) => `    - ${JSON.stringify(row)}\n`),
    ...added.map((row) => `    + ${JSON.stringify(row)}\n`),
  ]
  return `  rows: ${String(missingCount)} only then, ${String(newCount)} only now\n${lines.join('')}`
}

type Report = {
  readonly database: string
  readonly linkCount: number
  readonly intentCount: number
  readonly unknownCount: number
  readonly hash: string
  readonly broken?: { readonly t: number; readonly seq?: number; readonly reason: string }
}

function lineOf({ database, linkCount, intentCount, unknownCount, hash, broken }: Report): string {
  const counts = `${intentCount} questions, ${linkCount} links, ${unknownCount} without an outcome`
  if (broken === undefined) return `${database}  holds: ${counts}; last hash ${hash || 'none'}`
  const { t, seq, reason } = broken
  return `${database}  BROKEN at ${seq === undefined ? '' : `link ${seq}, `}t ${t}: ${reason}`
}

function auditBroken(reports: readonly Report[]): VarveError {
  const names = reports.filter(({ broken }) => broken !== undefined).map(({ database }) => database)
  return new VarveError({
    code: 'varve.error/audit-broken',
    kind: 'conflict',
    message: `The chain of ${names.join(', ')} does not hold`,
    fix: 'Somebody changed the record: compare it with a backup, and with hashes that were kept elsewhere',
    data: { names },
  })
}

function replayDiffers(id: string): VarveError {
  return new VarveError({
    code: 'varve.error/replay-differs',
    kind: 'conflict',
    message: `The answer to ${id} is another than its receipt says`,
    fix: 'See the differences: another version or engine, a procedure that is another, or facts that were changed on disk',
    data: { id },
  })
}
