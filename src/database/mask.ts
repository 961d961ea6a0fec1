// What stands in the place of a value that is not to be seen as it is. A mask keeps the type of its attribute, so that
// schema, columns and whoever reads them need not know of it; what a type has no mask for is refused, never shown.
// docs/reference/restrictions.md has the table.

import { hmacSha256Hex } from '../base/checksum.ts'
import { isPlanted } from '../base/planted.ts'
import type { Attribute, ValueType } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import { BigInteger, keyword, long, symbol, textKey, Uri, Uuid, type Value } from '../fact/value.ts'

export const MASK_NAMES = ['null', 'hash', 'last-four', 'year'] as const
export type MaskName = (typeof MASK_NAMES)[number]

export type Mask = (value: Value) => Value

/** How much a mask hides: of several windows the least counts. */
export const MASK_RANKS: Readonly<Record<MaskName, number>> = { 'last-four': 1, year: 1, hash: 2, null: 3 }

/** True where values of the attribute can be masked so: built-in ones make the schema, where no other value can stand. */
export function isMaskFit(name: MaskName, { id, valueType }: Pick<Attribute, 'id' | 'valueType'>): boolean {
  if (name === 'null') return true
  return id >= BUILTIN_ATTRIBUTE_COUNT && maskOf(name, valueType, '') !== undefined
}

/** Undefined where the type has no such mask. `null` masks nothing: the fact is not there. */
export function maskOf(name: Exclude<MaskName, 'null'>, type: ValueType, hashKey: string): Mask | undefined {
  switch (name) {
    case 'hash': {
      const made = HASHES[type]
      return made && ((value) => made(hmacSha256Hex(hashKey, textKey(value))))
    }
    case 'last-four':
      if (type === 'string') return (value) => lastOfText(value as string)
      if (type === 'long') return (value) => lastOfLong(value as number | bigint)
      if (type === 'bigint') return (value) => new BigInteger(lastDigits((value as BigInteger).value))
      return undefined
    case 'year':
      return type === 'instant' ? (value) => yearOf(value as Date) : undefined
  }
}

/** From 64 hexadecimal digits to a value of a type: 128 bits, of a long as many as JavaScript counts with. */
const HASHES: Readonly<Partial<Record<ValueType, (hex: string) => Value>>> = {
  string: (hex) => hex.slice(0, 32),
  keyword: (hex) => keyword(`masked/h${hex.slice(0, 32)}`),
  symbol: (hex) => symbol(`masked/h${hex.slice(0, 32)}`),
  uri: (hex) => new Uri(`urn:masked:${hex.slice(0, 32)}`),
  uuid: (hex) =>
    new Uuid(
      `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`,
    ),
  long: (hex) => Number.parseInt(hex.slice(0, 13), 16),
  bigint: (hex) => new BigInteger(BigInt(`0x${hex.slice(0, 32)}`)),
  bytes: (hex) => Uint8Array.from(Buffer.from(hex.slice(0, 32), 'hex')),
}

const SHOWN_COUNT_MAX = 4

/** Never more than half: a PIN of four digits would show whole. */
function shownCount(count: number): number {
  return isPlanted('mask-shows-short-values') ? SHOWN_COUNT_MAX : Math.min(SHOWN_COUNT_MAX, count >> 1)
}

function lastOfText(text: string): string {
  const characters = [...text]
  const first = characters.length - shownCount(characters.length)
  return `****${characters.slice(Math.max(0, first)).join('')}`
}

function lastOfLong(value: number | bigint): number | bigint {
  if (typeof value === 'bigint') return long(lastDigits(value))
  const digits = Math.abs(value)
  return digits % 10 ** shownCount(String(digits).length)
}

function lastDigits(value: bigint): bigint {
  const digits = String(value < 0n ? -value : value)
  return BigInt(digits) % 10n ** BigInt(shownCount(digits.length))
}

function yearOf(instant: Date): Date {
  const first = new Date(0)
  first.setUTCFullYear(instant.getUTCFullYear(), 0, 1)
  return first
}
