// How long tables of hashes are, and where numbers stand in them.

/** At most half full. */
export function slotCountFor(count: number): number {
  let slots = 16
  while (slots < count * 2) slots *= 2
  return slots
}

const words = new Int32Array(2)
const float = new Float64Array(words.buffer)

/** 32 bits out of the 64 of a double, mixed (MurmurHash3's finalizer). */
export function hashOfNumber(key: number): number {
  float[0] = key
  let hash = words[0]! ^ Math.imul(words[1]!, 0x9e3779b1)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
