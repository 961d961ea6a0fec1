// The root: what is read back, what is refused, and who may publish.

import { describe, expect, it } from 'vitest'
import { MemoryBlobStore } from '../blob/memory-store.ts'
import { Index } from './index.ts'
import { decodeRoot, encodeRoot, publishRoot, readRoot, type Root } from './root.ts'

const EMPTY = Index.empty('db').root
const rootOf = (epoch: number, publication: number): Root => ({ ...EMPTY, epoch, publication })

describe('a root', () => {
  it('is read as it was written', () => {
    expect(decodeRoot(encodeRoot(EMPTY))).toEqual(EMPTY)
  })

  it('is refused where any byte of it is another, or is missing', () => {
    const bytes = encodeRoot(EMPTY)
    for (let at = 0; at < bytes.byteLength; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 1
      // A flipped digit of the format makes a root of another version.
      const code = at === 'varve-root '.length ? 'varve.error/root-foreign' : 'varve.error/root-corrupt'
      expect(() => decodeRoot(damaged)).toThrow(expect.objectContaining({ code }))
      expect(() => decodeRoot(bytes.subarray(0, at))).toThrow()
    }
  })

  it('is swapped by one publisher of several, and never by one whose epoch is over', async () => {
    const store = new MemoryBlobStore()
    const first = await publishRoot(store, undefined, rootOf(1, 1))
    const second = await publishRoot(store, first, rootOf(2, 2))
    const conflict = expect.objectContaining({ code: 'varve.error/root-conflict' })
    await expect(publishRoot(store, first, rootOf(2, 2))).rejects.toEqual(conflict)
    await expect(publishRoot(store, second, rootOf(1, 3))).rejects.toEqual(conflict)
    expect((await readRoot(store))?.root).toEqual(second.root)
  })
})
