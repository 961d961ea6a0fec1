// `varve grant`: who may see what of which database.

import { type Command, Option } from 'commander'
import { MASK_NAMES } from '../../database/mask.ts'
import { formFromData } from '../../fact/json-form.ts'
import type { Context } from '../main.ts'
import { type Json, type ManagementOptions, openManagement, withManagement } from '../management.ts'
import { outputFormat, readWords, withOutput } from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'

type CreateOptions = Omit<ManagementOptions, 'purpose'> & {
  readonly rows?: string
  readonly mask?: string
  readonly purpose?: readonly string[]
}

export function addGrantCommand(program: Command, { env, terminal }: Context): void {
  const grant = program.command('grant').description('let callers of the service see something')
  withManagement(grant.command('create'))
    .description('let somebody see attributes of a database')
    .argument('<principal>', 'a caller, role:NAME, or * for everybody')
    .argument('<database>', 'name or alias')
    .argument('<attributes...>', ':namespace/name, :namespace/* or *')
    .option('--rows <rules>', 'rules, or @file, with (visible ?e) or (visible ?e ?caller): of which entities')
    .addOption(new Option('--mask <mask>', 'what shows in the place of values').choices(MASK_NAMES))
    .option('--purpose <purpose...>', 'purposes for which it holds; any where left out')
    .addHelpText(
      'after',
      "\nExample:\n  varve grant create role:finance purchases ':purchase/*' --purpose billing",
    )
    .action(
      async (
        principal: string,
        database: string,
        attributes: readonly string[],
        { rows, mask, purpose: purposes, ...options }: CreateOptions,
      ) => {
        const rowRule = rows === undefined ? undefined : readWords(env, rows).text
        await using management = await openManagement(env, options)
        const body = { principal, database, attributes, rowRule, mask, purposes }
        const { id } = await management.send('POST', '/v1/grants', body)
        terminal.out(`${String(id)}\n`)
      },
    )
  withOutput(withManagement(grant.command('list')))
    .description('list the grants')
    .addHelpText('after', '\nExample:\n  varve grant list')
    .action(async (options: ManagementOptions & { readonly output?: OutputFormat }) => {
      await using management = await openManagement(env, options)
      const { grants } = await management.send('GET', '/v1/grants')
      const columns = [
        'id',
        'principal',
        'database',
        'attributes',
        'rowRule',
        'mask',
        'purposes',
        'createdBy',
      ]
      const rows = (grants as readonly Json[]).map((each) =>
        columns.map((column) => formFromData(each[column] ?? null, 'value')),
      )
      terminal.out(formatResult(rows, columns, outputFormat(options.output, terminal)))
    })
  withManagement(grant.command('remove'))
    .description('take a grant back')
    .argument('<id>', 'as the list shows it')
    .addHelpText('after', '\nExample:\n  varve grant remove 5f0c6a5b4d389d0e')
    .action(async (id: string, options: ManagementOptions) => {
      await using management = await openManagement(env, options)
      await management.send('DELETE', `/v1/grants/${encodeURIComponent(id)}`)
      terminal.err(`Grant ${id} shows nothing any more.\n`)
    })
}
