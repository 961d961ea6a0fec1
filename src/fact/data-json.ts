// JavaScript values as the JSON text that says the same: read back in any mode, it becomes the form that the value itself
// would become (json-form.ts), because both are one tree before they are converted.

import { type FormNode, nodeFromData } from './data-node.ts'
import { writeJson } from './json-writer.ts'

/** Throws a VarveError with the path of what has no meaning as data. */
export function writeDataJson(value: unknown): string {
  return textOf(nodeFromData(value))
}

function textOf(node: FormNode): string {
  switch (node.kind) {
    case 'null':
      return 'null'
    case 'string':
      return JSON.stringify(node.value)
    case 'boolean':
    case 'number':
    case 'value':
      return writeJson(node.value, { exact: true })
    case 'array':
      return itemsOf(node.items)
    case 'set':
      return `{"#set":${itemsOf(node.items)}}`
    case 'object':
      return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`
    case 'map':
      return `{"#map":[${node.pairs.map(([key, item]) => `[${textOf(key)},${textOf(item)}]`).join(',')}]}`
  }
}

function itemsOf(items: readonly FormNode[]): string {
  return `[${items.map(textOf).join(',')}]`
}
