import { describe, expect, it } from 'vitest'
import { VarveError } from '../base/errors.ts'
import { writeEdn } from '../fact/edn-writer.ts'
import { connect } from './connect.ts'
import { defineSchema } from '../interface/define-schema.ts'
import type { Attributes } from '../interface/types/attributes.ts'

describe('defineSchema', () => {
  it('writes every feature of an attribute as transaction data', () => {
    const schema = defineSchema('shop', {
      ':a/code': { type: 'string', unique: 'identity', doc: 'printed on it' },
      ':a/tags': { type: 'keyword', many: true, index: true, noHistory: true, predicates: ['shop/short?'] },
      ':a/parts': { type: 'ref', many: true, component: true },
      ':a/size': { type: 'tuple', of: 'long' },
      ':a/place': { type: 'tuple', types: ['string', 'ref'] },
      ':a/both': { type: 'tuple', attributes: [':a/code', ':a/weight'], unique: 'value' },
      ':kind/book': { type: 'ident', doc: 'printed' },
      ':a/complete': { type: 'entity-spec', attributes: [':a/code'], predicates: ['shop/complete?'] },
    })
    const text = writeEdn(schema.toTransaction())
    expect(schema).toMatchObject({ name: 'shop', alias: 'shop' })
    expect(text).toBe(
      '[' +
        [
          '{:db/ident :a/code, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one, :db/unique :db.unique/identity, :db/doc "printed on it"}',
          '{:db/ident :a/tags, :db/valueType :db.type/keyword, :db/cardinality :db.cardinality/many, :db/index true, :db/noHistory true, :db.attr/preds [shop/short?]}',
          '{:db/ident :a/parts, :db/valueType :db.type/ref, :db/cardinality :db.cardinality/many, :db/isComponent true}',
          '{:db/ident :a/size, :db/valueType :db.type/tuple, :db/cardinality :db.cardinality/one, :db/tupleType :db.type/long}',
          '{:db/ident :a/place, :db/valueType :db.type/tuple, :db/cardinality :db.cardinality/one, :db/tupleTypes [:db.type/string :db.type/ref]}',
          '{:db/ident :a/both, :db/valueType :db.type/tuple, :db/cardinality :db.cardinality/one, :db/unique :db.unique/value, :db/tupleAttrs [:a/code :a/weight]}',
          '{:db/ident :kind/book, :db/doc "printed"}',
          '{:db/ident :a/complete, :db.entity/attrs [:a/code], :db.entity/preds [shop/complete?]}',
        ].join(' ') +
        ']',
    )
  })

  it('takes an alias', () => {
    expect(defineSchema('purchases', { alias: 'pur' }, {})).toMatchObject({ name: 'purchases', alias: 'pur' })
  })

  it('declares what a database then obeys', async () => {
    const schema = defineSchema('shop', {
      ':a/code': { type: 'string', unique: 'identity' },
      ':a/cents': { type: 'long' },
      ':a/both': { type: 'tuple', attributes: [':a/code', ':a/cents'] },
      ':a/kind': { type: 'ref' },
      ':kind/book': { type: 'ident' },
      ':a/complete': { type: 'entity-spec', attributes: [':a/code', ':a/cents'] },
    })
    await using varve = await connect('memory:')
    const shop = await varve.open(schema)
    await shop.transact([
      { ':a/code': 'x', ':a/cents': 5, ':a/kind': ':kind/book', ':db/ensure': ':a/complete' },
    ])
    const found = '[:find [?both ?kind] :where [?a :a/both ?both] [?a :a/kind ?k] [?k :db/ident ?kind]]'
    expect(await shop.db().q(found)).toEqual([['x', 5], ':kind/book'])
    await expect(shop.transact([{ ':a/code': 'y', ':db/ensure': ':a/complete' }])).rejects.toMatchObject({
      code: 'db.error/entity-attr',
    })
  })

  const wrong: readonly (readonly [
    what: string,
    attributes: unknown,
    path: readonly string[],
    fix: RegExp,
  ])[] = [
    ['no object', [], [], /':article\/code'/],
    ['a name without colon', { 'a/code': { type: 'string' } }, ['a/code'], /':a\/code'/],
    ['a name that is none', { ':a b': { type: 'string' } }, [':a b'], /keyword/],
    ['a definition that is none', { ':a/b': 'string' }, [':a/b'], /type/],
    ['no type', { ':a/b': {} }, [':a/b', 'type'], /string/],
    ['a misspelled type', { ':a/b': { type: 'strng' } }, [':a/b', 'type'], /Did you mean string/],
    [
      'a misspelled option',
      { ':a/b': { type: 'string', uniqe: 'value' } },
      [':a/b', 'uniqe'],
      /Did you mean unique/,
    ],
    [
      'an option of another type',
      { ':a/b': { type: 'string', component: true } },
      [':a/b', 'component'],
      /may have/,
    ],
    ['a wrong uniqueness', { ':a/b': { type: 'string', unique: 'id' } }, [':a/b', 'unique'], /identity/],
    ['many that is no boolean', { ':a/b': { type: 'string', many: 1 } }, [':a/b', 'many'], /true or false/],
    [
      'predicates that are no names',
      { ':a/b': { type: 'long', predicates: [1] } },
      [':a/b', 'predicates'],
      /names/,
    ],
    ['unique bytes', { ':a/b': { type: 'bytes', unique: 'value' } }, [':a/b', 'unique'], /hash/],
    ['a tuple of nothing', { ':a/b': { type: 'tuple' } }, [':a/b'], /types/],
    [
      'a tuple of two kinds',
      { ':a/b': { type: 'tuple', of: 'long', types: ['long', 'long'] } },
      [':a/b'],
      /one of/,
    ],
    ['a tuple of one member', { ':a/b': { type: 'tuple', types: ['long'] } }, [':a/b', 'types'], /2 to 8/],
    ['a tuple of bytes', { ':a/b': { type: 'tuple', of: 'bytes' } }, [':a/b', 'of'], /string/],
    [
      'many composites',
      { ':a/b': { type: 'tuple', attributes: [':a/c', ':a/d'], many: true } },
      [':a/b', 'many'],
      /Leave/,
    ],
    ['a spec of nothing', { ':a/b': { type: 'entity-spec' } }, [':a/b'], /attributes or predicates/],
  ]
  it.each(wrong)('refuses %s', (_, attributes, path, fix) => {
    const error = thrownBy(() => defineSchema('shop', attributes as Attributes))
    expect(error).toMatchObject({ code: 'varve.error/schema-definition-invalid', data: { place: { path } } })
    expect(error.fix).toMatch(fix)
  })

  it('refuses a schema without a name, and an alias that is no text', () => {
    expect(thrownBy(() => defineSchema('', {})).code).toBe('varve.error/schema-definition-invalid')
    const alias = 5 as unknown as string
    expect(thrownBy(() => defineSchema('shop', { alias }, {})).message).toContain('alias')
  })
})

function thrownBy(work: () => unknown): VarveError {
  try {
    work()
  } catch (error) {
    if (error instanceof VarveError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
