// What a restriction lets through, said once more and as plainly as can be: of all that ever happened, the datoms that
// show. A database made of them is what somebody restricted must not be able to tell from the one with all its secrets.
// Beside it, the same database with other secrets behind the same masks.

import type { Attribute, EntityId, ValueType } from '../fact/attribute.ts'
import { BUILTIN, BUILTIN_COUNT } from '../fact/bootstrap.ts'
import type { Datom } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { BigInteger, type Value } from '../fact/value.ts'
import { maskOf, type MaskName } from '../database/mask.ts'
import type { Restriction, Window } from '../database/restriction.ts'
import type { MaskedDatom } from './naive-facts.ts'

const SCHEMA_NAMES = [
  'db/ident',
  'db/valueType',
  'db/cardinality',
  'db/unique',
  'db/isComponent',
  'db/index',
  'db/noHistory',
  'db/doc',
  'db/tupleAttrs',
  'db/tupleType',
  'db/tupleTypes',
  'db.attr/preds',
]
const SCHEMA_IDS = new Set(SCHEMA_NAMES.map((name) => BUILTIN.get(name)!))
const DB_UNIQUE = BUILTIN.get('db/unique')!
const TX_INSTANT = BUILTIN.get('db/txInstant')!

export class NaiveRestriction {
  readonly #restriction: Restriction
  readonly #schema: Schema

  constructor(restriction: Restriction, schema: Schema) {
    this.#restriction = restriction
    this.#schema = schema
  }

  /** The datoms that show, with their masks. */
  shown(datoms: readonly Datom[]): readonly Datom[] {
    return datoms.flatMap((datom): readonly (Datom | MaskedDatom)[] => {
      const mask = this.#maskOf(datom)
      if (mask === 'hidden') return []
      if (mask === undefined || mask === 'null') return [datom]
      const type = this.#schema.attribute(datom.a)!.valueType
      const v = maskOf(mask, type, this.#restriction.hashKey)!(datom.v)
      return [{ ...datom, v, origin: datom }]
    })
  }

  /** The datoms that show, without masks: each masked value is another one of which the mask shows the same. */
  otherwise(datoms: readonly Datom[]): readonly Datom[] {
    return datoms.flatMap((datom): readonly Datom[] => {
      const mask = this.#maskOf(datom)
      if (mask === 'hidden') return []
      const type = this.#schema.attribute(datom.a)!.valueType
      return [mask === undefined ? datom : { ...datom, v: otherSecret(mask, type, datom.v) }]
    })
  }

  #maskOf({ e, a }: Datom): MaskName | undefined | 'hidden' {
    if (a === TX_INSTANT) return undefined
    if (SCHEMA_IDS.has(a)) {
      const described = this.#schema.attribute(e)
      if (e < BUILTIN_COUNT) return undefined
      if (described !== undefined) {
        if (!this.#isThere(described)) return 'hidden'
        const isMasked = this.#windows(e).some(({ mask }) => mask !== undefined && mask !== 'null')
        return a === DB_UNIQUE && isMasked ? 'hidden' : undefined
      }
    }
    const attribute = this.#schema.attribute(a)!
    if (!this.#isThere(attribute)) return 'hidden'
    const masks = this.#masksFor(a, e)
    for (const part of partsOf(attribute)) if (!this.#masksFor(part, e).includes(undefined)) return 'hidden'
    if (masks.includes(undefined)) return undefined
    return (
      masks.find((mask) => mask === 'last-four' || mask === 'year') ??
      masks.find((m) => m === 'hash') ??
      'hidden'
    )
  }

  #isThere(attribute: Attribute): boolean {
    return [attribute.id, ...partsOf(attribute)].every((a) => this.#windows(a).length > 0)
  }

  #windows(a: number): readonly Window[] {
    return this.#restriction.windows.get(a) ?? []
  }

  #masksFor(a: number, e: EntityId): readonly (MaskName | undefined)[] {
    return this.#windows(a)
      .filter(({ entities }) => entities === undefined || entities.includes(e))
      .map(({ mask }) => mask)
  }
}

function partsOf({ tuple }: Attribute): readonly number[] {
  return tuple?.kind === 'composite' ? tuple.attributes : []
}

/** Another value for each, of which the mask shows the same. What a hash shows only the value itself has. */
function otherSecret(mask: MaskName, type: ValueType, value: Value): Value {
  if (mask === 'year') return otherMoment(value as Date)
  if (mask !== 'last-four') return value
  if (type === 'string') return otherText(value as string)
  if (type === 'bigint') return new BigInteger(otherNumber((value as BigInteger).value))
  const other = otherNumber(BigInt(value as number | bigint))
  return Number.isSafeInteger(Number(other)) ? Number(other) : other
}

/** The moment as far from the end of its year as this one is from the beginning. */
function otherMoment(moment: Date): Date {
  const year = moment.getUTCFullYear()
  return new Date(Date.UTC(year, 0, 1) + Date.UTC(year + 1, 0, 1) - 1 - moment.getTime())
}

function otherText(text: string): string {
  const characters = [...text]
  const hidden = characters.length - Math.min(4, characters.length >> 1)
  return characters.map((one, at) => (at < hidden ? (OTHER_LETTERS.get(one) ?? one) : one)).join('')
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789']
const OTHER_LETTERS = new Map(LETTERS.map((letter, at) => [letter, LETTERS[(at + 29) % LETTERS.length]!]))

/** As many digits, the hidden ones all different. Longs so large that others might be too large stay. */
function otherNumber(value: bigint): bigint {
  const digits = String(value < 0n ? -value : value)
  if (digits.length > 18) return value
  const hidden = digits.length - Math.min(4, digits.length >> 1)
  const other = [...digits].map((digit, at) => {
    if (at >= hidden) return digit
    return at === 0 && digits.length > 1 ? String((Number(digit) % 9) + 1) : String((Number(digit) + 1) % 10)
  })
  return BigInt(other.join('')) * (value < 0n ? -1n : 1n)
}
