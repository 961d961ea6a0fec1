// What every BlobStore does.

import { describe, expect, it } from 'vitest'

import type { BlobStore } from '../blob/blob-store.ts'

export type StoreUnderTest = { readonly store: BlobStore; dispose(): Promise<void> }

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export function describeBlobStore(name: string, make: () => Promise<StoreUnderTest>): void {
  const test = (behaviour: string, work: (store: BlobStore) => Promise<void>): void => {
    it(behaviour, async () => {
      const { store, dispose } = await make()
      try {
        await work(store)
      } finally {
        await dispose()
      }
    })
  }
  const readAll = async (store: BlobStore, key: string): Promise<Uint8Array> => {
    using blob = await store.open(key)
    return blob.read(0, blob.byteCount)
  }

  describe(`${name} as a blob store`, () => {
    test('gives back the bytes that were put, all or some', async (store) => {
      await store.put('segment/ab12', bytes(1, 2, 3, 4, 5))
      using blob = await store.open('segment/ab12')
      expect(blob.byteCount).toBe(5)
      expect([...blob.read(0, 5)]).toEqual([1, 2, 3, 4, 5])
      expect([...blob.read(1, 3)]).toEqual([2, 3, 4])
      expect([...blob.read(5, 0)]).toEqual([])
      expect(() => blob.read(3, 3)).toThrow(expect.objectContaining({ code: 'varve.error/blob-too-short' }))
    })

    test('leaves a blob that is there as it is', async (store) => {
      const given = bytes(1, 2)
      await store.put('a', given)
      given.fill(7)
      await store.put('a', bytes(1, 2))
      expect([...(await readAll(store, 'a'))]).toEqual([1, 2])
    })

    test('says which blob is missing', async (store) => {
      await expect(store.open('none')).rejects.toMatchObject({
        code: 'varve.error/blob-missing',
        data: { key: 'none' },
      })
      await expect(store.open('no/ne')).rejects.toMatchObject({ code: 'varve.error/blob-missing' })
    })

    test('lists by prefix', async (store) => {
      for (const key of ['s/a', 's/ab', 's/b', 't', 'sa']) await store.put(key, bytes(1))
      await store.swap('root', undefined, bytes(1))
      await store.swap('root', bytes(1), bytes(2))
      expect([...(await store.list(''))].sort()).toEqual(['root', 's/a', 's/ab', 's/b', 'sa', 't'])
      expect([...(await store.list('s/'))].sort()).toEqual(['s/a', 's/ab', 's/b'])
      expect([...(await store.list('s/a'))].sort()).toEqual(['s/a', 's/ab'])
      expect([...(await store.list('s'))].sort()).toEqual(['s/a', 's/ab', 's/b', 'sa'])
      expect(await store.list('x')).toEqual([])
    })

    test('deletes what is there and what is not', async (store) => {
      await store.put('a', bytes(1))
      await store.delete('a')
      await store.delete('a')
      await expect(store.open('a')).rejects.toMatchObject({ code: 'varve.error/blob-missing' })
      expect(await store.list('')).toEqual([])
      await store.put('a', bytes(2))
      expect([...(await readAll(store, 'a'))]).toEqual([2])
      await store.swap('root', undefined, bytes(1))
      await store.delete('root')
      expect(await store.swap('root', undefined, bytes(3))).toBe(true)
      expect([...(await readAll(store, 'root'))]).toEqual([3])
    })

    test('reads an open blob on, or says that it is missing, after it was deleted', async (store) => {
      await store.put('a', bytes(1, 2))
      using blob = await store.open('a')
      await store.delete('a')
      try {
        expect([...blob.read(0, 2)]).toEqual([1, 2])
      } catch (error) {
        expect(error).toMatchObject({ code: 'varve.error/blob-missing' })
      }
    })

    test('swaps only from the bytes that are there', async (store) => {
      expect(await store.swap('root', bytes(9), bytes(1))).toBe(false)
      expect(await store.swap('root', undefined, bytes(1))).toBe(true)
      expect(await store.swap('root', undefined, bytes(2))).toBe(false)
      expect(await store.swap('root', bytes(1), bytes(1, 2))).toBe(true)
      expect(await store.swap('root', bytes(1), bytes(3))).toBe(false)
      expect([...(await readAll(store, 'root'))]).toEqual([1, 2])
    })

    test('lets one of several swaps win', async (store) => {
      await store.swap('root', undefined, bytes(0))
      const won = await Promise.all([1, 2, 3, 4].map((n) => store.swap('root', bytes(0), bytes(n))))
      expect(won.filter(Boolean)).toHaveLength(1)
      expect([...(await readAll(store, 'root'))]).toEqual([won.indexOf(true) + 1])
    })

    test('keeps what a reader opened whole while it is swapped', async (store) => {
      await store.swap('root', undefined, bytes(1, 1, 1))
      using before = await store.open('root')
      await store.swap('root', bytes(1, 1, 1), bytes(2))
      try {
        expect([...before.read(0, before.byteCount)]).toEqual([1, 1, 1])
      } catch (error) {
        expect(error).toMatchObject({ code: 'varve.error/blob-missing' })
      }
      expect([...(await readAll(store, 'root'))]).toEqual([2])
    })

    test('refuses names that would leave the store', async (store) => {
      for (const key of ['../a', '/a', 'a/../b', '', '.a', 'a//b', 'a~1']) {
        await expect((async () => store.put(key, bytes(1)))()).rejects.toThrow('is a blob key')
      }
    })
  })
}
