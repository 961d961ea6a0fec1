// docs/reference/errors.md against the code, in both directions: every code that src can throw has a row of its
// kind, and every row has a code in src.

import type { Page } from './links.ts'
import type { Problem } from './problem.ts'
import { isNode, isTest, walk, type Node, type SourceFile } from './source.ts'

const CODE = /^(db\.error|varve\.error|varve\.warning)\/[a-z0-9-]+$/

export type CodeUse = {
  readonly code: string
  /** The kind given beside it, where it is a literal. */
  readonly kind: string | undefined
  readonly file: string
  readonly line: number
}

export type Row = {
  readonly code: string
  readonly kind: string
  readonly isFull: boolean
  readonly line: number
}

/** Codes in src outside of tests and of src/testing, each use once. */
export function codesIn(files: readonly SourceFile[]): CodeUse[] {
  const uses: CodeUse[] = []
  for (const file of files) {
    if (isTest(file.path) || file.path.startsWith('src/testing/')) continue
    // The kind beside each `code: …`, by the property's node; parents come before what is in them.
    const kinds = new Map<Node, string | undefined>()
    walk(file.program, (node, parent) => {
      if (node.type === 'Property' && keyOf(node) === 'code' && parent !== undefined) {
        kinds.set(node, propertyOf(parent, 'kind'))
      }
      const code = node.type === 'Literal' ? node['value'] : undefined
      if (typeof code !== 'string' || !CODE.test(code)) return
      const kind = parent === undefined ? undefined : kinds.get(parent)
      uses.push({ code, kind, file: file.path, line: file.lineOf(node.start) })
    })
  }
  return uses
}

export function rowsOf(page: Page): Row[] {
  return page.text.split('\n').flatMap((line, index): Row[] => {
    const cells = line.split('|').map((cell) => cell.trim())
    const code = /^`([^`]+)`$/.exec(cells[1] ?? '')?.[1]
    if (code === undefined) return []
    const isFull = cells.length >= 6 && cells.slice(2, 5).every((cell) => cell !== '')
    return [{ code, kind: cells[2] ?? '', isFull, line: index + 1 }]
  })
}

export function checkErrorTable(files: readonly SourceFile[], page: Page): Problem[] {
  const uses = codesIn(files)
  const rows = rowsOf(page)
  const known = new Map(rows.map((row) => [row.code, row]))
  const problems: Problem[] = []
  const told = new Set<string>()
  for (const { code, kind, file, line } of uses) {
    const row = known.get(code)
    if (row === undefined && !told.has(code)) {
      told.add(code)
      const fix = `Add the row: | \`${code}\` | ${kind ?? 'kind'} | when | what to do |`
      problems.push({ file, line, message: `${code} has no row in ${page.path}`, fix })
    } else if (row !== undefined && kind !== undefined && row.kind !== kind) {
      const message = `${code} is ${kind} here and ${row.kind} in ${page.path}`
      problems.push({ file, line, message, fix: `Give both the same kind (${page.path}:${row.line})` })
    }
  }
  const thrown = new Set(uses.map(({ code }) => code))
  const seen = new Set<string>()
  for (const { code, isFull, line } of rows) {
    const at = { file: page.path, line }
    if (!thrown.has(code))
      problems.push({ ...at, message: `nothing in src has ${code}`, fix: 'Delete the row, or throw it' })
    if (seen.has(code)) problems.push({ ...at, message: `${code} has two rows`, fix: 'Delete one of them' })
    if (!isFull)
      problems.push({
        ...at,
        message: `${code} lacks a cell`,
        fix: 'Fill | code | kind | when | what to do |',
      })
    seen.add(code)
  }
  return problems
}

/** Codes that no test names. `texts` are the tests and cases by path. */
export function checkCodesTested(files: readonly SourceFile[], texts: readonly Page[]): Problem[] {
  const told = new Set<string>()
  const named = new Set<string>()
  for (const { text } of texts) {
    for (const match of text.matchAll(/(?:db\.error|varve\.error|varve\.warning)\/[a-z0-9-]+/g))
      named.add(match[0])
  }
  return codesIn(files).flatMap(({ code, file, line }): Problem[] => {
    if (named.has(code) || told.has(code)) return []
    told.add(code)
    return [
      {
        file,
        line,
        message: `no test provokes ${code}`,
        fix: 'Write a test or a case that expects this code',
      },
    ]
  })
}

function propertyOf(object: Node, key: string): string | undefined {
  const properties = object['properties']
  if (!Array.isArray(properties)) return undefined
  for (const property of properties) {
    if (isNode(property) && keyOf(property) === key) {
      const value = property['value']
      return isNode(value) && typeof value['value'] === 'string' ? value['value'] : undefined
    }
  }
  return undefined
}

function keyOf(property: Node): string | undefined {
  const key = property['key']
  if (!isNode(key)) return undefined
  const name = key.type === 'Identifier' ? key['name'] : key['value']
  return typeof name === 'string' ? name : undefined
}
