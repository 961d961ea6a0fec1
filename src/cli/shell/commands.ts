// What a backslash begins: commands of the shell itself, in the order in which `\help` lists them.

import { VarveError } from '../../base/errors.ts'
import { readAllEdn } from '../../fact/edn-reader.ts'
import { withLine } from '../../fact/path-place.ts'
import { type Edn, type EdnMap, Keyword, keyword } from '../../fact/value.ts'
import { formatItem } from '../commands/log.ts'
import { transactionFields } from '../commands/transact.ts'
import { parseMoment } from '../options.ts'
import { OUTPUT_FORMATS, type OutputFormat } from '../output.ts'
import { reportWarnings } from '../report.ts'
import { explainQuestion } from './ask.ts'
import type { ArgumentKind } from './completion.ts'
import { KEYS_HELP } from './keys-help.ts'
import { type Outcome, readOptions, type ShellInput, type ShellState } from './state.ts'

export type ShellCommand = {
  readonly name: string
  readonly aliases: readonly string[]
  /** As `\help` shows it. */
  readonly argument: string
  readonly takes: ArgumentKind
  readonly about: string
  /** `input` holds what stands behind the name, in its place. */
  readonly run: (
    state: ShellState,
    input: ShellInput,
    signal: AbortSignal,
  ) => Outcome | void | Promise<Outcome | void>
}

const LOG_COUNT = 10

export const SHELL_COMMANDS: readonly ShellCommand[] = [
  {
    name: 'databases',
    aliases: ['d', 'l'],
    argument: '',
    takes: 'none',
    about: 'databases, aliases, the last t of each (\\d)',
    run: async (state) => {
      const { answer, tookMs } = await state.timed(() => state.session.databases())
      const rows = answer.map(({ name, alias, basisT }): readonly Edn[] => [name, alias, basisT])
      state.show(rows, ['name', 'alias', 't'], tookMs)
    },
  },
  {
    name: 'use',
    aliases: ['c'],
    argument: 'NAME',
    takes: 'database',
    about: 'the database that $ means (\\c)',
    run: useDatabase,
  },
  {
    name: 'schema',
    aliases: ['attributes'],
    argument: '[NAME] [:ATTRIBUTE]',
    takes: 'database',
    about: 'attributes, or those that begin so',
    run: showSchema,
  },
  {
    name: 'asof',
    aliases: ['as-of'],
    argument: 'MOMENT',
    takes: 'moment',
    about: 'asks as of an instant, a t, or now',
    run: (state, { text }) => {
      const word = text.trim()
      state.asOf = word === '' || word === 'now' ? undefined : momentOf(word)
    },
  },
  {
    name: 'pull',
    aliases: [],
    argument: 'PATTERN EID',
    takes: 'form',
    about: 'what a pattern describes of one entity',
    run: pull,
  },
  {
    name: 'explain',
    aliases: [],
    argument: 'QUERY',
    takes: 'form',
    about: 'asks, and shows rows and time of every step',
    run: (state, input, signal) => explainQuestion(state, input, 'run', signal),
  },
  {
    name: 'plan',
    aliases: [],
    argument: 'QUERY',
    takes: 'form',
    about: 'shows the steps without asking',
    run: (state, input, signal) => explainQuestion(state, input, 'plan', signal),
  },
  {
    name: 'log',
    aliases: [],
    argument: '[COUNT]',
    takes: 'none',
    about: `the last transactions, ${LOG_COUNT} if not said`,
    run: showLog,
  },
  {
    name: 'transact',
    aliases: ['tx'],
    argument: 'TX',
    takes: 'form',
    about: 'applies a transaction (\\tx)',
    run: transact,
  },
  {
    name: 'timing',
    aliases: [],
    argument: '[on|off]',
    takes: 'switch',
    about: 'count and time below an answer',
    run: (state, { text }) => {
      state.isTimed = switched(text.trim(), state.isTimed)
      state.note(`Timing is ${state.isTimed ? 'on' : 'off'}.`)
    },
  },
  {
    name: 'output',
    aliases: [],
    argument: OUTPUT_FORMATS.join('|'),
    takes: 'format',
    about: 'how answers are written',
    run: (state, { text }) => {
      const format = OUTPUT_FORMATS.find((known) => known === text.trim())
      if (format === undefined) throw wordUnknown(text.trim(), OUTPUT_FORMATS)
      state.format = format satisfies OutputFormat
    },
  },
  {
    name: 'rows',
    aliases: [],
    argument: 'COUNT|all',
    takes: 'none',
    about: 'how many rows a table shows',
    run: (state, { text }) => {
      state.rowCountMax = text.trim() === 'all' ? Infinity : countOf(text.trim(), 'all')
    },
  },
  {
    name: 'timeout',
    aliases: [],
    argument: 'MS|off',
    takes: 'none',
    about: 'gives a question up after so long',
    run: (state, { text }) => {
      state.timeoutMs = text.trim() === 'off' ? undefined : countOf(text.trim(), 'off')
    },
  },
  {
    name: 'help',
    aliases: ['?', 'h'],
    argument: '',
    takes: 'none',
    about: 'this list',
    run: (state) => state.terminal.out(helpText()),
  },
  {
    name: 'quit',
    aliases: ['q', 'exit'],
    argument: '',
    takes: 'none',
    about: 'leaves, as Ctrl-D does (\\q)',
    run: () => 'quit',
  },
]

async function useDatabase(state: ShellState, { text }: ShellInput): Promise<void> {
  const wanted = text.trim()
  if (wanted !== '') {
    // Asked for its schema, so that an unknown name is refused with the nearest one.
    await state.session.schema(wanted)
  }
  state.database = wanted === '' ? undefined : wanted
}

async function showSchema(state: ShellState, { text }: ShellInput): Promise<void> {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const start = words.find((word) => word.startsWith(':')) ?? ''
  const database = words.find((word) => !word.startsWith(':')) ?? state.chosen
  const { answer, tookMs } = await state.timed(() => state.session.schema(database))
  if (state.format !== 'table') {
    state.show(answer, [], tookMs)
    return
  }
  const rows = answer.filter((form) => String(form.get(keyword('db/ident'))).startsWith(start)).map(schemaRow)
  state.show(rows, ['attribute', 'type', '', 'doc'], tookMs)
}

/** An attribute as a person reads it: its type, then what makes it special. */
function schemaRow(form: EdnMap): readonly Edn[] {
  const nameOf = (key: string): string => {
    const value = form.get(keyword(key))
    return value instanceof Keyword ? value.text.replace(/^.*\//, '') : ''
  }
  const has = (key: string): boolean => form.get(keyword(key)) === true
  const remarks = [
    nameOf('db/cardinality') === 'many' ? 'many' : '',
    nameOf('db/unique') === '' ? '' : `unique ${nameOf('db/unique')}`,
    has('db/index') ? 'index' : '',
    has('db/isComponent') ? 'component' : '',
    has('db/noHistory') ? 'no history' : '',
  ]
  return [
    form.get(keyword('db/ident')) ?? null,
    nameOf('db/valueType') === '' ? 'name' : nameOf('db/valueType'),
    remarks.filter((remark) => remark !== '').join(', '),
    form.get(keyword('db/doc')) ?? null,
  ]
}

async function pull(state: ShellState, input: ShellInput, signal: AbortSignal): Promise<void> {
  const { value, places } = readAllEdn(input.text, readOptions(input))
  const [pattern, eid] = value
  if (pattern === undefined || eid === undefined || value.length > 2) {
    throw usage('\\pull takes a pattern and an entity', 'Write \\pull [*] [:customer/id "cus-1"]')
  }
  const options = { ...state.askOptions(signal), database: state.chosen }
  const { answer, tookMs } = await state.timed(() =>
    state.session.pull(pattern, eid, options).catch((error: unknown) => {
      throw withLine(error, pattern, places.placeOf)
    }),
  )
  reportWarnings(answer.warnings, state.terminal)
  state.show(answer.result, [], tookMs)
}

async function showLog(state: ShellState, { text }: ShellInput, signal: AbortSignal): Promise<void> {
  const count = text.trim() === '' ? LOG_COUNT : countOf(text.trim())
  const name = state.chosen
  const databases = await state.session.databases()
  const found = databases.find((database) => database.name === name || database.alias === name)
  const from = Math.max(0, (found?.basisT ?? 0) - count + 1)
  for await (const item of state.session.log(name, { from, isLive: false, signal })) {
    signal.throwIfAborted()
    state.terminal.out(formatItem(item, state.format === 'csv' ? 'edn' : state.format))
  }
}

async function transact(state: ShellState, input: ShellInput): Promise<void> {
  const { value, places } = readAllEdn(input.text, readOptions(input))
  const [tx] = value
  if (tx === undefined || value.length > 1) {
    throw usage(
      '\\transact takes one transaction',
      'Write \\transact [{:customer/id "cus-1" :customer/city "Oslo"}]',
    )
  }
  if (state.isReadOnly) throw openForReading()
  const { answer, tookMs } = await state.timed(() =>
    state.session.transact(state.chosen, tx).catch((error: unknown) => {
      throw withLine(error, tx, places.placeOf)
    }),
  )
  state.vocabulary.forget()
  reportWarnings(answer.warnings, state.terminal)
  state.show(transactionFields(answer), [], tookMs)
}

function helpText(): string {
  const usages = SHELL_COMMANDS.map(({ name, argument }) => `\\${name} ${argument}`.trimEnd())
  const width = Math.max(...usages.map((text) => text.length)) + 2
  const lines = SHELL_COMMANDS.map(({ about }, index) => `  ${usages[index]!.padEnd(width)}${about}\n`)
  return `A question is a query, with its arguments behind it:
  [:find ?name :in ?id :where [$cus ?c :customer/id ?id]
                              [$cus ?c :customer/name ?name]] "cus-8"
A form may take several lines; it is asked once its brackets are closed.

${lines.join('')}
${KEYS_HELP}`
}

function openForReading(): VarveError {
  return new VarveError({
    code: 'varve.error/read-only',
    kind: 'unsupported',
    message: 'This shell reads the folder and leaves the writing to others',
    fix: 'Start it with `varve shell --write`, or with --url where a server has the folder',
  })
}

function momentOf(word: string): Date | number {
  try {
    return parseMoment(word)
  } catch {
    throw usage(
      `${word} is neither a t nor an instant`,
      'Write an instant such as 2014-11-15T13:37:42Z, a t, or now',
    )
  }
}

function switched(word: string, isOn: boolean): boolean {
  if (word === '') return !isOn
  if (word !== 'on' && word !== 'off') throw wordUnknown(word, ['on', 'off'])
  return word === 'on'
}

function countOf(word: string, otherwise?: string): number {
  const count = Number(word)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw usage(
    `${word === '' ? 'Nothing' : word} is not a positive whole number`,
    `Write one such as 100${otherwise === undefined ? '' : `, or ${otherwise}`}`,
  )
}

function wordUnknown(word: string, known: readonly string[]): VarveError {
  const message = word === '' ? 'A word is missing' : `${word} is not known here`
  return usage(message, `Write ${known.join(' or ')}`)
}

function usage(message: string, fix: string): VarveError {
  return new VarveError({ code: 'varve.error/usage', kind: 'incorrect', message, fix })
}
