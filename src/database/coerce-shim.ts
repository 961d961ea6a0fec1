import { VarveError } from '../base/errors.ts'
import type { Attribute, ValueType } from '../fact/attribute.ts'
import { BigInteger, Decimal, double, EdnSymbol, Float, Keyword, numberType, toDouble, Uri, Uuid, long, LONG_MAX, LONG_MIN, type Edn, type Scalar, type Value } from '../fact/value.ts'

export type CoerceContext = { readonly resolveRef: (form: Edn) => number; readonly fromJson: boolean }

function bad(code: string, attribute: Attribute, value: Edn): VarveError {
  return new VarveError({ code, kind: 'incorrect', message: `${String(attribute.ident)} cannot hold ${String(value)}`, fix: 'x' })
}

export function coerceValue(attribute: Attribute, value: Edn, context: CoerceContext): Value {
  if (attribute.valueType === 'tuple') {
    if (!Array.isArray(value) || value.length < 2 || value.length > 8) throw bad('db.error/invalid-tuple-value', attribute, value)
    const tuple = attribute.tuple!
    const types: readonly ValueType[] = tuple.kind === 'homogeneous' ? value.map(() => tuple.type) : tuple.types
    if (types.length !== value.length) throw bad('db.error/invalid-tuple-value', attribute, value)
    return value.map((item: Edn, i) => {
      if (item === null) return null
      if (tuple.kind === 'composite' && types[i] === 'ref' && typeof item !== 'number') throw bad('db.error/invalid-tuple-value', attribute, value)
      const v = scalar(types[i]!, item, context)
      if (v === undefined || (typeof v === 'string' && v.length > 255)) throw bad('db.error/invalid-tuple-value', attribute, value)
      return v
    })
  }
  const v = scalar(attribute.valueType, value, context)
  if (v === undefined) throw bad('db.error/wrong-type-for-attribute', attribute, value)
  return v
}

function scalar(type: ValueType, v: Edn, context: CoerceContext): Scalar | undefined {
  switch (type) {
    case 'string': return typeof v === 'string' ? v : undefined
    case 'keyword': return v instanceof Keyword ? v : undefined
    case 'symbol': return v instanceof EdnSymbol ? v : undefined
    case 'boolean': return typeof v === 'boolean' ? v : undefined
    case 'instant': return v instanceof Date ? v : undefined
    case 'uuid': return v instanceof Uuid ? v : undefined
    case 'uri': return v instanceof Uri ? v : undefined
    case 'bytes': return v instanceof Uint8Array ? v : undefined
    case 'ref': return context.resolveRef(v)
    case 'tuple': return undefined
    default: {
      const n = numberType(v)
      if (n === undefined) return undefined
      const x = toDouble(v)
      if (type === 'double') return Number.isNaN(x) ? undefined : double(x)
      if (type === 'float') return Number.isFinite(Math.fround(x)) ? new Float(x) : undefined
      if (type === 'bigdec') return v instanceof Decimal ? v : new Decimal(String(x))
      const whole = v instanceof BigInteger ? v.value : typeof v === 'bigint' ? v : Number.isInteger(x) ? BigInt(x) : undefined
      if (whole === undefined) return undefined
      if (type === 'bigint') return new BigInteger(whole)
      return whole < LONG_MIN || whole > LONG_MAX ? undefined : long(whole)
    }
  }
}
