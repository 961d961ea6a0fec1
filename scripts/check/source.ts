// Source files as the checks see them: parsed once, with the imports and the syntax tree.

import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'oxc-parser'

export type Import = {
  readonly specifier: string
  /** The imported file from the repository's root, for a relative specifier. */
  readonly target: string | undefined
  readonly kind: 'static' | 'dynamic' | 'type'
  /** What is imported by name from it. */
  readonly names: readonly string[]
  readonly line: number
}

/** A node of the syntax tree: its type and whatever else the parser gives it. */
export type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown }

export type SourceFile = {
  /** Path from the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  readonly program: Node
  readonly comments: readonly { readonly value: string; readonly start: number }[]
  lineOf(position: number): number
}

export function parseSource(path: string, text: string): SourceFile {
  const { module, program, comments } = parseSync(path, text)
  const lineOf = lineFinder(text)
  const imports: Import[] = []
  const add = (specifier: string, kind: Import['kind'], names: readonly string[], start: number): void => {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    imports.push({ specifier, target, kind, names, line: lineOf(start) })
  }
  for (const { moduleRequest, entries, start } of module.staticImports) {
    const isType = entries.length > 0 && entries.every((entry) => entry.isType)
    const names = entries.filter((entry) => !entry.isType).map((entry) => entry.importName.name ?? '*')
    add(moduleRequest.value, isType ? 'type' : 'static', names, start)
  }
  for (const { entries } of module.staticExports) {
    for (const entry of entries) {
      if (entry.moduleRequest === null) continue
      const name = entry.importName.name ?? '*'
      add(entry.moduleRequest.value, entry.isType ? 'type' : 'static', [name], entry.start)
    }
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = text.slice(moduleRequest.start, moduleRequest.end)
    if (/^['"`]/.test(literal)) add(literal.slice(1, -1), 'dynamic', ['*'], moduleRequest.start)
  }
  const tree: unknown = program
  if (!isNode(tree)) throw new Error(`${path} has no syntax tree`)
  walk(tree, (node) => {
    const source = node.type === 'TSImportType' ? node['source'] : undefined
    if (isNode(source) && typeof source['value'] === 'string') add(source['value'], 'type', [], node.start)
  })
  return { path, text, imports, program: tree, comments, lineOf }
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** Calls `visit` for every node, parents first, with the node above it. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, node)
    } else if (isNode(value)) {
      walk(value, visit, node)
    }
  }
}

/** Numbers of lines from 1 by position in `text`. */
export function lineFinder(text: string): (position: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (position) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= position) low = middle
      else high = middle
    }
    return low + 1
  }
}

const SKIPPED = new Set(['node_modules', 'dist', 'varve-data', '.git', '.cache'])

/** Paths of files below `folder` that `isWanted`, sorted, from `root` with forward slashes. */
export function listFiles(root: string, folder: string, isWanted: (path: string) => boolean): string[] {
  const found: string[] = []
  const visit = (at: string): void => {
    for (const entry of readdirSync(join(root, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) visit(path)
      } else if (isWanted(path)) {
        found.push(path)
      }
    }
  }
  visit(folder)
  return found.sort()
}

export function readSources(root: string, folder: string): SourceFile[] {
  return listFiles(root, folder, (path) => path.endsWith('.ts')).map((path) =>
    parseSource(path, readFileSync(join(root, path), 'utf8')),
  )
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.endsWith('.test-d.ts')
}
