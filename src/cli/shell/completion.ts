// What may stand where the cursor is: attributes of the database that the clause asks, `$aliases`, variables of the
// same text, words of the query language, functions behind an opening parenthesis, commands and their arguments.

import { isTerminating } from '../../fact/edn-scan.ts'
import { AGGREGATES, FUNCTIONS } from '../../plan/functions.ts'
import { OUTPUT_FORMATS } from '../output.ts'
import { openParts } from './brackets.ts'
import type { Draft } from './draft.ts'
import type { Completion } from './line-editor.ts'
import type { Names } from './vocabulary.ts'

const QUERY_WORDS = [':find', ':in', ':where', ':with', ':keys', ':strs', ':syms', ':limit', ':offset']
const REQUEST_WORDS = [':query', ':args', ':as-of', ':timeout-ms', ':memory-bytes']
const CLAUSE_WORDS = ['and', 'or', 'or-join', 'not', 'not-join', 'pull']
const HEADS = [...CLAUSE_WORDS, ...FUNCTIONS.keys(), ...AGGREGATES.keys()]

/** What the words of each command may be. */
export type ArgumentKind = 'database' | 'moment' | 'switch' | 'format' | 'form' | 'command' | 'none'

export type CompletionContext = {
  readonly names: Names
  /** The database that `$` means. */
  readonly database: string | undefined
  readonly commands: readonly { readonly name: string; readonly takes: ArgumentKind }[]
}

export function completionOf({ text, cursor }: Draft, context: CompletionContext): Completion {
  const before = text.slice(0, cursor)
  const from = wordStart(before)
  const word = before.slice(from)
  const candidates = matching(word, candidatesFor(word, before.slice(0, from), text, context))
  return { from, candidates: [...new Set(candidates)].sort() }
}

/** Where the word that ends here begins; a command begins with its backslash. */
function wordStart(before: string): number {
  let start = before.length
  while (start > 0 && !isTerminating(before.charCodeAt(start - 1))) start--
  return before[start - 1] === '\\' && before.slice(0, start - 1).trim() === '' ? start - 1 : start
}

function candidatesFor(
  word: string,
  before: string,
  text: string,
  context: CompletionContext,
): readonly string[] {
  const command = /^\s*\\(\S+)\s/.exec(before)?.[1]
  if (word.startsWith('\\')) return context.commands.map(({ name }) => `\\${name}`)
  const { brackets, isInString } = openParts(before)
  if (isInString) return []
  if (command !== undefined && brackets.length === 0) {
    const words = argumentsOf(command, context)
    if (words !== undefined) return words
  }
  if (word.startsWith('$')) {
    return context.names.databases.flatMap(({ name, alias }) => [`$${alias}`, `$${name}`])
  }
  if (word.startsWith('?')) return text.match(/\?[^\s()[\]{}",]+/g)?.filter((name) => name !== word) ?? []
  if (word.startsWith(':'))
    return keywordsFor(
      before,
      brackets.map(({ offset }) => offset),
      context,
    )
  return before.endsWith('(') ? HEADS : []
}

function argumentsOf(command: string, context: CompletionContext): readonly string[] | undefined {
  const takes = context.commands.find(({ name }) => name === command)?.takes
  switch (takes) {
    case 'database':
      return context.names.databases.flatMap(({ name, alias }) => [name, alias])
    case 'switch':
      return ['on', 'off']
    case 'format':
      return OUTPUT_FORMATS
    case 'moment':
      return ['now']
    case 'command':
      return context.commands.map(({ name }) => name)
    default:
      return undefined
  }
}

/** Words of the query where its parts stand; attributes within clauses, patterns and transactions. */
function keywordsFor(
  before: string,
  brackets: readonly number[],
  { names, database }: CompletionContext,
): readonly string[] {
  const innermost = brackets.at(-1)
  const source =
    innermost === undefined ? undefined : /^.\s*\$([^\s()[\]{}",]+)\s/.exec(before.slice(innermost))?.[1]
  const isClause = source !== undefined || (brackets.length > 1 && before[innermost!] !== '{')
  return [...(isClause ? [] : [...QUERY_WORDS, ...REQUEST_WORDS]), ...identsOf(names, source ?? database)]
}

/** Those of one database by name or alias; of all where it is not known. */
function identsOf({ databases, idents }: Names, nameOrAlias: string | undefined): readonly string[] {
  const known = databases.find(({ name, alias }) => name === nameOrAlias || alias === nameOrAlias)
  return known === undefined ? [...idents.values()].flat() : (idents.get(known.name) ?? [])
}

/** Those that go on as the word begins; else attributes whose own name does: `:amount` finds `:purchase/amount`. */
function matching(word: string, candidates: readonly string[]): readonly string[] {
  const straight = candidates.filter((candidate) => candidate.startsWith(word))
  if (straight.length > 0 || !word.startsWith(':') || word.length < 2) return straight
  return candidates.filter((candidate) =>
    candidate.slice(candidate.indexOf('/') + 1).startsWith(word.slice(1)),
  )
}
