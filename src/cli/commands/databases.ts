// `varve databases`, `varve schema`, `varve delete`: what there is, what it means, and ending it.

import { type Command, Option } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import type { Edn } from '../../fact/value.ts'
import type { Context } from '../main.ts'
import { schemaSource } from '../schema-source.ts'
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
    .addOption(
      new Option('--output <format>', 'as transaction data, or as TypeScript')
        .choices(['edn', 'ts'])
        .default('edn'),
    )
    .addHelpText('after', '\nExample:\n  varve schema --database purchases --output ts > purchases.ts')
    .action(async (options: PlaceOptions & { readonly database: string; readonly output: 'edn' | 'ts' }) => {
      await using session = await openSession(env, options, true)
      const forms = await session.schema(options.database)
      if (options.output === 'edn') {
        terminal.out(`${writeEdn(forms, { pretty: true })}\n`)
        return
      }
      const found = (await session.databases()).find(
        ({ name, alias }) => name === options.database || alias === options.database,
      )
      terminal.out(schemaSource(found?.name ?? options.database, found?.alias ?? options.database, forms))
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
