// Pull patterns, from their data form (or a string of EDN) to the syntax tree: everything that Datomic's grammar
// knows, the old `(limit :a 5)` and `(default :a 0)` among it. Lists and vectors count alike, since JSON has
// only arrays. Whether an attribute exists is asked later, of a schema.

import type { Place } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, EdnSymbol, Keyword, keyOf, keyword } from '../fact/value.ts'
import { patternMalformed, pullAttributeTwice, pullKeyTwice, pullOptionUnknown } from './errors.ts'
import { show } from './show.ts'
import { type PlaceOf, Spot } from './spot.ts'
import type { PullAttribute, PullPattern } from './syntax.ts'

/** How many values of one attribute a pull gives where the pattern does not say. */
export const PULL_LIMIT_DEFAULT = 1000
/** How deep patterns nest in each other. */
export const PULL_NESTING_MAX = 100

const OPTIONS = [':as', ':limit', ':default', ':xform']

/** The pattern that a form, or a string of EDN, says. */
export function parsePullPattern(form: Edn, placeOf?: PlaceOf): PullPattern {
  return parsePullSpot(Spot.root(form, placeOf))
}

/** The pattern that stands at a place of a larger form. */
export function parsePullSpot(spot: Spot): PullPattern {
  if (typeof spot.form === 'string') {
    const { value, places } = readEdn(spot.form, { source: 'pattern' })
    return parsePattern(Spot.root(value, places.placeOf), 0)
  }
  return parsePattern(spot, 0)
}

function parsePattern(spot: Spot, depth: number): PullPattern {
  const items = spot.items()
  if (items === undefined) {
    throw malformed(
      spot,
      `${show(spot.form)} is not a pull pattern`,
      'A pattern is a vector: [:order/id :order/date]',
    )
  }
  if (items.length === 0) {
    throw malformed(spot, 'The pull pattern asks for nothing', 'Name attributes, or * for all of them')
  }
  if (depth > PULL_NESTING_MAX) {
    throw malformed(
      spot,
      `The pull pattern is nested deeper than ${PULL_NESTING_MAX}`,
      'Use recursion: {:a ...}',
    )
  }
  let wildcard = false
  const attributes: PullAttribute[] = []
  for (const item of items) {
    if (isWord(item.form, '*')) wildcard = true
    else attributes.push(...parseSpec(item, depth))
  }
  refuseDoubles(attributes, wildcard)
  return { kind: 'pattern', wildcard, attributes }
}

function parseSpec(spot: Spot, depth: number): readonly PullAttribute[] {
  const entries = spot.entries()
  if (entries === undefined) return [parseAttribute(spot)]
  return entries.map(({ key, value }) => {
    const attribute = parseAttribute(key)
    if (attribute.attribute.text === 'db/id') {
      throw malformed(
        key,
        ':db/id is no reference',
        'Ask for :db/id beside the map, or in the nested pattern',
      )
    }
    return { ...attribute, nested: parseNested(value, depth) }
  })
}

function parseNested(spot: Spot, depth: number): PullAttribute['nested'] {
  const { form } = spot
  if (isWord(form, '...')) return { kind: 'recursion', depth: Infinity }
  if (typeof form === 'number') {
    if (Number.isSafeInteger(form) && form >= 1) return { kind: 'recursion', depth: form }
    throw malformed(spot, `${show(form)} is no depth of recursion`, 'Write ... or a whole number from 1')
  }
  return { kind: 'pattern', pattern: parsePattern(spot, depth + 1) }
}

/** `:a`, `[:a :limit 5 …]`, `(limit :a 5)` or `(default :a 0)`. */
function parseAttribute(spot: Spot): PullAttribute {
  if (spot.form instanceof Keyword) return plainAttribute(spot.form, spot.place())
  const items = spot.items()
  const [head, ...rest] = items ?? []
  if (head !== undefined && (isWord(head.form, 'limit') || isWord(head.form, 'default'))) {
    return parseOldForm(spot, isWord(head.form, 'limit') ? ':limit' : ':default', rest)
  }
  if (head === undefined || !(head.form instanceof Keyword)) {
    throw malformed(
      spot,
      `${show(spot.form)} is not an attribute of a pull pattern`,
      'Write :a, [:a :limit 5], {:a [:b]} or *',
    )
  }
  return withOptions(plainAttribute(head.form, spot.place()), rest)
}

function parseOldForm(spot: Spot, option: string, rest: readonly Spot[]): PullAttribute {
  const [attribute, value] = rest
  if (rest.length !== 2 || attribute === undefined || value === undefined) {
    throw malformed(spot, `${show(spot.form)} takes an attribute and a value`, `Write [:a ${option} 5]`)
  }
  if (!(attribute.form instanceof Keyword)) {
    throw malformed(
      attribute,
      `${show(attribute.form)} is not an attribute`,
      'Attributes are keywords: :order/id',
    )
  }
  return withOption(plainAttribute(attribute.form, spot.place()), option, value)
}

function plainAttribute(asked: Keyword, place: Place): PullAttribute {
  const isReverse = asked.namespace !== null && asked.name.startsWith('_')
  return {
    attribute: isReverse ? keyword(`${asked.namespace}/${asked.name.slice(1)}`) : asked,
    isReverse,
    key: asked,
    limit: PULL_LIMIT_DEFAULT,
    isLimitGiven: false,
    default: undefined,
    xform: undefined,
    nested: { kind: 'none' },
    place,
  }
}

function withOptions(plain: PullAttribute, rest: readonly Spot[]): PullAttribute {
  const seen = new Set<string>()
  let attribute = plain
  for (let index = 0; index < rest.length; index += 2) {
    const name = rest[index]!
    const value = rest[index + 1]
    const option = typeof name.form === 'string' ? `:${name.form.replace(/^:/, '')}` : show(name.form)
    if (value === undefined) {
      throw malformed(
        name,
        `The option ${option} has no value`,
        'Options come in pairs: [:a :limit 5 :as :b]',
      )
    }
    if (seen.has(option)) throw malformed(name, `The option ${option} stands twice`, 'Give it once')
    seen.add(option)
    if (!OPTIONS.includes(option)) throw pullOptionUnknown(option, nearest(option, OPTIONS), name.place())
    attribute = withOption(attribute, option, value)
  }
  return attribute
}

function withOption(attribute: PullAttribute, option: string, value: Spot): PullAttribute {
  switch (option) {
    case ':as':
      return { ...attribute, key: value.form }
    case ':default':
      // nil is no value: it leaves the attribute out, as if there were no default.
      return { ...attribute, default: value.form ?? undefined }
    case ':limit':
      return { ...attribute, limit: parseLimit(value), isLimitGiven: true }
    default:
      return { ...attribute, xform: parseXform(value) }
  }
}

function parseLimit(spot: Spot): number | null {
  const { form } = spot
  if (form === null) return null
  if (typeof form === 'number' && Number.isSafeInteger(form) && form >= 1) return form
  throw malformed(spot, `${show(form)} is not a limit`, 'A limit is a whole number from 1, or nil for none')
}

function parseXform(spot: Spot): string {
  if (spot.form instanceof EdnSymbol) return spot.form.text
  if (typeof spot.form === 'string') return spot.form
  throw malformed(
    spot,
    `${show(spot.form)} is not the name of a function`,
    'Write [:a :xform my.functions/f]',
  )
}

function refuseDoubles(attributes: readonly PullAttribute[], wildcard: boolean): void {
  const asked = new Set<string>()
  const keys = new Set<unknown>()
  for (const { attribute, isReverse, key, place } of attributes) {
    const name = isReverse ? `:${attribute.namespace}/_${attribute.name}` : attribute.toString()
    if (asked.has(name)) throw pullAttributeTwice(name, place ?? {})
    asked.add(name)
    // The wildcard brings :db/id under its own name, unless the pattern names it differently.
    const isId = wildcard && key instanceof Keyword && key.text === 'db/id' && attribute !== key
    if (isId || keys.has(keyOf(key))) throw pullKeyTwice(show(key), place)
    keys.add(keyOf(key))
  }
}

function isWord(form: Edn, word: string): boolean {
  return form === word || (form instanceof EdnSymbol && form.text === word)
}

function malformed(spot: Spot, message: string, fix: string): Error {
  return patternMalformed(message, fix, spot.place())
}
