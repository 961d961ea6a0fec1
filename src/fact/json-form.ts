// JSON and JavaScript values to forms: interfaces.md, "Values in JSON", and docs/reference/json.md.

import { nodeFromData } from './data-node.ts'
import type { Edn } from './value.ts'
import { convertAs } from './json-clauses.ts'
import { Converter, type FormMode } from './json-converter.ts'
import { type JsonNode, readJson } from './json-reader.ts'
import { limitsOf, type ReadOptions } from './limits.ts'
import { transactionOfPlainData } from './plain-transaction.ts'

export { type FormMode, jsonPlaceOf } from './json-converter.ts'
export { type JsonNode, readJson } from './json-reader.ts'

/** The form that JSON text says. */
export function ednFromJsonText(text: string, mode: FormMode, options: ReadOptions = {}): Edn {
  return convertAs(mode, readJson(text, options), new Converter(limitsOf(options)))
}

/** The form that a part of JSON, read by `readJson`, says. */
export function formFromJson(node: JsonNode, mode: FormMode): Edn {
  return convertAs(mode, node, new Converter(limitsOf({})))
}

/** The form that a JavaScript value says. */
export function formFromData(value: unknown, mode: FormMode): Edn {
  const plain = mode === 'transaction' ? transactionOfPlainData(value) : undefined
  if (plain !== undefined) return plain
  return convertAs(mode, nodeFromData(value), new Converter(limitsOf({})))
}
