// What objects are, also those of another realm, and those that only say so.

import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { isDate, isMap, isSet, isUint8Array } from './brands.ts'

const KINDS = { Date: isDate, Map: isMap, Set: isSet, Uint8Array: isUint8Array }

describe.each(Object.entries(KINDS))('a %s', (name, is) => {
  it('is known in this realm and in another', () => {
    expect([is(new globalThis[name as 'Date']()), is(runInNewContext(`new ${name}()`) as object)]).toEqual([
      true,
      true,
    ])
  })

  it('is no other, and nothing that only calls itself so', () => {
    const others = [
      new Date(),
      new Map(),
      new Set(),
      new Uint8Array(),
      new Int8Array(),
      {},
      Object.create(null),
    ]
    expect(others.filter((other: object) => is(other))).toHaveLength(1)
    expect(is({ [Symbol.toStringTag]: name })).toBe(false)
  })
})
