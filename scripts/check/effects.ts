// Effects come in through `Env`: nothing but src/base/env-node*.ts and env-web.ts touches the clock, chance, timers, files, the
// network or processes. That is what lets the simulator run the whole system from a seed.

import type { Problem } from './problem.ts'
import { isNode, isTest, walk, type Node, type SourceFile } from './source.ts'

const DOOR = /^src\/base\/env-(node|web)[^/]*\.ts$/

/** Modules of Node that only compute. */
const PURE_MODULES = new Set([
  'node:assert',
  'node:buffer',
  'node:crypto',
  'node:events',
  'node:path',
  'node:url',
  'node:util',
  'node:zlib',
])

/** Names that are effects although their module is pure. */
const IMPURE_NAMES = new Set([
  'randomBytes',
  'randomUUID',
  'randomInt',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'webcrypto',
])

/** Global names that are effects however they are used. */
const IMPURE_GLOBALS = new Set([
  'EventSource',
  'WebSocket',
  'fetch',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

/** Members that are effects, by the global that has them. */
const IMPURE_MEMBERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['AbortSignal', new Set(['timeout'])],
  ['Date', new Set(['now'])],
  ['Math', new Set(['random'])],
  ['Temporal', new Set(['Now'])],
  ['crypto', IMPURE_NAMES],
])

const FIX = 'Take it from the `Env` that is passed in (src/base/env.ts)'

export function checkEffects(files: readonly SourceFile[]): Problem[] {
  return files.filter((file) => !DOOR.test(file.path) && !isTest(file.path)).flatMap(checkFile)
}

function checkFile(file: SourceFile): Problem[] {
  const problems: Problem[] = []
  const add = (line: number, message: string): void => {
    problems.push({ file: file.path, line, message, fix: FIX })
  }
  for (const { specifier, kind, names, line } of file.imports) {
    if (kind === 'type' || !specifier.startsWith('node:')) continue
    if (!PURE_MODULES.has(specifier)) add(line, `${specifier} is an effect`)
    for (const name of names) if (IMPURE_NAMES.has(name)) add(line, `${name} of ${specifier} is an effect`)
  }
  const own = declaredNames(file.program)
  walk(file.program, (node, parent) => {
    const effect = effectOf(node, parent, own)
    if (effect !== undefined) add(file.lineOf(node.start), `${effect} is an effect`)
  })
  return problems
}

/** The effect that a node is, as its reader would write it; undefined for all others. */
function effectOf(node: Node, parent: Node | undefined, own: ReadonlySet<string>): string | undefined {
  if (node.type === 'MemberExpression') return memberEffect(node, own)
  if (node.type === 'NewExpression' || node.type === 'CallExpression') {
    const isBareDate = nameOf(node['callee']) === 'Date' && !own.has('Date')
    const isNow =
      node.type === 'CallExpression' || (Array.isArray(node['arguments']) && node['arguments'].length === 0)
    return isBareDate && isNow ? `${node.type === 'NewExpression' ? 'new ' : ''}Date()` : undefined
  }
  const name = nameOf(node)
  if (name === undefined || !IMPURE_GLOBALS.has(name) || own.has(name)) return undefined
  return isReference(node, parent) ? name : undefined
}

function memberEffect(node: Node, own: ReadonlySet<string>): string | undefined {
  const object = nameOf(node['object'])
  const property = node['computed'] === true ? literalOf(node['property']) : nameOf(node['property'])
  if (object === undefined || property === undefined || own.has(object)) return undefined
  if (object === 'globalThis' && IMPURE_GLOBALS.has(property)) return `globalThis.${property}`
  return IMPURE_MEMBERS.get(object)?.has(property) === true ? `${object}.${property}` : undefined
}

function literalOf(value: unknown): string | undefined {
  return isNode(value) && typeof value['value'] === 'string' ? value['value'] : undefined
}

function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value['name'] === 'string'
    ? value['name']
    : undefined
}

// A name after a dot, a key of an object or type and a label is a word, not the global of that name.
function isReference(node: Node, parent: Node | undefined): boolean {
  if (parent === undefined) return false
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true
  if ('key' in parent && parent['key'] === node)
    return parent['computed'] === true || parent['shorthand'] === true
  if (parent.type.startsWith('TS'))
    return parent.type === 'TSAsExpression' || parent.type === 'TSNonNullExpression'
  return true
}

/** Names that the file declares itself, anywhere: a parameter called `fetch` is not the global. */
function declaredNames(program: Node): ReadonlySet<string> {
  const names = new Set<string>()
  const addPattern = (pattern: unknown): void => {
    if (!isNode(pattern)) return
    const name = nameOf(pattern)
    if (name !== undefined) names.add(name)
    else walkPattern(pattern, addPattern)
  }
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') addPattern(node['id'])
    if (node.type.startsWith('Import') && node.type.endsWith('Specifier')) addPattern(node['local'])
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') addPattern(node['id'])
    if (Array.isArray(node['params'])) for (const parameter of node['params']) addPattern(parameter)
  })
  return names
}

function walkPattern(pattern: Node, addPattern: (pattern: unknown) => void): void {
  if (pattern.type === 'AssignmentPattern') addPattern(pattern['left'])
  if (pattern.type === 'RestElement') addPattern(pattern['argument'])
  if (pattern.type === 'Property') addPattern(pattern['value'])
  for (const key of ['properties', 'elements']) {
    const parts = pattern[key]
    if (Array.isArray(parts)) for (const part of parts) addPattern(part)
  }
}
