// SHA-256 (FIPS 180-4) of short messages. Right after a sync, when the processor's caches hold other code, a call of the
// library takes 5 µs for a small frame, and this takes 2 (November 2026). Anything longer is the library's work: checksum.ts.

const BLOCK_BYTES = 64
const ROUND_COUNT = 64
/** Four blocks, with room for the mark of the end and the length. */
export const SHORT_MESSAGE_BYTES_MAX = 4 * BLOCK_BYTES - 9

// The first 32 bits behind the point of the square roots of the first primes, and of the cube roots of the first 64.
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)))
const CONSTANTS = Int32Array.from(primes(ROUND_COUNT), (prime) => fraction(Math.cbrt(prime)))

// One message at a time, and nothing waits between its begin and its end.
const message = new DataView(new ArrayBuffer(4 * BLOCK_BYTES))
const messageBytes = new Uint8Array(message.buffer)
const words = new Int32Array(ROUND_COUNT)
const state = new Int32Array(START.length)

/** The 32 bytes of SHA-256 of at most `SHORT_MESSAGE_BYTES_MAX` bytes. */
export function shortSha256(bytes: Uint8Array): Uint8Array {
  const { byteLength } = bytes
  const end = Math.ceil((byteLength + 9) / BLOCK_BYTES) * BLOCK_BYTES
  messageBytes.set(bytes)
  messageBytes.fill(0, byteLength, end)
  messageBytes[byteLength] = 0x80
  message.setUint32(end - 4, byteLength * 8)
  state.set(START)
  for (let at = 0; at < end; at += BLOCK_BYTES) addBlock(at)
  const digest = new Uint8Array(4 * state.length)
  for (let i = 0; i < state.length; i++) {
    const word = state[i]!
    digest[4 * i] = word >>> 24
    digest[4 * i + 1] = word >>> 16
    digest[4 * i + 2] = word >>> 8
    digest[4 * i + 3] = word
  }
  return digest
}

/** One step of the chain: 64 bytes of the message change the state. */
function addBlock(at: number): void {
  for (let i = 0; i < 16; i++) words[i] = message.getInt32(at + 4 * i)
  for (let i = 16; i < ROUND_COUNT; i++) {
    const x = words[i - 15]!
    const y = words[i - 2]!
    const s0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3)
    const s1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10)
    words[i] = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < ROUND_COUNT; i++) {
    const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + CONSTANTS[i]! + words[i]!) | 0
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
  state[4] = state[4]! + e
  state[5] = state[5]! + f
  state[6] = state[6]! + g
  state[7] = state[7]! + h
}

/** The word turned to the right. */
function turned(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}

function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) | 0
}

function primes(count: number): readonly number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}
