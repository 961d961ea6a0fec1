// Options that several commands share, and how their words become values.

import { type Command, InvalidArgumentError, Option } from 'commander'
import { type CallerLimits, LIMIT_NAMES, limitNamed } from '../access/caller.ts'
import type { Env } from '../base/env.ts'
import { VarveError } from '../base/errors.ts'
import { readTextFile } from '../base/text-file.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnSymbol } from '../fact/value.ts'
import { HttpSession } from './http-session.ts'
import { LocalSession } from './local-session.ts'
import { OUTPUT_FORMATS } from './output.ts'
import type { Session } from './session.ts'
import type { Terminal } from '../base/terminal.ts'

export type PlaceOptions = ServerWords & { readonly data: string }
/** How a server is reached, and how one shows oneself to it. */
export type ServerWords = { readonly url?: string; readonly token?: string; readonly purpose?: string }

export function withPlace(command: Command): Command {
  return command
    .option('--data <folder>', 'folder of the databases', './varve-data')
    .addOption(new Option('--url <url>', 'a server to ask instead of a folder').conflicts('data'))
    .addOption(tokenOption())
    .addOption(purposeOption())
}

/** Also from the environment, so that it need not stand in the list of processes. */
export function tokenOption(): Option {
  return new Option('--token <token>', 'a token for the server').env('VARVE_TOKEN')
}

/** Some grants hold for one purpose only. */
export function purposeOption(): Option {
  return new Option('--purpose <purpose>', 'what the server is asked for: kept in its audit').env(
    'VARVE_PURPOSE',
  )
}

export function withOutput(command: Command, formats: readonly string[] = OUTPUT_FORMATS): Command {
  return command.addOption(
    new Option(
      '--output <format>',
      'how results are written (default: a table on a terminal, else edn)',
    ).choices(formats),
  )
}

export function outputFormat<Format extends string>(
  given: Format | undefined,
  terminal: Terminal,
): Format | 'table' | 'edn' {
  return given ?? (terminal.isOutTerminal ? 'table' : 'edn')
}

export async function openSession(
  env: Env,
  { data, url, ...shown }: PlaceOptions,
  isReadOnly: boolean,
  hasThreads = false,
): Promise<Session> {
  return url === undefined
    ? LocalSession.open(env, data, { isReadOnly, hasThreads })
    : new HttpSession(env, url, shown)
}

/** An instant or a t. */
export function parseMoment(text: string): Date | number {
  if (/^\d+$/.test(text)) return Number(text)
  const ms = Date.parse(text)
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('It is neither a t nor an instant such as 2014-11-15T13:37:42Z.')
  return new Date(ms)
}

export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count <= 0)
    throw new InvalidArgumentError('It is not a positive whole number.')
  return count
}

/** `scan.concurrency=4`, beside those before. */
export function withLimit(words: string, before: CallerLimits): CallerLimits {
  const [written, count = '', ...rest] = words.split('=')
  const name = limitNamed(written)
  if (name === undefined) throw new InvalidArgumentError(`The limits are ${LIMIT_NAMES.join(', ')}.`)
  if (rest.length > 0) throw new InvalidArgumentError('Give it as NAME=COUNT.')
  return { ...before, [name]: parseCount(count) }
}

export function parsePort(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('It is not a port: 0 to 65535.')
  return port
}

export function parseNiceness(text: string): number {
  const niceness = Number(text)
  if (!Number.isInteger(niceness) || niceness < 0 || niceness > 19)
    throw new InvalidArgumentError('It is not a whole number from 0 to 19.')
  return niceness
}

/** Text, or the content of the file that `@path` names. */
export function readWords(
  env: Env,
  words: string,
): { readonly text: string; readonly source: string | undefined } {
  if (!words.startsWith('@')) return { text: words, source: undefined }
  const path = words.slice(1)
  return { text: readTextFile(env.files, path), source: path }
}

/** An argument is EDN; what reads as a bare symbol, or as nothing at all, is the string that was typed. */
export function parseArgument(word: string): Edn {
  try {
    const { value } = readEdn(word, { source: 'argument' })
    return value instanceof EdnSymbol ? word : value
  } catch (error) {
    if (error instanceof VarveError && /^[^\s()[\]{}"]+$/.test(word)) return word
    throw error
  }
}
