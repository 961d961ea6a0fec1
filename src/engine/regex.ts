// Regular expressions: the RE2 subset, which runs in time linear in the text whatever the pattern. A pattern as
// a value is `#varve/regex "…"`, so that it can stand in a row; text works wherever a pattern does.

import { RE2JS } from 're2js'
import { Tagged, type Edn } from '../fact/value.ts'
import { argumentsWrong, regexWrong } from './errors.ts'
import { printShort } from './print.ts'

const REGEX_TAGS: ReadonlySet<string> = new Set(['varve/regex', 'regex'])
const COMPILED_COUNT_MAX = 256

// Bounded, and emptied when full: patterns that come from rows must not grow the process.
const compiled = new Map<string, RE2JS>()

/** The pattern as a value, once it is known to be one that RE2 takes. */
export function rePattern(x: Edn): Edn {
  const text = patternText('re-pattern', x)
  compile(text)
  return new Tagged('varve/regex', text)
}

/** The first match: text, or a vector of the match and its groups where the pattern has groups. */
export function reFind(pattern: Edn, text: Edn): Edn {
  const matcher = compile(patternText('re-find', pattern)).matcher(textOf('re-find', text))
  return matcher.find() ? matchValue(matcher) : null
}

/** Like `re-find`, for a match of the whole text. */
export function reMatches(pattern: Edn, text: Edn): Edn {
  const matcher = compile(patternText('re-matches', pattern)).matcher(textOf('re-matches', text))
  return matcher.matches() ? matchValue(matcher) : null
}

/** All matches in order, nil where there is none. */
export function reSeq(pattern: Edn, text: Edn): Edn {
  const matcher = compile(patternText('re-seq', pattern)).matcher(textOf('re-seq', text))
  const found: Edn[] = []
  while (matcher.find()) found.push(matchValue(matcher))
  return found.length === 0 ? null : found
}

/** The text between matches; without a limit, empty text at the end is left out. */
export function split(text: string, pattern: Edn, limit: number): readonly string[] {
  const regex =
    typeof pattern === 'string' ? RE2JS.compile(RE2JS.quote(pattern)) : compile(patternText('split', pattern))
  const matcher = regex.matcher(text)
  const parts: string[] = []
  let from = 0
  while ((limit <= 0 || parts.length < limit - 1) && matcher.find()) {
    // As in Java, a match of no width at the very start makes no empty first part.
    if (matcher.end() === 0) continue
    parts.push(text.slice(from, matcher.start()))
    from = matcher.end()
  }
  parts.push(text.slice(from))
  if (limit === 0) while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}

/** All matches replaced; in the replacement of a pattern, `$1` is its first group. */
export function replaceAll(text: string, pattern: Edn, replacement: string): string {
  if (typeof pattern === 'string') return text.split(pattern).join(replacement)
  return compile(patternText('replace', pattern)).matcher(text).replaceAll(replacement)
}

function matchValue(matcher: ReturnType<RE2JS['matcher']>): Edn {
  const whole = matcher.group() ?? ''
  const count = matcher.groupCount()
  if (count === 0) return whole
  return [whole, ...Array.from({ length: count }, (_, index) => matcher.group(index + 1) ?? null)]
}

function compile(text: string): RE2JS {
  let made = compiled.get(text)
  if (made === undefined) {
    try {
      made = RE2JS.compile(text)
    } catch (error) {
      throw regexWrong(text, error instanceof Error ? error.message : String(error))
    }
    if (compiled.size >= COMPILED_COUNT_MAX) compiled.clear()
    compiled.set(text, made)
  }
  return made
}

function patternText(name: string, x: Edn): string {
  if (typeof x === 'string') return x
  if (x instanceof Tagged && REGEX_TAGS.has(x.tag) && typeof x.value === 'string') return x.value
  throw argumentsWrong(name, 'a pattern is needed', [printShort(x)])
}

function textOf(name: string, x: Edn): string {
  if (typeof x === 'string') return x
  throw argumentsWrong(name, 'text is needed', [printShort(x)])
}
