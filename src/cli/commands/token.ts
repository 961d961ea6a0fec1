// `varve token`: who may ask the service. Tokens are made, listed and taken back; the text of one is shown this once.

import { type Command, Option } from 'commander'
import { SCOPES } from '../../access/caller.ts'
import { formFromData } from '../../fact/json-form.ts'
import type { Context } from '../main.ts'
import { type Json, type ManagementOptions, openManagement, withManagement } from '../management.ts'
import { outputFormat, withOutput } from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'

type CreateOptions = ManagementOptions & {
  readonly scope: readonly string[]
  readonly role: readonly string[]
  readonly expires?: string
  readonly limit: readonly string[]
}

export function addTokenCommand(program: Command, { env, terminal }: Context): void {
  const token = program.command('token').description('make, list and revoke tokens of the service')
  withManagement(token.command('create'))
    .description('make a token; its text is shown this once')
    .argument('<caller>', 'who will ask with it')
    .addOption(new Option('--scope <scope...>', 'what it opens').choices(SCOPES).default(['query']))
    .option('--role <role...>', 'roles of the caller, for grants', [])
    .option(
      '--limit <limit...>',
      'what it may have less of than others, as timeoutMs=5000 or scan.concurrency=2',
      [],
    )
    .option('--expires <instant>', 'from then on it opens nothing')
    .addHelpText('after', '\nExample:\n  varve token create ada --scope query --role finance')
    .action(async (caller: string, options: CreateOptions) => {
      const { scope: scopes, role: roles, expires: expiresAt } = options
      const limits = Object.fromEntries(options.limit.map((words) => limitOf(words)))
      await using management = await openManagement(env, options)
      const made = await management.send('POST', '/v1/tokens', { caller, scopes, roles, limits, expiresAt })
      terminal.out(`${String(made['token'])}\n`)
      terminal.err(`Token ${String(made['id'])} of ${caller}. It is shown this once: keep it.\n`)
      terminal.err(`What ${caller} sees is what grants say: varve grant create ${caller} DATABASE '*'\n`)
    })
  withOutput(withManagement(token.command('list')))
    .description('list the tokens')
    .addHelpText('after', '\nExample:\n  varve token list')
    .action(async (options: ManagementOptions & { readonly output?: OutputFormat }) => {
      await using management = await openManagement(env, options)
      const { tokens } = await management.send('GET', '/v1/tokens')
      const columns = ['id', 'caller', 'scopes', 'roles', 'createdAt', 'expiresAt', 'revokedAt']
      const rows = (tokens as readonly Json[]).map((each) =>
        columns.map((column) => formFromData(each[column] ?? null, 'value')),
      )
      terminal.out(formatResult(rows, columns, outputFormat(options.output, terminal)))
    })
  withManagement(token.command('revoke'))
    .description('take a token back')
    .argument('<id>', 'as the list shows it')
    .addHelpText('after', '\nExample:\n  varve token revoke 5f0c6a5b4d389d0e')
    .action(async (id: string, options: ManagementOptions) => {
      await using management = await openManagement(env, options)
      await management.send('DELETE', `/v1/tokens/${encodeURIComponent(id)}`)
      terminal.err(`Token ${id} opens nothing any more.\n`)
    })
}

/** What is no number is told by the service, which knows the names, too. */
function limitOf(words: string): readonly [string, number | string] {
  const [name = '', count = ''] = words.split('=', 2)
  return [name, /^\d+$/.test(count) ? Number(count) : count]
}
