// Plain data that this program made itself, answers and reports, as EDN.

import { toPlain } from './plain.ts'
import { type Edn, EdnMap, Keyword, keyword } from './value.ts'

export type Plain =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** The value in EDN: names in kebab-case as keywords, and so is what stands under `code`. */
export function plainEdn(field: Plain, name?: string): Edn {
  if (field === null || field === undefined) return null
  if (typeof field === 'string') return name === 'code' ? keyword(field) : field
  if (typeof field !== 'object') return field
  if (Array.isArray(field)) return (field as readonly Plain[]).map((item) => plainEdn(item))
  return new EdnMap(
    Object.entries(field as Readonly<Record<string, Plain>>)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [keyword(kebabCase(key)), plainEdn(value, key)]),
  )
}

export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** The way back, for data whose names are our own: keys in camelCase, keywords as texts without colon. */
export function plainOfEdn(value: Edn): unknown {
  if (value instanceof Keyword) return value.text
  if (Array.isArray(value)) return (value as readonly Edn[]).map(plainOfEdn)
  if (!(value instanceof EdnMap)) return toPlain(value)
  return Object.fromEntries(
    value.entries
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key instanceof Keyword ? camelCase(key.text) : String(key), plainOfEdn(item)]),
  )
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
