import { describe, expect, it } from 'vitest'
import { checkDistinct, functionName, propertyName } from './names.ts'

describe('a function', () => {
  it('is named after its query, by a name that a function may have', () => {
    const names = ['price', 'usage/errors', 'a.b-c_d/e2', 'delete', 'a-', 'new/'].map((name) =>
      functionName(name, undefined),
    )
    expect(names).toEqual(['price', 'usageErrors', 'aBCDE2', 'deleteQuery', 'a', 'newQuery'])
    expect([functionName('price', 2), functionName('delete', 1)]).toEqual(['priceV2', 'deleteV1'])
  })

  it('shares its name with no other', () => {
    const functions = ['a-b', 'a/c', 'a.b'].map((query) => ({ query, name: functionName(query, undefined) }))
    expect(() => checkDistinct(functions.slice(0, 2))).not.toThrow()
    expect(() => checkDistinct(functions)).toThrow(
      expect.objectContaining({
        code: 'varve.error/generated-names-collide',
        data: { queries: ['a-b', 'a.b'], name: 'aB' },
      }),
    )
  })
})

describe('a property', () => {
  it('is quoted where it is no name', () => {
    expect(['id', 'from-to', '2nd', "it's", '_'].map(propertyName)).toEqual([
      'id',
      "'from-to'",
      "'2nd'",
      "'it\\'s'",
      '_',
    ])
  })
})
