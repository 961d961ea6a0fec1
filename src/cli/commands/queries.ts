// `varve queries`: queries that are saved under names, run by them, and held to what they must answer.

import type { Command } from 'commander'
import { VarveError } from '../../base/errors.ts'
import { formFromData } from '../../fact/json-form.ts'
import { type Edn, EdnMap, keyword } from '../../fact/value.ts'
import { formOf } from '../../service/system/entities.ts'
import type { Context } from '../main.ts'
import {
  type Json,
  type Management,
  type ManagementOptions,
  openManagement,
  withManagement,
} from '../management.ts'
import {
  outputFormat,
  parseArgument,
  parseCount,
  parseMoment,
  purposeOption,
  readWords,
  withOutput,
} from '../options.ts'
import { formatResult, type OutputFormat } from '../output.ts'

type OutputOptions = ManagementOptions & { readonly output?: OutputFormat }
type SaveOptions = ManagementOptions & {
  readonly rules?: string
  readonly database?: string
  readonly parameter: readonly string[]
  readonly doc?: string
  readonly owner?: string
  readonly tag?: readonly string[]
  readonly note?: string
}
type RunOptions = OutputOptions & {
  readonly asOf?: Date | number
  readonly limit?: number
}

export function addQueriesCommand(program: Command, { env, terminal }: Context): void {
  const queries = program.command('queries').description('save queries under names, run and check them')
  const managed = async <Result>(
    options: ManagementOptions,
    work: (management: Management) => Promise<Result>,
  ): Promise<Result> => {
    await using management = await openManagement(env, options)
    return await work(management)
  }

  withManagement(queries.command('save'))
    .description('save a query, or a new version of one')
    .argument('<name>', 'its name')
    .argument('<query>', 'EDN text, or @file')
    .option('--rules <rules>', 'its rules: EDN text, or @file')
    .option('--database <name>', 'the database that $ means')
    .option('--parameter <parameter...>', 'of its inputs, written name:type or name:type=default', [])
    .option('--doc <text>', 'what it answers')
    .option('--owner <name>', 'who answers for it')
    .option('--tag <tag...>', 'words by which it is found')
    .option('--note <text>', 'what is new in this version')
    .addHelpText(
      'after',
      "\nExample:\n  varve queries save price '[:find ?p . :in $ ?id :where [?i :item/id ?id] [?i :item/price ?p]]' --database shop --parameter id:string",
    )
    .action(async (name: string, query: string, options: SaveOptions) => {
      const { rules, database, doc, owner, tag: tags, note } = options
      const body = {
        query: readWords(env, query).text,
        rules: rules === undefined ? undefined : readWords(env, rules).text,
        parameters: options.parameter.map(parameterOf),
        database,
        doc,
        owner,
        tags,
        note,
      }
      const saved = await managed(options, (management) => management.send('PUT', pathOf(name), body))
      const { version } = (saved['versions'] as readonly Json[]).at(-1)!
      terminal.err(`${name} is saved; its newest version is ${String(version)}.\n`)
    })

  withOutput(withManagement(queries.command('list')))
    .description('list the saved queries')
    .option('--tag <tag>', 'only those with this tag')
    .addHelpText('after', '\nExample:\n  varve queries list --tag billing')
    .action(async ({ tag, ...options }: OutputOptions & { readonly tag?: string }) => {
      const search = tag === undefined ? '' : `?tag=${encodeURIComponent(tag)}`
      const answer = await managed(options, (management) => management.send('GET', `/v1/queries${search}`))
      const columns = ['name', 'version', 'doc', 'owner', 'tags']
      const rows = (answer['queries'] as readonly Json[]).map((each) =>
        columns.map((column) => formFromData(each[column] ?? null, 'value')),
      )
      terminal.out(formatResult(rows, columns, outputFormat(options.output, terminal)))
    })

  withManagement(queries.command('show'))
    .description('show a saved query: its newest text, its parameters, its versions')
    .argument('<name>', 'its name')
    .addHelpText('after', '\nExample:\n  varve queries show price')
    .action(async (name: string, options: ManagementOptions) => {
      const query = await managed(options, (management) => management.send('GET', pathOf(name)))
      terminal.out(shownQuery(query as unknown as Shown))
    })

  withOutput(withManagement(queries.command('run')).addOption(purposeOption()))
    .description('run a saved query; arguments are written name=value')
    .argument('<name>', 'its name; name@2 for a version of it')
    .argument('[arguments...]', 'name=value; a value is EDN, a bare word is a string')
    .option('--as-of <moment>', 'an instant or a t', parseMoment)
    .option('--limit <n>', 'keep the first n rows', parseCount)
    .addHelpText('after', '\nExample:\n  varve queries run price id=tea --as-of 2014-11-15')
    .action(async (named: string, words: readonly string[], options: RunOptions) => {
      const { asOf, limit } = options
      const [name, number] = named.split('@') as [string, string?]
      const version = number === undefined ? undefined : Number(number)
      if (Number.isNaN(version)) throw argumentMalformed(named, 'Write name@2 for its second version')
      const body = formOf({ arguments: new EdnMap(words.map(argumentOf)), version, 'as-of': asOf, limit })
      const answer = await managed(options, (management) => management.ask(`${pathOf(name)}/run`, body))
      const columns = (answer.get(keyword('columns')) ?? []) as readonly EdnMap[]
      const names = columns.map((column) => String(column.get(keyword('name'))))
      const result = answer.get(keyword('result')) ?? null
      terminal.out(formatResult(result, names, outputFormat(options.output, terminal)))
      if (answer.get(keyword('truncated')) === true) terminal.err('The answer was cut at the limit.\n')
    })

  withManagement(queries.command('expect'))
    .description('pin what a saved query answers now, so that `check` sees when that changes')
    .argument('<name>', 'its name')
    .argument('<expectation>', 'a name for what it must answer')
    .argument('[arguments...]', 'name=value')
    .addHelpText('after', '\nExample:\n  varve queries expect price tea-costs-450 id=tea')
    .action(
      async (name: string, expectation: string, words: readonly string[], options: ManagementOptions) => {
        const given = Object.fromEntries(words.map((word) => argumentOf(word)))
        const path = `${pathOf(name)}/expectations/${encodeURIComponent(expectation)}`
        const query = await managed(options, (management) =>
          management.send('PUT', path, { arguments: given }),
        )
        const made = (query['expectations'] as readonly Json[]).find((each) => each['name'] === expectation)!
        terminal.err(`${name} must answer ${String(made['rowCount'])} rows, ${String(made['resultHash'])}.\n`)
      },
    )

  withManagement(queries.command('check'))
    .description('ask what a saved query must answer, each at its basis')
    .argument('<name>', 'its name')
    .addHelpText('after', '\nExample:\n  varve queries check price')
    .action(async (name: string, options: ManagementOptions) => {
      const answer = await managed(options, (management) =>
        management.send('POST', `${pathOf(name)}/check`, {}),
      )
      for (const check of answer['checks'] as readonly Json[]) terminal.out(`${lineOf(check)}\n`)
      if (answer['holds'] !== true) throw expectationsFail(name)
    })

  withManagement(queries.command('diff'))
    .description('show the lines in which two versions differ')
    .argument('<name>', 'its name')
    .option('--from <n>', 'the one before the newest if left out', parseCount)
    .option('--to <n>', 'the newest if left out', parseCount)
    .addHelpText('after', '\nExample:\n  varve queries diff price --from 1 --to 3')
    .action(
      async (name: string, options: ManagementOptions & { readonly from?: number; readonly to?: number }) => {
        const search = new URLSearchParams()
        for (const end of ['from', 'to'] as const)
          if (options[end] !== undefined) search.set(end, String(options[end]))
        const path = `${pathOf(name)}/difference?${search}`
        const { lines } = await managed(options, (management) => management.send('GET', path))
        terminal.out(`${(lines as readonly string[]).join('\n')}\n`)
      },
    )

  withManagement(queries.command('retire'))
    .description('end a saved query; what it was stays')
    .argument('<name>', 'its name')
    .addHelpText('after', '\nExample:\n  varve queries retire price')
    .action(async (name: string, options: ManagementOptions) => {
      await managed(options, (management) => management.send('DELETE', pathOf(name)))
      terminal.err(`${name} is not run any more.\n`)
    })
}

function pathOf(name: string): string {
  return `/v1/queries/${encodeURIComponent(name)}`
}

/** `id:string=tea`, `id:string`, `id`. */
function parameterOf(words: string): Json {
  const [, name, type = 'any', given] = /^([^:=]+)(?::([^=]+))?(?:=([\s\S]*))?$/.exec(words) ?? []
  if (name === undefined) throw argumentMalformed(words, 'Write name:type, or name:type=default')
  return { name, type, ...(given !== undefined && { default: given }) }
}

function argumentOf(words: string): readonly [string, Edn] {
  const at = words.indexOf('=')
  if (at <= 0) throw argumentMalformed(words, 'Write name=value, as in id=tea')
  return [words.slice(0, at), parseArgument(words.slice(at + 1))]
}

type Shown = {
  readonly name: string
  readonly doc?: string
  readonly owner: string
  readonly versions: readonly {
    readonly version: number
    readonly text: string
    readonly savedAt: unknown
    readonly savedBy: string
    readonly note?: string
    readonly parameters: readonly {
      readonly name: string
      readonly type: string
      readonly doc?: string
      readonly default?: unknown
    }[]
  }[]
}

function shownQuery({ name, doc, owner, versions }: Shown): string {
  const { text, parameters } = versions.at(-1)!
  const asked = parameters.map((each) => {
    const otherwise = each.default === undefined ? '' : ` = ${JSON.stringify(each.default)}`
    return `  ${each.name}: ${each.type}${otherwise}${behind(each.doc)}\n`
  })
  const told = versions.map(
    ({ version, savedAt, savedBy, note }) =>
      `  ${version}  ${instantText(savedAt)}  ${savedBy}${behind(note)}\n`,
  )
  return [
    `${name}${behind(doc)}\nowner ${owner}\n\n${text}\n`,
    asked.length === 0 ? '' : `\nparameters\n${asked.join('')}`,
    `\nversions\n${told.join('')}`,
  ].join('')
}

function behind(text: string | undefined): string {
  return text === undefined ? '' : `  ${text}`
}

function instantText(value: unknown): string {
  return typeof value === 'object' && value !== null && '#inst' in value
    ? String(value['#inst'])
    : String(value)
}

function lineOf({ name, holds, expected, found, error }: Json): string {
  if (holds === true) return `holds  ${String(name)}`
  if (error !== undefined) return `FAILS  ${String(name)}: ${String((error as Json)['message'])}`
  const [wanted, got] = [expected as Json, found as Json]
  return `FAILS  ${String(name)}: ${String(wanted['rowCount'])} rows ${String(wanted['resultHash'])} expected, ${String(got['rowCount'])} rows ${String(got['resultHash'])} found`
}

function argumentMalformed(words: string, fix: string): VarveError {
  return new VarveError({
    code: 'varve.error/argument-malformed',
    kind: 'incorrect',
    message: `${words} is no argument`,
    fix,
    data: { words },
  })
}

function expectationsFail(name: string): VarveError {
  return new VarveError({
    code: 'varve.error/expectations-fail',
    kind: 'conflict',
    message: `The query ${name} does not answer what it must`,
    fix: 'Compare the versions (varve queries diff), or pin what it answers now (varve queries expect)',
    data: { name },
  })
}
