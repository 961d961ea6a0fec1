// `npm run check`: everything about the house that a machine can tell in under 30 seconds. Runs all checks, prints
// every problem with its place and its fix, and ends with 1 if there was any.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkCycles } from './cycles.ts'
import { checkEffects } from './effects.ts'
import { checkCodesTested, checkErrorTable } from './error-table.ts'
import { checkExamples } from './examples.ts'
import { checkLayers } from './layers.ts'
import { checkLinks, type Page } from './links.ts'
import { formatProblem, type Problem } from './problem.ts'
import { listFiles, readSources } from './source.ts'
import { runTool, TOOLS } from './tools.ts'
import { checkWords } from './words.ts'

const root = join(import.meta.dirname, '../..')
const ERROR_TABLE = 'docs/reference/errors.md'

type Check = { readonly name: string; readonly find: () => readonly Problem[] }

process.exitCode = (await checkAll(process.argv.slice(2))) ? 0 : 1

/** All checks, or those that are named; true if nothing was found. */
async function checkAll(names: readonly string[]): Promise<boolean> {
  const isWanted = ({ name }: { readonly name: string }): boolean =>
    names.length === 0 || names.includes(name)
  const tools = TOOLS.filter(isWanted).map((tool) => ({
    tool,
    startMs: Date.now(),
    result: runTool(root, tool),
  }))
  let isClean = true
  for (const { name, find } of houseChecks().filter(isWanted)) {
    const startMs = Date.now()
    const problems = find()
    report(name, problems.length === 0, problems.map(formatProblem).join('\n'), Date.now() - startMs)
    if (problems.length > 0) isClean = false
  }
  for (const { tool, startMs, result } of tools) {
    const { isPassed, output } = await result
    report(tool.name, isPassed, `${output}\n    fix: ${tool.fix}`, Date.now() - startMs)
    if (!isPassed) isClean = false
  }
  return isClean
}

function report(name: string, isPassed: boolean, text: string, ms: number): void {
  process.stdout.write(`${isPassed ? '✓' : '✗'} ${name.padEnd(14)} ${(ms / 1000).toFixed(1)} s\n`)
  if (!isPassed) process.stdout.write(text.replace(/^/gm, '  ') + '\n')
}

function houseChecks(): readonly Check[] {
  const sources = once(() => readSources(root, 'src'))
  const scripts = once(() =>
    ['test', 'bench', 'scripts'].filter(has).flatMap((folder) => readSources(root, folder)),
  )
  const pages = once(() => listFiles(root, '', (path) => path.endsWith('.md')).map(readPage))
  const table = (): Page => (has(ERROR_TABLE) ? readPage(ERROR_TABLE) : { path: ERROR_TABLE, text: '' })
  return [
    { name: 'layers', find: () => checkLayers(sources(), dependencies()) },
    { name: 'cycles', find: () => checkCycles(sources()) },
    { name: 'effects', find: () => checkEffects(sources()) },
    { name: 'words', find: () => checkWords([...sources(), ...scripts()]) },
    { name: 'links', find: () => checkLinks(pages(), has) },
    { name: 'examples', find: () => checkExamples(pages()) },
    { name: 'errors', find: () => checkErrorTable(sources(), table()) },
    { name: 'errors tested', find: () => checkCodesTested(sources(), testTexts()) },
  ]
}

function has(path: string): boolean {
  return existsSync(join(root, path))
}

function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') }
}

function testTexts(): readonly Page[] {
  const isTestText = (path: string): boolean => /\.test\.ts$|^test\/.*\.(ts|edn)$/.test(path)
  return ['src', 'test'].flatMap((folder) => listFiles(root, folder, isTestText)).map(readPage)
}

function dependencies(): {
  readonly dependencies: readonly string[]
  readonly optionalDependencies: readonly string[]
} {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const keys = (name: string): readonly string[] => {
    const value = typeof manifest === 'object' && manifest !== null ? Object.entries(manifest) : []
    const found: unknown = value.find(([key]) => key === name)?.[1]
    return typeof found === 'object' && found !== null ? Object.keys(found) : []
  }
  return { dependencies: keys('dependencies'), optionalDependencies: keys('optionalDependencies') }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}
