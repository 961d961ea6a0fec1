import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scalars } from '../testing/arbitrary-values.ts'
import type { Attribute, AttributeId, EntityId } from './attribute.ts'
import * as boot from './bootstrap.ts'
import { compareDatoms, type Datom } from './datom.ts'
import { Schema } from './schema.ts'
import { compareValues, type Keyword, keyword, symbol, type Value } from './value.ts'

const FIRST = boot.BUILTIN_COUNT
const k = keyword

function fact(e: EntityId, a: AttributeId, v: Value, t = 1, added = true): Datom {
  return { e, a, v, t, added }
}

/** The facts that declare an attribute. */
function declared(
  id: AttributeId,
  ident: string,
  type: string,
  ...more: readonly [AttributeId, Value][]
): Datom[] {
  return [
    fact(id, boot.DB_IDENT, k(ident)),
    fact(id, boot.DB_VALUE_TYPE, boot.BUILTIN.get(`db.type/${type}`)!),
    fact(id, boot.DB_CARDINALITY, boot.CARDINALITY_ONE),
    ...more.map(([a, v]) => fact(id, a, v)),
  ]
}

const named = (schema: Schema, ident: string): Attribute | undefined => schema.attributeNamed(k(ident))

describe('a schema', () => {
  it('knows itself from its bootstrap, which describes what it is made of', () => {
    expect([...Schema.bootstrap.attributes()]).toEqual([...boot.BUILTIN_ATTRIBUTES])
    expect(Schema.bootstrap.entityNamed(k('db.type/tuple'))).toBe(boot.BUILTIN.get('db.type/tuple'))
    expect(named(Schema.bootstrap, 'order/id')).toBeUndefined()
  })

  it('is the same object where a transaction says nothing about it', () => {
    const other = [fact(5_000, FIRST, 'tea'), fact(5_001, boot.DB_DOC, 'a text')]
    expect(Schema.bootstrap.apply(other)).toBe(Schema.bootstrap)
  })

  it('has what facts say of an attribute', () => {
    const schema = Schema.bootstrap.apply([
      ...declared(FIRST, 'order/id', 'string', [boot.DB_UNIQUE, boot.UNIQUE_IDENTITY]),
      ...declared(FIRST + 1, 'order/line', 'ref', [boot.DB_IS_COMPONENT, true], [boot.DB_NO_HISTORY, true]),
      ...declared(
        FIRST + 2,
        'order/note',
        'string',
        [boot.DB_INDEX, true],
        [boot.DB_ATTR_PREDS, symbol('my/short?')],
      ),
    ])
    const nothing = {
      cardinality: 'one',
      isComponent: false,
      noHistory: false,
      tuple: undefined,
      predicates: [],
    }
    expect(named(schema, 'order/id')).toEqual({
      ...nothing,
      id: FIRST,
      ident: k('order/id'),
      valueType: 'string',
      unique: 'identity',
      isIndexed: true,
    })
    expect(named(schema, 'order/line')).toMatchObject({
      valueType: 'ref',
      isComponent: true,
      noHistory: true,
    })
    expect(named(schema, 'order/note')).toMatchObject({ isIndexed: true, predicates: [symbol('my/short?')] })
    expect(schema.t).toBe(1)
    // Entities first described by attributes of one namespace share a kind: the lowest id.
    expect(schema.kindOfAttribute(named(schema, 'order/note')!)).toBe(FIRST)
  })

  it('changes with later facts, and an older one stays as it was', () => {
    const before = Schema.bootstrap.apply(declared(FIRST, 'a/n', 'long'))
    const after = before.apply([
      fact(FIRST, boot.DB_CARDINALITY, boot.CARDINALITY_ONE, 2, false),
      fact(FIRST, boot.DB_CARDINALITY, boot.CARDINALITY_MANY, 2),
      fact(FIRST, boot.DB_UNIQUE, boot.UNIQUE_VALUE, 2),
    ])
    expect(named(after, 'a/n')).toMatchObject({ cardinality: 'many', unique: 'value' })
    expect(named(before, 'a/n')).toMatchObject({ cardinality: 'one', unique: undefined })
    const again = after.apply([fact(FIRST, boot.DB_UNIQUE, boot.UNIQUE_VALUE, 3, false)])
    expect(named(again, 'a/n')).toMatchObject({ unique: undefined, isIndexed: false })
  })

  it('resolves an old name until another takes it', () => {
    const first = Schema.bootstrap.apply(declared(FIRST, 'a/old', 'long'))
    const renamed = first.apply([
      fact(FIRST, boot.DB_IDENT, k('a/old'), 2, false),
      fact(FIRST, boot.DB_IDENT, k('a/new'), 2),
    ])
    expect(named(renamed, 'a/old')).toBe(named(renamed, 'a/new'))
    expect(renamed.identOf(FIRST)).toBe(k('a/new'))
    const taken = renamed.apply(declared(FIRST + 1, 'a/old', 'string'))
    expect(named(taken, 'a/old')?.id).toBe(FIRST + 1)
    expect(named(taken, 'a/new')?.id).toBe(FIRST)
  })

  it('gives a name that moves within a transaction to its new holder, in any order of the facts', () => {
    const two = Schema.bootstrap.apply([
      ...declared(FIRST, 'a/x', 'long'),
      ...declared(FIRST + 1, 'a/y', 'long'),
    ])
    const swap = [
      fact(FIRST, boot.DB_IDENT, k('a/y'), 2),
      fact(FIRST + 1, boot.DB_IDENT, k('a/x'), 2),
      fact(FIRST, boot.DB_IDENT, k('a/x'), 2, false),
      fact(FIRST + 1, boot.DB_IDENT, k('a/y'), 2, false),
    ]
    for (const datoms of [swap, swap.toReversed()]) {
      const swapped = two.apply(datoms)
      expect([named(swapped, 'a/x')?.id, named(swapped, 'a/y')?.id]).toEqual([FIRST + 1, FIRST])
    }
  })

  it('knows tuples in their three kinds, a composite by its parts whatever they are called later', () => {
    const parts: readonly Keyword[] = [k('a/x'), k('a/y')]
    const schema = Schema.bootstrap.apply([
      ...declared(FIRST, 'a/x', 'long'),
      ...declared(FIRST + 1, 'a/y', 'ref'),
      ...declared(FIRST + 2, 'a/both', 'tuple', [boot.DB_TUPLE_ATTRS, parts]),
      ...declared(FIRST + 3, 'a/given', 'tuple', [
        boot.DB_TUPLE_TYPES,
        [k('db.type/long'), k('db.type/string')],
      ]),
      ...declared(FIRST + 4, 'a/alike', 'tuple', [boot.DB_TUPLE_TYPE, k('db.type/uuid')]),
    ])
    const both = { kind: 'composite', attributes: [FIRST, FIRST + 1], types: ['long', 'ref'] }
    expect(named(schema, 'a/both')?.tuple).toEqual(both)
    expect(named(schema, 'a/given')?.tuple).toEqual({ kind: 'heterogeneous', types: ['long', 'string'] })
    expect(named(schema, 'a/alike')?.tuple).toEqual({ kind: 'homogeneous', type: 'uuid' })
    expect(schema.compositesOf(FIRST).map(({ ident }) => ident)).toEqual([k('a/both')])
    expect(schema.compositesOf(FIRST + 4)).toEqual([])
    const renamed = schema.apply([
      fact(FIRST, boot.DB_IDENT, k('a/x'), 2, false),
      fact(FIRST, boot.DB_IDENT, k('a/z'), 2),
    ])
    expect(named(renamed, 'a/both')?.tuple).toEqual(both)
  })

  it('takes hundreds of thousands of names in one transaction', () => {
    const names = Array.from({ length: 200_000 }, (_, i) =>
      fact(FIRST + i, boot.DB_IDENT, k(`country/c${i}`), 3),
    )
    const schema = Schema.bootstrap.apply(names)
    expect(schema.entityNamed(k('country/c199999'))).toBe(FIRST + 199_999)
    expect(schema.t).toBe(3)
  })
})

describe('the orders of an index', () => {
  it('follow the letters of its name', () => {
    const datoms = fc.record({ e: fc.nat(3), a: fc.nat(3), v: scalars, t: fc.nat(3), added: fc.boolean() })
    fc.assert(
      fc.property(fc.constantFrom('eavt', 'aevt', 'avet', 'vaet'), datoms, datoms, (index, x, y) => {
        const differences = [...index, 'added'].map((letter) => {
          if (letter === 'v') return compareValues(x.v, y.v)
          const place = letter as 'e' | 'a' | 't' | 'added'
          return Number(x[place]) - Number(y[place])
        })
        const expected = differences.find((difference) => difference !== 0) ?? 0
        expect(Math.sign(compareDatoms(index as 'eavt', x, y))).toBe(Math.sign(expected))
      }),
      { numRuns: 500 },
    )
  })
})
