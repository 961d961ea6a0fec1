// `varve procedures`: functions that are stored in the service, and called by questions and transactions.

import { type Command, Option } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { formFromData } from '../../fact/json-form.ts'
import { PROCEDURE_KINDS } from '../../procedures/procedure.ts'
import type { Context } from '../main.ts'
import { type Json, type ManagementOptions, openManagement, withManagement } from '../management.ts'
import { outputFormat, readWords, withOutput } from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'

type SaveOptions = ManagementOptions & {
  readonly kind?: string
  readonly parameter: readonly string[]
  readonly returns?: string
  readonly language?: string
  readonly doc?: string
}

export function addProceduresCommand(program: Command, { env, terminal }: Context): void {
  const procedures = program
    .command('procedures')
    .description('store functions that questions and transactions call')
  withManagement(procedures.command('save'))
    .description('store a procedure, as the next version of its name')
    .argument('<name>', 'with a namespace, as finance/days-late')
    .argument('<source>', 'a function as text, or @file')
    .addOption(new Option('--kind <kind>', 'what calls it (default: function)').choices(PROCEDURE_KINDS))
    .option('--parameter <parameter...>', 'written name:type; name?:type may be left out by callers', [])
    .option('--returns <type>', 'the type of its result')
    .addOption(
      new Option('--language <language>', 'of the source (default: typescript)').choices([
        'typescript',
        'javascript',
      ]),
    )
    .option('--doc <text>', 'what it does')
    .addHelpText(
      'after',
      "\nExample:\n  varve procedures save shop/with-tax '(cents: number) => Math.round(cents * 1.2)' --parameter cents:long --returns long",
    )
    .action(
      async (
        name: string,
        source: string,
        { kind, parameter, returns, language, doc, ...options }: SaveOptions,
      ) => {
        const body = {
          source: readWords(env, source).text,
          kind,
          parameters: parameter.map(pairOf),
          returns,
          language,
          doc,
        }
        await using management = await openManagement(env, options)
        const saved = await management.send('PUT', `/v1/procedures/${encodeURIComponent(name)}`, body)
        terminal.err(`${name} is stored as version ${String(saved['version'])}, ${String(saved['hash'])}.\n`)
      },
    )
  withOutput(withManagement(procedures.command('list')))
    .description('list the procedures')
    .addHelpText('after', '\nExample:\n  varve procedures list')
    .action(async (options: ManagementOptions & { readonly output?: OutputFormat }) => {
      await using management = await openManagement(env, options)
      const answer = await management.send('GET', '/v1/procedures')
      const columns = ['name', 'version', 'kind', 'returns', 'doc', 'savedBy']
      const rows = (answer['procedures'] as readonly Json[]).map((each) =>
        columns.map((column) => formFromData(each[column] ?? null, 'value')),
      )
      terminal.out(formatResult(rows, columns, outputFormat(options.output, terminal)))
    })
  withManagement(procedures.command('show'))
    .description('show the source of a procedure')
    .argument('<name>', 'its name; name#2 for a version of it')
    .addHelpText('after', '\nExample:\n  varve procedures show finance/days-late')
    .action(async (words: string, options: ManagementOptions) => {
      const [name, version] = words.split('#') as [string, string?]
      await using management = await openManagement(env, options)
      const answer = await management.send('GET', `/v1/procedures/${encodeURIComponent(name)}`)
      const versions = answer['versions'] as readonly Json[]
      const shown =
        version === undefined ? versions.at(-1) : versions.find((each) => String(each['version']) === version)
      if (shown === undefined) throw versionMissing(name, version, versions.length)
      terminal.out(`${String(shown['source'])}\n`)
    })
}

function pairOf(words: string): readonly [string, string] {
  const at = words.lastIndexOf(':')
  return at < 0 ? [words, 'any'] : [words.slice(0, at), words.slice(at + 1)]
}

function versionMissing(name: string, version: string | undefined, count: number): VarveError {
  return new VarveError({
    code: 'varve.error/version-unknown',
    kind: 'not-found',
    message: `The procedure ${name} has no version ${version ?? ''}`,
    fix: `It has ${count}`,
    data: { name, version, count },
  })
}
