// `varve databases`, `varve schema`, `varve delete`: what there is, what it means, and ending it.

import type { Command } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import type { Edn } from '../../fact/value.ts'
import type { Context } from '../main.ts'
import { openSession, outputFormat, type PlaceOptions, withOutput, withPlace } from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'

export function addDatabasesCommand(program: Command, { env, terminal }: Context): void {
  withOutput(withPlace(program.command('databases')))
    .description('list the databases')
    .addHelpText('after', '\nExample:\n  varve databases')
    .action(async (options: PlaceOptions & { readonly output?: OutputFormat }) => {
      await using session = await openSession(env, options, true)
      const rows = (await session.databases()).map(({ name, alias, basisT }): readonly Edn[] => [
        name,
        alias,
        basisT,
      ])
      terminal.out(formatResult(rows, ['name', 'alias', 't'], outputFormat(options.output, terminal)))
    })
}

export function addSchemaCommand(program: Command, { env, terminal }: Context): void {
  withPlace(program.command('schema'))
    .description('show the schema of a database')
    .requiredOption('--database <name>', 'the database')
    .addHelpText('after', '\nExample:\n  varve schema --database purchases')
    .action(async (options: PlaceOptions & { readonly database: string }) => {
      await using session = await openSession(env, options, true)
      terminal.out(`${writeEdn(await session.schema(options.database), { pretty: true })}\n`)
    })
}

export function addDeleteCommand(program: Command, { env, terminal }: Context): void {
  withPlace(program.command('delete'))
    .description('delete a database for ever')
    .argument('<name>', 'name or alias')
    .option('--yes', 'really')
    .addHelpText('after', '\nExample:\n  varve delete purchases --yes')
    .action(async (name: string, options: PlaceOptions & { readonly yes?: boolean }) => {
      if (options.yes !== true) throw deletionUnconfirmed(name)
      await using session = await openSession(env, options, false)
      await session.delete(name)
      terminal.err(`Database ${name} is gone.\n`)
    })
}

function deletionUnconfirmed(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/usage',
    kind: 'incorrect',
    message: `Deleting ${name} is for ever and was not confirmed`,
    fix: `Say it: varve delete ${name} --yes`,
    data: { name },
  })
}
