// What values mean where they stand: an ident, a lookup ref or a t names an entity, an entity has a name, a float attribute
// rounds. A meaning of nobody is null, which no fact has.

import { type Attribute, TX_BASE } from '../fact/attribute.ts'
import type { FactSource } from '../fact/datom.ts'
import { type Edn, Float, numberType, toDouble } from '../fact/value.ts'
import { isLookupRef } from './entity.ts'
import { EntityReader } from './entity-reader.ts'
import type { Reading } from './plan.ts'
import type { SourceName, Variable } from './syntax.ts'
import { hasType } from './value-type.ts'

/** The variable that stands for what another one means. A space cannot stand in a name that somebody wrote. */
export function meaningName(of: Variable, reading: Reading, source: SourceName): Variable {
  return `${of} as ${reading} of ${source}`
}

export function readerOf(reading: Reading, facts: FactSource): (value: Edn) => Edn {
  const entities = new EntityReader(facts)
  switch (reading) {
    case 'entity':
      return (value) => entities.read(value) ?? null
    case 'transaction':
      return (value) => {
        const entity = entities.read(value)
        return entity === undefined ? null : entity >= TX_BASE ? entity : TX_BASE + entity
      }
    case 'float':
      return (value) => (numberType(value) === undefined ? value : new Float(toDouble(value)))
    case 'compared':
      return (value) => (isLookupRef(value) ? (entities.read(value) ?? null) : value)
    case 'name':
      return (value) => (typeof value === 'number' ? (facts.schema.identOf(value) ?? null) : value)
  }
}

/** Understands a value as the attribute beside it does: what somebody wrote there. */
export function valueReader(facts: FactSource): (attribute: Attribute, value: Edn) => Edn {
  const entities = new EntityReader(facts)
  return ({ valueType }, value) => {
    if (valueType === 'ref') return entities.read(value) ?? null
    if (valueType === 'float' && numberType(value) !== undefined) return new Float(toDouble(value))
    return hasType(valueType, value) ? value : null
  }
}
