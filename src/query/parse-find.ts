// What a question asks for: the four shapes of `:find`, their elements, and the keys of return maps.

import { nearest } from '../base/nearest.ts'
import { functionUnknown } from '../engine/errors.ts'
import { Keyword } from '../fact/value.ts'
import { aggregateNamed, AGGREGATES } from '../plan/functions.ts'
import { parsePullSpot } from '../plan/parse-pull.ts'
import { show } from '../plan/show.ts'
import { isPlainName, isSource, isVariable, type Spot } from '../plan/spot.ts'
import type { Argument, Find, FindElement, ReturnKeys } from '../plan/syntax.ts'
import { callArityWrong, queryMalformed, returnKeysWrong } from './errors.ts'
import type { Names } from './parse-call.ts'

const SHAPES = 'Write ?a ?b, [?a ...], [?a ?b] or ?a .'

/** The find that stands after `:find`; `section` is for pointing where nothing stands. */
export function parseFind(section: Spot, spots: readonly Spot[], names: Names): Find {
  const [first, second] = spots
  if (first === undefined) throw queryMalformed(section, ':find asks for nothing', SHAPES)
  if (second?.symbol === '.') {
    if (spots.length > 2) throw queryMalformed(spots[2]!, 'Something follows the . of :find', SHAPES)
    return { kind: 'scalar', elements: [parseElement(first, names)] }
  }
  const inner = first.items()
  if (inner === undefined || isPlainName(inner[0]?.symbol)) {
    return { kind: 'relation', elements: spots.map((spot) => parseElement(spot, names)) }
  }
  if (second !== undefined) {
    throw queryMalformed(second, `Something follows ${show(first.form)} in :find`, SHAPES)
  }
  const [item, dots] = inner
  if (item === undefined) throw queryMalformed(first, ':find [] asks for nothing', SHAPES)
  if (dots?.symbol === '...') {
    if (inner.length > 2) throw queryMalformed(inner[2]!, 'Something follows the ... of :find', SHAPES)
    return { kind: 'collection', elements: [parseElement(item, names)] }
  }
  return { kind: 'tuple', elements: inner.map((spot) => parseElement(spot, names)) }
}

/** The keys of return maps, one for each element of the find. */
export function parseReturnKeys(
  kind: ReturnKeys['kind'],
  section: Spot,
  spots: readonly Spot[],
  find: Find,
): ReturnKeys {
  if (find.kind === 'collection' || find.kind === 'scalar') {
    throw returnKeysWrong(
      section,
      `:${kind} stands beside a ${find.kind} find`,
      'Maps come from ?a ?b (one for each row) and from [?a ?b] (one)',
    )
  }
  const keys = spots.map(keyName)
  if (keys.length !== find.elements.length) {
    throw returnKeysWrong(
      section,
      `:${kind} has ${keys.length} names for ${find.elements.length} elements of :find`,
      'Give one name for each element',
    )
  }
  const twice = keys.findIndex((name, index) => keys.indexOf(name) !== index)
  if (twice >= 0) {
    throw returnKeysWrong(
      spots[twice]!,
      `:${kind} has ${keys[twice]} twice`,
      'Give every element a name of its own',
    )
  }
  return { kind, names: keys }
}

function keyName(spot: Spot): string {
  if (spot.symbol !== undefined) return spot.symbol
  if (spot.form instanceof Keyword) return spot.form.text
  if (typeof spot.form === 'string') return spot.form
  throw returnKeysWrong(spot, `${show(spot.form)} is not a name`, 'Write names as symbols: :keys id total')
}

function parseElement(spot: Spot, names: Names): FindElement {
  const name = spot.symbol
  if (isVariable(name)) return { kind: 'variable', name, place: spot.place() }
  const items = spot.items()
  const head = items?.[0]
  if (items === undefined || head === undefined || !isPlainName(head.symbol)) {
    const fix =
      name === '.' || name === '...'
        ? SHAPES
        : 'Write a variable, (pull ?e [:a]) or an aggregate such as (sum ?x)'
    throw queryMalformed(spot, `${show(spot.form)} cannot stand in :find`, fix)
  }
  const rest = items.slice(1)
  return head.symbol === 'pull' ? parsePull(spot, rest) : parseAggregate(spot, head, rest, names)
}

function parsePull(spot: Spot, rest: readonly Spot[]): FindElement {
  const first = rest[0]?.symbol
  const source = isSource(first) ? first : '$'
  const [variable, pattern, surplus] = isSource(first) ? rest.slice(1) : rest
  const name = variable?.symbol
  if (!isVariable(name) || pattern === undefined || surplus !== undefined) {
    throw queryMalformed(
      spot,
      `${show(spot.form)} is not a pull`,
      'Write (pull ?e [:a :b]) or (pull $source ?e [:a :b])',
    )
  }
  const place = spot.place()
  const input = pattern.symbol
  if (isVariable(input) || (isPlainName(input) && input !== '*')) {
    return { kind: 'pull', source, variable: name, pattern: { kind: 'input', name: input }, place }
  }
  return { kind: 'pull', source, variable: name, pattern: parsePullSpot(pattern), place }
}

function parseAggregate(spot: Spot, head: Spot, rest: readonly Spot[], names: Names): FindElement {
  const written = head.symbol!
  const builtin = aggregateNamed(written)
  if (builtin === undefined && !names.isFunction(written)) {
    throw functionUnknown(written, nearest(written, AGGREGATES.keys()), head.place())
  }
  const last = rest.at(-1)
  const variable = last?.symbol
  if (last === undefined || !isVariable(variable)) {
    throw queryMalformed(
      last ?? spot,
      `${show(spot.form)} does not end in a variable`,
      'An aggregate takes one variable; compute it first in :where: [(+ ?x 1) ?y]',
    )
  }
  const leading = rest.slice(0, -1)
  if (builtin !== undefined) {
    const max = builtin.leadingCount === 'never' ? 0 : 1
    const min = builtin.leadingCount === 'needed' ? 1 : 0
    if (leading.length > max || leading.length < min) {
      throw callArityWrong(
        spot,
        builtin.name,
        max === 0 ? 'one variable' : 'a count and a variable',
        rest.length,
      )
    }
    for (const count of leading) checkCount(count)
  }
  const args = leading.map(parseLeading)
  return { kind: 'aggregate', name: builtin?.name ?? written, args, variable, place: spot.place() }
}

function parseLeading(spot: Spot): Argument {
  const name = spot.symbol
  if (isVariable(name)) return { kind: 'variable', name }
  if (isSource(name)) return { kind: 'source', name }
  return { kind: 'constant', value: spot.form }
}

function checkCount(spot: Spot): void {
  const { form } = spot
  if (isVariable(spot.symbol) || (typeof form === 'number' && Number.isSafeInteger(form) && form > 0)) return
  throw queryMalformed(
    spot,
    `${show(form)} says no count`,
    'Write a whole number from 1, or a variable of :in',
  )
}
