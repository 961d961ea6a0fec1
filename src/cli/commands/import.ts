// `varve import FILE`: CSV, JSON lines and Parquet into a database. Reads the file once to learn what it holds, shows
// what it will do, and does it; started again, it goes on where it stopped.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { sha256Hex } from '../../base/checksum.ts'
import type { Env } from '../../base/env.ts'
import type { Warning } from '../../base/errors.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { entityNameOf } from '../../etl/column-names.ts'
import { RowConverter } from '../../etl/convert-rows.ts'
import { declined, rowsRejected } from '../../etl/errors.ts'
import {
  type ColumnOptions,
  type ImportOptions,
  inMappingFile,
  mergeOptions,
  parseAttributeName,
  parseColumnType,
  parseMappingFile,
} from '../../etl/import-options.ts'
import { type ImportPlan, mappingOf, planImport } from '../../etl/import-plan.ts'
import { Import, type ImportSummary, rowsDone } from '../../etl/import-rows.ts'
import type { DateOrder } from '../../etl/moment-text.ts'
import { type Encoding, ENCODINGS } from '../../etl/read-text.ts'
import { RejectsFile } from '../../etl/rejects-file.ts'
import { sortedRows } from '../../etl/sort-rows.ts'
import type { RowSource } from '../../etl/source.ts'
import { contentHash, surveyMoments, surveyRows } from '../../etl/survey.ts'
import { SessionTarget } from '../import-target.ts'
import type { Context } from '../main.ts'
import { type Format, FORMATS, openSource } from '../open-source.ts'
import { openSession, type PlaceOptions, readWords, withPlace } from '../options.ts'
import { Progress } from '../progress.ts'
import { reportWarnings } from '../report.ts'
import type { Session } from '../session.ts'
import { planText } from '../show-plan.ts'

type Flags = PlaceOptions & {
  readonly database: string
  readonly entity?: string
  readonly identity: readonly string[]
  readonly type: readonly string[]
  readonly name: readonly string[]
  readonly skip: readonly string[]
  readonly many: readonly string[]
  readonly split?: string
  readonly asKnownAt?: string
  readonly dates?: DateOrder
  readonly mapping?: string
  readonly printMapping?: boolean
  readonly format?: Format
  readonly delimiter?: string
  readonly encoding: Encoding
  readonly header: boolean
  readonly rejects?: string
  readonly strict?: boolean
  readonly yes?: boolean
}

export function addImportCommand(program: Command, context: Context): void {
  const several = (word: string, before: readonly string[]): readonly string[] => [...before, word]
  withPlace(program.command('import'))
    .description('bring CSV, JSON lines or Parquet in; started again, it goes on where it stopped')
    .argument('<file>', 'a .csv, .ndjson or .parquet file')
    .requiredOption('--database <name>', 'the database; made where it is missing')
    .option('--entity <name>', 'namespace of the attributes (default: the name of the file)')
    .option(
      '--identity <column>',
      'rows with the same value are about the same entity; again for several',
      several,
      [],
    )
    .option('--as-known-at <column>', 'when each row was known; rows are applied in this order')
    .option('--type <column=type>', 'type of a column', several, [])
    .option('--name <column=attribute>', 'attribute of a column', several, [])
    .option('--skip <column>', 'leave a column out', several, [])
    .option('--many <column>', 'a column with several values in a cell', several, [])
    .option('--split <text>', 'what stands between the values of a cell (default: ;)')
    .addOption(
      new Option('--dates <order>', 'whether 12/1/2010 is in December or in January').choices(['mdy', 'dmy']),
    )
    .option('--mapping <file>', 'all of this as EDN or JSON')
    .option('--print-mapping', 'print such a file instead of importing')
    .addOption(new Option('--format <format>', 'what the file is, if it does not show').choices(FORMATS))
    .option('--delimiter <character>', 'between the fields of a CSV; tab is a word, too', parseDelimiter)
    .addOption(new Option('--encoding <name>', 'of text').choices(ENCODINGS).default('utf-8'))
    .option('--no-header', 'the first line of the CSV is a row already')
    .option('--rejects <file>', 'where rows go that cannot be imported (default: FILE.rejects.ndjson)')
    .option('--strict', 'import nothing if a row cannot be imported')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nExample:\n  varve import prices.csv --database shop --identity StockCode --as-known-at InvoiceDate',
    )
    .action((path: string, flags: Flags) => runCommand(path, flags, context))
}

async function runCommand(path: string, flags: Flags, { env, terminal }: Context): Promise<void> {
  const options = optionsOf(env, flags)
  const entity = options.entity ?? entityNameOf(path)
  await using source = await openSource(env, path, {
    encoding: flags.encoding,
    hasHeader: flags.header,
    ...(flags.format !== undefined && { format: flags.format }),
    ...(flags.delimiter !== undefined && { delimiter: flags.delimiter }),
  })
  const reading = new Progress('Reading', terminal, env.clock)
  const survey = await surveyRows(source, options.dates, (done, total) => reading.report(done, total))
  reading.finish()
  await using session = await openSession(env, flags, false, true)
  const isNewDatabase = !(await hasDatabase(session, flags.database))
  const target = new SessionTarget(session, flags.database)
  const known = isNewDatabase ? new Map() : await target.attributes()
  const plan = planImport({ columns: source.columns, inferred: survey.inferred, options, entity, known })
  if (flags.printMapping === true) {
    terminal.out(`${writeEdn(mappingOf(plan, source.columns, entity), { pretty: true })}\n`)
    return
  }
  terminal.err(planText({ path, database: flags.database, isNewDatabase, source, survey, plan }))
  reportWarnings(orderWarnings(plan, options.asKnownAt), terminal)
  if (terminal.canAsk && flags.yes !== true) {
    const answer = await terminal.ask('Import? [Y/n] ')
    if (!/^(?:y|yes|)$/i.test(answer.trim())) throw declined()
  }
  const converter = new RowConverter(plan, source, env.clock.nowMs())
  const rejectsPath = flags.rejects ?? `${path}.rejects.ndjson`
  if (flags.strict === true) await refuseRejects(env, source, converter, rejectsPath)
  const id = await importId(env, path, options, entity, flags)
  if (isNewDatabase) await session.create(flags.database)
  const doneCount = await rowsDone(target, id)
  using rejects = new RejectsFile(env, rejectsPath, doneCount)
  const moments =
    plan.moment === undefined ? undefined : await momentsOf(source, converter, { env, terminal })
  const importing = new Progress('Importing', terminal, env.clock)
  const summary = await new Import({
    id,
    file: path.split(/[/\\]/).at(-1) ?? path,
    plan,
    target,
    converter,
    rows: moments === undefined || moments.isSorted ? source.rows() : sortedRows(env, source, converter),
    firstMs: moments?.firstMs,
    onReject: (reject) => {
      rejects.add(reject)
      if (flags.strict === true) throw rowsRejected(rejects.count, rejectsPath)
    },
    onProgress: (position) => importing.report(position, source.extent),
  }).run()
  importing.finish()
  terminal.out(summaryText(summary, flags.database))
  if (rejects.count > 0) reportWarnings([rejectsWarning(rejects)], terminal)
}

async function hasDatabase(session: Session, wanted: string): Promise<boolean> {
  return (await session.databases()).some(({ name, alias }) => name === wanted || alias === wanted)
}

async function momentsOf(source: RowSource, converter: RowConverter, { env, terminal }: Context) {
  const progress = new Progress('Looking at the order', terminal, env.clock)
  const moments = await surveyMoments(source, converter, (done, total) => progress.report(done, total))
  progress.finish()
  return moments
}

/** Every row is converted before the first is imported. */
async function refuseRejects(
  env: Env,
  source: RowSource,
  converter: RowConverter,
  path: string,
): Promise<void> {
  using rejects = new RejectsFile(env, path, 0)
  let ordinal = 0
  for await (const batch of source.rows()) {
    for (const reject of converter.convert(batch, ordinal).rejects) rejects.add(reject)
    ordinal += batch.lines.length
  }
  if (rejects.count > 0) throw rowsRejected(rejects.count, path)
}

function optionsOf(env: Env, flags: Flags): ImportOptions {
  const said: ImportOptions = {
    columns: columnsOf(flags),
    ...(flags.entity !== undefined && { entity: parseAttributeName(flags.entity) }),
    ...(flags.identity.length > 0 && { identity: flags.identity }),
    ...(flags.asKnownAt !== undefined && { asKnownAt: flags.asKnownAt }),
    ...(flags.dates !== undefined && { dates: flags.dates }),
    ...(flags.split !== undefined && { separator: flags.split }),
  }
  if (flags.mapping === undefined) return said
  const path = flags.mapping
  const { text } = readWords(env, `@${path}`)
  return mergeOptions(
    inMappingFile(path, () => parseMappingFile(text, path)),
    said,
  )
}

function columnsOf({ type, name, skip, many }: Flags): ReadonlyMap<string, ColumnOptions> {
  const columns = new Map<string, ColumnOptions>()
  const say = (column: string, options: ColumnOptions): void =>
    void columns.set(column, { ...columns.get(column), ...options })
  for (const word of type) {
    const [column, said] = pairOf(word)
    say(column, { type: parseColumnType(said) })
  }
  for (const word of name) {
    const [column, said] = pairOf(word)
    say(column, { attribute: parseAttributeName(said) })
  }
  for (const column of skip) say(column, { isSkipped: true })
  for (const column of many) say(column, { isMany: true })
  return columns
}

/** The column may hold an equals sign; types and attributes hold none. */
function pairOf(word: string): readonly [string, string] {
  const at = word.lastIndexOf('=')
  if (at <= 0) throw new InvalidArgumentError(`Write COLUMN=…, not ${word}.`)
  return [word.slice(0, at), word.slice(at + 1)]
}

function parseDelimiter(text: string): string {
  const delimiter = text === 'tab' || text === '\\t' ? '\t' : text
  if (delimiter.length !== 1 || /["\r\n]/.test(delimiter)) {
    throw new InvalidArgumentError('It is not one character that can stand between fields.')
  }
  return delimiter
}

/** The same file with the same mapping is the same import, wherever it lies and whenever it is started. */
async function importId(
  env: Env,
  path: string,
  options: ImportOptions,
  entity: string,
  { format, delimiter, encoding, header }: Flags,
): Promise<string> {
  const { identity = [], asKnownAt, dates, separator } = options
  const columns = [...options.columns].sort(([x], [y]) => (x < y ? -1 : 1))
  const content = Array.from(await contentHash(env, path))
  const said = {
    content,
    entity,
    identity,
    asKnownAt,
    dates,
    separator,
    columns,
    format,
    delimiter,
    encoding,
    header,
  }
  return sha256Hex(JSON.stringify(said))
}

function orderWarnings({ columns }: ImportPlan, asKnownAt: string | undefined): readonly Warning[] {
  return columns
    .filter(
      ({ isOrderAssumed, type, column }) => isOrderAssumed && (type === 'instant' || column === asKnownAt),
    )
    .map(({ column }) => ({
      code: 'varve.warning/date-order-assumed',
      message: `No date in ${column} tells whether the day or the month comes first; they are read as month/day`,
      fix: 'Say --dates mdy or --dates dmy',
    }))
}

function rejectsWarning({ count, path }: RejectsFile): Warning {
  return {
    code: 'varve.warning/rows-rejected',
    message: `${count.toLocaleString('en')} ${count === 1 ? 'row was' : 'rows were'} not imported; ${path} has them with their reasons`,
    fix: 'Mend them in a file of their own and import that',
  }
}

function summaryText(summary: ImportSummary, database: string): string {
  const { rowCount, doneCount, datomCount, transactionCount, firstT, lastT } = summary
  const counted = (count: number, word: string): string =>
    `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`
  const before = doneCount === 0 ? '' : ` ${counted(doneCount, 'row')} had been imported before.`
  if (firstT === undefined) return `${database}: nothing new.${before}\n`
  const ts = firstT === lastT ? `t ${firstT}` : `t ${firstT} to ${lastT}`
  const done = `${counted(rowCount, 'row')} imported, ${counted(datomCount, 'fact')}`
  return `${database}: ${done} in ${counted(transactionCount, 'transaction')} (${ts}).${before}\n`
}
