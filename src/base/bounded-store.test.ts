import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedStore } from './bounded-store.ts'

describe('a bounded store', () => {
  it('lets go of what nobody asked for longest', () => {
    const store = new BoundedStore<number>(80)
    for (let i = 0; i < 8; i++) store.set(`k${i}`, i, 10)
    expect(store.get('k0')).toBe(0)
    store.set('k8', 8, 10)
    expect([store.get('k0'), store.get('k1'), store.get('k8')]).toEqual([0, undefined, 8])
  })

  it('does not keep what would push out much, nor what stood there before', () => {
    const store = new BoundedStore<string>(80)
    store.set('a', 'small', 5)
    store.set('b', 'large', 11)
    expect([store.get('a'), store.get('b'), store.byteCount]).toEqual(['small', undefined, 5])
    store.set('a', 'other', 7)
    expect([store.get('a'), store.byteCount]).toEqual(['other', 7])
  })

  it('never holds more than its bound, and counts what it holds', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 14 }), fc.boolean()), {
      maxLength: 100,
    })
    fc.assert(
      fc.property(steps, (all) => {
        const store = new BoundedStore<number>(100)
        const sizes = new Map<string, number>()
        for (const [key, byteCount, isRead] of all) {
          if (isRead) store.get(`k${key}`)
          else {
            store.set(`k${key}`, byteCount, byteCount)
            if (byteCount <= 12.5) sizes.set(`k${key}`, byteCount)
          }
          expect(store.byteCount).toBeLessThanOrEqual(100)
        }
        let held = 0
        for (const [key, size] of sizes) if (store.get(key) !== undefined) held += size
        expect(held).toBe(store.byteCount)
      }),
    )
  })
})
