// A plan, or any tree of plain data with values in it, on its way to another thread. A structured clone keeps plain data
// as it is, but of a keyword, a uuid or a decimal no more than its fields: these go as EDN text.

import { readEdn } from '../../fact/edn-reader.ts'
import { writeEdn } from '../../fact/edn-writer.ts'
import { WRITTEN_BY_VARVE } from '../../fact/limits.ts'
import type { Edn } from '../../fact/value.ts'

/** A value in the tree that was sent. */
const EDN = '!edn'

/** What a structured clone keeps. */
export function sendTree(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || isKept(tree)) return tree
  if (Array.isArray(tree)) return tree.map(sendTree)
  if (tree instanceof Map) return new Map([...tree].map(([key, item]) => [key, sendTree(item)]))
  // Whatever has a class of its own is a value.
  if (Object.getPrototypeOf(tree) !== Object.prototype) return { [EDN]: writeEdn(tree as Edn) }
  return Object.fromEntries(Object.entries(tree).map(([key, item]) => [key, sendTree(item)]))
}

/** What `sendTree` was given: of the same type, since nothing was lost. */
export function receiveTree(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || isKept(tree)) return tree
  if (Array.isArray(tree)) return tree.map(receiveTree)
  if (tree instanceof Map) return new Map([...tree].map(([key, item]) => [key, receiveTree(item)]))
  const entries = Object.entries(tree)
  if (EDN in tree && entries.length === 1) return readEdn(tree[EDN] as string, WRITTEN_BY_VARVE).value
  return Object.fromEntries(entries.map(([key, item]) => [key, receiveTree(item)]))
}

function isKept(tree: object): boolean {
  return tree instanceof Date || tree instanceof Uint8Array
}
