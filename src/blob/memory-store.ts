// Blobs in memory, for `memory:` databases and for tests.

import { blobMissing, blobTooShort } from './errors.ts'
import type { Blob, BlobStore } from './blob-store.ts'
import { checkKey, isSameBytes } from './key.ts'

/** A store that lasts as long as it is referenced. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<string, Uint8Array>()

  put(key: string, bytes: Uint8Array): Promise<void> {
    checkKey(key)
    if (!this.#blobs.has(key)) this.#blobs.set(key, bytes.slice())
    return Promise.resolve()
  }

  open(key: string): Promise<Blob> {
    const bytes = this.#blobs.get(key)
    return bytes === undefined ? Promise.reject(blobMissing(key)) : Promise.resolve(memoryBlob(key, bytes))
  }

  list(prefix: string): Promise<readonly string[]> {
    return Promise.resolve([...this.#blobs.keys()].filter((key) => key.startsWith(prefix)))
  }

  delete(key: string): Promise<void> {
    this.#blobs.delete(key)
    return Promise.resolve()
  }

  swap(key: string, expected: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean> {
    checkKey(key)
    const isExpected = isSameBytes(this.#blobs.get(key), expected)
    if (isExpected) this.#blobs.set(key, bytes.slice())
    return Promise.resolve(isExpected)
  }
}

function memoryBlob(key: string, bytes: Uint8Array): Blob {
  return {
    byteCount: bytes.byteLength,
    read: (offset, length) => {
      if (offset + length > bytes.byteLength) throw blobTooShort(key, bytes.byteLength, offset, length)
      return bytes.subarray(offset, offset + length)
    },
    [Symbol.dispose]: () => undefined,
  }
}
