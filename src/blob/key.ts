// What a blob may be called, so that every store (a folder, a bucket) can hold it under that name.

import { assert } from '../base/assert.ts'

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

/** Keys are made by us: letters, digits, `_ - .`, in parts divided by slashes that do not begin with a dot. */
export function checkKey(key: string): void {
  assert(KEY.test(key) && key.length <= 512, `${JSON.stringify(key)} is a blob key`)
}

export function isSameBytes(x: Uint8Array | undefined, y: Uint8Array | undefined): boolean {
  if (x === undefined || y === undefined) return x === y
  return x.byteLength === y.byteLength && x.every((byte, index) => byte === y[index])
}
