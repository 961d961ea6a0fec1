// Index access: components and bounds, made of plain values, become places of an index.

import { VarveError } from '../base/errors.ts'
import type { Datom, FactSource, IndexName } from '../fact/datom.ts'
import { type Edn, Keyword, type Value } from '../fact/value.ts'
import { coerceValue } from '../fact/coerce.ts'
import type { Attribute } from '../fact/attribute.ts'
import { resolveAttribute, resolveEntity } from '../plan/entity.ts'

const INDICES: readonly string[] = ['eavt', 'aevt', 'avet', 'vaet']

/** The facts of an index whose leading places equal the components. */
export function indexDatoms(facts: FactSource, index: IndexName, forms: readonly Edn[]): Iterable<Datom> {
  if (!INDICES.includes(index)) throw indexUnknown(index)
  if (forms.length > 3) throw tooManyComponents(index)
  const places = index === 'vaet' ? 'vae' : index.slice(0, 3)
  const at = places.indexOf('a')
  const attribute = forms[at] === undefined ? undefined : attributeOf(facts, forms[at])
  const prefix: Value[] = []
  for (const [i, form] of forms.entries()) {
    const value = placeValue(facts, places[i]!, form, attribute)
    // A reference to nobody: no fact has it.
    if (value === undefined) return []
    prefix.push(value)
  }
  return facts.range(index, { prefix })
}

/** The facts of one attribute by value, `from` included and `to` excluded; null leaves a side open. */
export function indexRange(facts: FactSource, name: Edn, from: Edn, to: Edn): Iterable<Datom> {
  const attribute = attributeOf(facts, name)
  const bound = (value: Edn): Value | undefined =>
    value === null ? undefined : placeValue(facts, 'v', value, attribute)
  const first = bound(from)
  const limit = bound(to)
  return facts.range('avet', {
    prefix: [attribute.id],
    ...(first !== undefined && { from: first }),
    ...(limit !== undefined && { to: limit }),
  })
}

function placeValue(
  facts: FactSource,
  place: string,
  form: Edn,
  attribute: Attribute | undefined,
): Value | undefined {
  if (place === 'a') return attributeOf(facts, form).id
  if (place === 'e' || attribute === undefined || attribute.valueType === 'ref')
    return resolveEntity(facts, form)
  return coerceValue(attribute, form, {
    resolveRef: (value) => resolveEntity(facts, value) ?? -1,
    isPlainData: true,
  })
}

function attributeOf(facts: FactSource, form: Edn): Attribute {
  const byId = typeof form === 'number' ? facts.schema.attribute(form) : undefined
  if (byId !== undefined) return byId
  return resolveAttribute(facts, form instanceof Keyword ? form : Keyword.of(String(form)))
}

function indexUnknown(index: string): VarveError {
  return new VarveError({
    code: 'varve.error/index-unknown',
    kind: 'incorrect',
    message: `There is no index ${index}`,
    fix: `Name one of ${INDICES.join(', ')}`,
    data: { index },
  })
}

function tooManyComponents(index: IndexName): VarveError {
  return new VarveError({
    code: 'varve.error/too-many-components',
    kind: 'incorrect',
    message: `An index has three places to fix; ${index} got more`,
    fix: 'Give at most three components, in the order of the index',
    data: { index },
  })
}
