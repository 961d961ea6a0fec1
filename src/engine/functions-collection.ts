// Functions over vectors, lists, sets and maps. A map, taken as a collection, is its entries as vectors of two.

import { EdnList, EdnMap, EdnSet, equalValues, textKey, type Edn, numberType } from '../fact/value.ts'
import { argumentsWrong } from './errors.ts'
import { printShort } from './print.ts'

/** The items of any collection, nil as none; undefined where the value is none. */
export function itemsOf(x: Edn): readonly Edn[] | undefined {
  if (x === null) return []
  if (Array.isArray(x)) return x as readonly Edn[]
  if (x instanceof EdnList || x instanceof EdnSet) return x.items
  if (x instanceof EdnMap) return x.entries
  return undefined
}

/** How many items; characters count as UTF-16 units, as in Clojure. */
export function countOf(name: string, x: Edn): number {
  return typeof x === 'string' ? x.length : sequence(name, x).length
}

/** A set of the items, each once, the first of equal ones kept. */
export function setOf(items: Iterable<Edn>): EdnSet {
  const seen = new Map<string, Edn>()
  for (const item of items) {
    const key = textKey(item)
    if (!seen.has(key)) seen.set(key, item)
  }
  return new EdnSet([...seen.values()])
}

export const COLLECTION_FUNCTIONS: readonly (readonly [string, (args: readonly Edn[]) => Edn])[] = [
  ['first', ([x]) => sequence('first', x!)[0] ?? null],
  ['second', ([x]) => sequence('second', x!)[1] ?? null],
  ['last', ([x]) => sequence('last', x!).at(-1) ?? null],
  ['rest', ([x]) => new EdnList(sequence('rest', x!).slice(1))],
  ['nth', ([x, index, otherwise]) => nth(x!, index!, otherwise)],
  ['get', ([x, key, otherwise]) => get(x!, key!, otherwise ?? null)],
  ['contains?', ([x, key]) => contains(x!, key!)],
  ['vector', (args) => args],
  ['tuple', (args) => args],
  ['untuple', ([x]) => untuple(x!)],
  ['list', (args) => new EdnList(args)],
  ['hash-set', (args) => setOf(args)],
  ['set', ([x]) => setOf(sequence('set', x!))],
  ['hash-map', (args) => hashMap(args)],
  ['keys', ([x]) => parts('keys', x!, 0)],
  ['vals', ([x]) => parts('vals', x!, 1)],
]

function sequence(name: string, x: Edn): readonly Edn[] {
  const items = typeof x === 'string' ? [...x] : itemsOf(x)
  if (items === undefined) throw argumentsWrong(name, 'a collection is needed', [printShort(x)])
  return items
}

function nth(x: Edn, index: Edn, otherwise: Edn | undefined): Edn {
  const items = sequence('nth', x)
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < items.length) {
    return items[index]!
  }
  if (otherwise !== undefined && numberType(index) === 'long') return otherwise
  throw argumentsWrong('nth', 'the index is not in the collection', [printShort(x), printShort(index)])
}

function get(x: Edn, key: Edn, otherwise: Edn): Edn {
  if (x instanceof EdnMap) {
    const found = x.get(key)
    return found === undefined ? otherwise : found
  }
  if (x instanceof EdnSet) return x.items.find((item) => equalValues(item, key)) ?? otherwise
  if (Array.isArray(x)) return typeof key === 'number' ? ((x as readonly Edn[])[key] ?? otherwise) : otherwise
  if (typeof x === 'string') return typeof key === 'number' ? (x[key] ?? otherwise) : otherwise
  return otherwise
}

function contains(x: Edn, key: Edn): boolean {
  if (x === null) return false
  if (x instanceof EdnMap) return x.get(key) !== undefined
  if (x instanceof EdnSet) return x.items.some((item) => equalValues(item, key))
  if (Array.isArray(x) || typeof x === 'string') {
    return typeof key === 'number' && Number.isInteger(key) && key >= 0 && key < x.length
  }
  throw argumentsWrong('contains?', 'a set, a map or a vector is needed', [printShort(x), printShort(key)])
}

function untuple(x: Edn): Edn {
  if (x === null || Array.isArray(x)) return x
  throw argumentsWrong('untuple', 'a tuple is needed', [printShort(x)])
}

function hashMap(args: readonly Edn[]): Edn {
  if (args.length % 2 !== 0)
    throw argumentsWrong('hash-map', 'keys and values in pairs are needed', args.map(printShort))
  const entries = new Map<string, readonly [Edn, Edn]>()
  for (let i = 0; i < args.length; i += 2) entries.set(textKey(args[i]!), [args[i]!, args[i + 1]!])
  return new EdnMap([...entries.values()])
}

function parts(name: string, x: Edn, place: 0 | 1): Edn {
  if (x === null) return null
  if (!(x instanceof EdnMap)) throw argumentsWrong(name, 'a map is needed', [printShort(x)])
  return x.entries.length === 0 ? null : new EdnList(x.entries.map((entry) => entry[place]))
}
