// Functions over text, names and patterns. Positions count UTF-16 units, as in Clojure.

import { EdnSymbol, Keyword, type Edn } from '../fact/value.ts'
import { argumentsWrong } from './errors.ts'
import { itemsOf } from './functions-collection.ts'
import { plainText, printShort } from './print.ts'
import { reFind, reMatches, rePattern, replaceAll, reSeq, split } from './regex.ts'

export const TEXT_FUNCTIONS: readonly (readonly [string, (args: readonly Edn[]) => Edn])[] = [
  ['str', (args) => args.map(plainText).join('')],
  ['subs', ([x, from, to]) => subs(x!, from!, to)],
  ['name', ([x]) => nameOf(x!)],
  ['namespace', ([x]) => namespaceOf(x!)],
  ['keyword', (args) => named('keyword', args, Keyword.of)],
  ['symbol', (args) => named('symbol', args, EdnSymbol.of)],
  ['re-pattern', ([x]) => rePattern(x!)],
  ['re-find', ([pattern, x]) => reFind(pattern!, x!)],
  ['re-matches', ([pattern, x]) => reMatches(pattern!, x!)],
  ['re-seq', ([pattern, x]) => reSeq(pattern!, x!)],
  ...inNamespace([
    ['starts-with?', ([x, y]) => text('starts-with?', x!).startsWith(text('starts-with?', y!))],
    ['ends-with?', ([x, y]) => text('ends-with?', x!).endsWith(text('ends-with?', y!))],
    ['includes?', ([x, y]) => text('includes?', x!).includes(text('includes?', y!))],
    ['blank?', ([x]) => x === null || text('blank?', x!).trim() === ''],
    ['lower-case', ([x]) => text('lower-case', x!).toLowerCase()],
    ['upper-case', ([x]) => text('upper-case', x!).toUpperCase()],
    ['capitalize', ([x]) => capitalize(text('capitalize', x!))],
    ['trim', ([x]) => text('trim', x!).trim()],
    ['split', ([x, pattern, limit]) => split(text('split', x!), pattern!, splitLimit(limit))],
    ['join', (args) => join(args)],
    ['replace', ([x, from, to]) => replaceAll(text('replace', x!), from!, text('replace', to!))],
    ['index-of', ([x, part, from]) => indexOf(x!, part!, from)],
  ]),
]

type Named = readonly [string, (args: readonly Edn[]) => Edn]

function inNamespace(functions: readonly Named[]): readonly Named[] {
  return functions.map(([name, run]) => [`clojure.string/${name}`, run])
}

function text(name: string, x: Edn): string {
  if (typeof x === 'string') return x
  throw argumentsWrong(name, 'text is needed', [printShort(x)])
}

function subs(x: Edn, from: Edn, to: Edn | undefined): string {
  const whole = text('subs', x)
  const first = from
  const limit = to ?? whole.length
  if (
    typeof first !== 'number' ||
    typeof limit !== 'number' ||
    !Number.isInteger(first) ||
    !Number.isInteger(limit) ||
    first < 0 ||
    limit < first ||
    limit > whole.length
  ) {
    const given = to === undefined ? [x, from] : [x, from, to]
    throw argumentsWrong('subs', 'positions within the text are needed', given.map(printShort))
  }
  return whole.slice(first, limit)
}

function nameOf(x: Edn): Edn {
  if (typeof x === 'string') return x
  if (x instanceof Keyword) return x.name
  if (x instanceof EdnSymbol) return Keyword.of(x.text).name
  throw argumentsWrong('name', 'a keyword, a symbol or text is needed', [printShort(x)])
}

function namespaceOf(x: Edn): Edn {
  if (x instanceof Keyword) return x.namespace
  if (x instanceof EdnSymbol) return Keyword.of(x.text).namespace
  throw argumentsWrong('namespace', 'a keyword or a symbol is needed', [printShort(x)])
}

function named(name: string, args: readonly Edn[], make: (text: string) => Edn): Edn {
  const [x, y] = args
  if (y !== undefined) {
    const local = text(name, y)
    return make(x === null ? local : `${text(name, x!)}/${local}`)
  }
  if (typeof x === 'string') return make(x)
  if (x instanceof Keyword || x instanceof EdnSymbol) return make(x.text)
  if (name === 'keyword') return null
  throw argumentsWrong(name, 'text or a name is needed', [printShort(x!)])
}

function capitalize(x: string): string {
  return x.slice(0, 1).toUpperCase() + x.slice(1).toLowerCase()
}

function splitLimit(limit: Edn | undefined): number {
  if (limit === undefined) return 0
  if (typeof limit === 'number' && Number.isInteger(limit)) return limit
  throw argumentsWrong('split', 'a whole number is needed as limit', [printShort(limit)])
}

function join(args: readonly Edn[]): string {
  const separator = args.length === 1 ? '' : plainText(args[0]!)
  const last = args.at(-1)!
  const items = typeof last === 'string' ? [...last] : itemsOf(last)
  if (items === undefined) throw argumentsWrong('join', 'a collection is needed', [printShort(last)])
  return items.map(plainText).join(separator)
}

function indexOf(x: Edn, part: Edn, from: Edn | undefined): Edn {
  const start = from ?? 0
  if (typeof start !== 'number') throw argumentsWrong('index-of', 'a position is needed', [printShort(start)])
  const index = text('index-of', x).indexOf(text('index-of', part), start)
  return index < 0 ? null : index
}
