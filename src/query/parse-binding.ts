// Binding forms, as `:in` and functions use them: `?x`, `_`, `[?x ...]`, `[?x ?y]`, `[[?x ?y]]`.

import { show } from '../plan/show.ts'
import { isPlainName, isSource, isVariable, type Spot } from '../plan/spot.ts'
import type { Binding, Input } from '../plan/syntax.ts'
import { queryMalformed } from './errors.ts'

/** The binding that a form says. */
export function parseBinding(spot: Spot): Binding {
  const items = spot.items()
  if (items === undefined) return parseSimple(spot)
  const [first, second] = items
  if (first === undefined) {
    throw queryMalformed(
      spot,
      'The binding form [] binds nothing',
      'Name a variable: [?x ...], [?x ?y] or [[?x ?y]]',
    )
  }
  if (second?.symbol === '...') {
    if (items.length === 2) return { kind: 'collection', item: parseSimple(first) }
    throw queryMalformed(spot, `Something follows ... in ${show(spot.form)}`, 'A collection is [?x ...]')
  }
  const inner = first.items()
  if (inner !== undefined) {
    if (items.length > 1 || inner.length === 0) throw nested(spot)
    return { kind: 'relation', items: inner.map(parseSimple) }
  }
  return { kind: 'tuple', items: items.map(parseSimple) }
}

/** One input of `:in`. */
export function parseInput(spot: Spot): Input {
  const name = spot.symbol
  if (isSource(name)) return { kind: 'source', name }
  if (name === '%') return { kind: 'rules' }
  // A plain word names an input as well: (pull ?e pattern) with :in $ pattern.
  if (isPlainName(name)) return { kind: 'binding', binding: { kind: 'variable', name } }
  return { kind: 'binding', binding: parseBinding(spot) }
}

function parseSimple(spot: Spot): Binding {
  const name = spot.symbol
  if (isVariable(name)) return { kind: 'variable', name }
  if (name === '_') return { kind: 'blank' }
  if (spot.items() !== undefined) throw nested(spot)
  throw queryMalformed(spot, `${show(spot.form)} binds nothing`, 'Write a variable such as ?x, or _')
}

function nested(spot: Spot): Error {
  return queryMalformed(
    spot,
    `The binding form ${show(spot.form)} is nested too deeply`,
    'Bind the inner collection to a variable and take it apart with [(identity ?x) [?y ...]]',
  )
}
