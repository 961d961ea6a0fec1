// `varve audit`: whether the record of all questions is whole, and what one of them answers when it is asked again.

import type { Command } from 'commander'
import { VarveError } from '../../base/errors.ts'
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
    .addHelpText('after', '\nExample:\n  varve audit replay 6f1c0c1e-6a5b-4d38-9d0e-1c1f6b7a2f10')
    .action(async (id: string, options: ManagementOptions) => {
      await using management = await openManagement(env, options)
      const { receipt } = await management.send('GET', `/v1/receipts/${encodeURIComponent(id)}`)
      const { equal, differences } = await management.send('POST', '/v1/receipts/replay', { receipt })
      if (equal === true) terminal.out('The answer is the same.\n')
      else terminal.out('The answer is another.\n')
      for (const { field, receipt: then, replay: now } of differences as readonly Json[])
        terminal.out(`  ${String(field)}: ${JSON.stringify(then)} then, ${JSON.stringify(now)} now\n`)
      if (equal !== true) throw replayDiffers(id)
    })
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
