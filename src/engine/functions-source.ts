// Functions that look at the facts of a source: `get-else`, `get-some`, `missing?`. Over a history they see every
// fact that ever was; where one value is asked, the last asserted one.

import { isPlanted } from '../base/planted.ts'
import type { Attribute } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { Keyword, type Edn } from '../fact/value.ts'
import { resolveAttribute, resolveEntity } from '../plan/entity.ts'
import { argumentsWrong } from './errors.ts'
import type { ValueFunction } from './functions.ts'
import { printShort } from './print.ts'

export const SOURCE_FUNCTIONS: ReadonlyMap<string, (facts: FactSource) => ValueFunction> = new Map([
  ['get-else', getElse],
  ['get-some', getSome],
  ['missing?', missing],
])

/** Finds what is wrong with constant arguments, before any row is seen. */
export function checkSourceCall(name: string, facts: FactSource, args: readonly (Edn | undefined)[]): void {
  const attributes = name === 'get-some' ? args.slice(1) : args.slice(1, 2)
  for (const given of attributes) {
    if (given !== undefined) attributeFor(name, facts, given)
  }
  if (name === 'get-else' && args[2] === null) throw nilDefault()
}

function getElse(facts: FactSource): ValueFunction {
  return ([entity, name, otherwise]) => {
    const attribute = attributeFor('get-else', facts, name!)
    if (otherwise === null) throw nilDefault()
    return valueOf(facts, entity!, attribute) ?? otherwise!
  }
}

function getSome(facts: FactSource): ValueFunction {
  return ([entity, ...names]) => {
    for (const attribute of names.map((name) => attributeFor('get-some', facts, name))) {
      const value = valueOf(facts, entity!, attribute)
      if (value !== undefined) return [attribute.id, value] as Edn
    }
    return null
  }
}

function missing(facts: FactSource): ValueFunction {
  return ([entity, name]) => {
    const attribute = attributeFor('missing?', facts, name!)
    const e = resolveEntity(facts, entity!)
    if (e === undefined) return true
    for (const _ of facts.match(e, attribute.id, undefined)) return false
    return true
  }
}

function attributeFor(name: string, facts: FactSource, given: Edn): Attribute {
  const attribute = typeof given === 'number' ? facts.schema.attribute(given) : undefined
  if (attribute === undefined && !(given instanceof Keyword)) {
    throw argumentsWrong(name, 'an attribute is needed', [printShort(given)])
  }
  const found = attribute ?? resolveAttribute(facts, given as Keyword)
  if (name !== 'missing?' && found.cardinality === 'many') {
    throw argumentsWrong(name, 'an attribute of cardinality one is needed', [`${found.ident}`])
  }
  return found
}

function valueOf(facts: FactSource, entity: Edn, attribute: Attribute): Edn | undefined {
  const e = resolveEntity(facts, entity)
  if (e === undefined) return undefined
  let value: Edn | undefined
  let assertedAt = -1
  for (const datom of facts.match(e, attribute.id, undefined)) {
    if (!datom.added || datom.t < assertedAt) continue
    if (isPlanted('get-else-takes-false-for-nothing') && datom.v === false) continue
    value = datom.v as Edn
    assertedAt = datom.t
  }
  return value
}

function nilDefault(): Error {
  return argumentsWrong('get-else', 'the default must not be nil', ['nil'])
}
