// Folders of src stand on layers (ARCHITECTURE.md): a file imports its own folder and lower layers only.

import type { Problem } from './problem.ts'
import { isTest, type Import, type SourceFile } from './source.ts'

/** The layer of each folder of src; `adapter` and `testing` have rules of their own. */
export const LAYERS: ReadonlyMap<string, number> = new Map([
  ['base', 0],
  ['fact', 1],
  ['blob', 2],
  ['log', 2],
  ['segment', 2],
  ['procedures', 2],
  ['index', 3],
  ['database', 4],
  ['plan', 5],
  ['engine', 6],
  ['query', 7],
  ['stream', 7],
  ['access', 8],
  ['etl', 8],
  ['interface', 8],
  ['model', 8],
  ['workflow', 8],
  ['client', 9],
  ['service', 9],
  ['api', 10],
  ['cli', 11],
])

/** Neighbours on one layer of which the first may import the second: a segment is read from a blob. */
const NEIGHBOURS: readonly (readonly [from: string, to: string])[] = [['segment', 'blob']]

export type Packages = {
  readonly dependencies: readonly string[]
  readonly optionalDependencies: readonly string[]
}

/** Imports that break the layers, and packages that the published package would not bring. */
export function checkLayers(files: readonly SourceFile[], packages: Packages): Problem[] {
  return files.flatMap((file) => [
    ...checkPlace(file),
    ...file.imports.flatMap((imported) => {
      const broken =
        imported.target === undefined
          ? packageRule(file, imported, packages)
          : (armingRule(file, imported) ?? layerRule(file, imported.target))
      return broken === undefined ? [] : [{ file: file.path, line: imported.line, ...broken }]
    }),
  ])
}

type Broken = Pick<Problem, 'message' | 'fix'>

function checkPlace(file: SourceFile): Problem[] {
  const at = { file: file.path, line: 1 }
  const parts = file.path.split('/')
  const folder = folderOf(file.path)
  const isKnown = LAYERS.has(folder) || folder === 'testing' || folder.startsWith('adapter/')
  if (!isKnown) {
    const fix = `Move it to a folder that exists, or give ${folder || 'its folder'} a layer in scripts/check/layers.ts`
    return [{ ...at, message: `src/${folder} stands on no layer`, fix }]
  }
  if (parts.length > 4) {
    return [
      {
        ...at,
        message: 'folders are nested more than two deep below src',
        fix: 'Move the file one folder up',
      },
    ]
  }
  return []
}

// Bugs that are planted in the code are armed by the tests' own machinery, which is not published.
function armingRule(file: SourceFile, { target, names }: Import): Broken | undefined {
  if (target !== 'src/base/planted.ts' || folderOf(file.path) === 'testing') return undefined
  if (!names.includes('plantMistake') && !names.includes('*')) return undefined
  return {
    message: 'only src/testing arms planted bugs',
    fix: 'Use withPlantedBug of src/testing/planted.ts',
  }
}

function layerRule(file: SourceFile, target: string): Broken | undefined {
  const from = folderOf(file.path)
  const to = folderOf(target)
  if (!target.startsWith('src/')) {
    return { message: `src imports ${target}, which is not published`, fix: 'Move what is needed into src' }
  }
  if (from === to) return undefined
  if (to === 'testing') {
    if (isTest(file.path)) return undefined
    return {
      message: 'only tests, benchmarks and src/testing import src/testing',
      fix: 'Import it from a test, or move it',
    }
  }
  if (to.startsWith('adapter/')) {
    if (from === 'api' || from === 'cli' || (isTest(file.path) && from === 'testing')) return undefined
    const fix = 'Depend on the interface below and let api choose the adapter'
    return { message: `only api, cli and its own folder import ${to}`, fix }
  }
  const highest = highestLayer(from)
  if ((LAYERS.get(to) ?? Infinity) < highest) return undefined
  if (NEIGHBOURS.some((pair) => pair[0] === from && pair[1] === to)) return undefined
  return {
    message: `${from} (layer ${describeLayer(from)}) imports ${to} (layer ${LAYERS.get(to) ?? 'none'})`,
    fix: `Move what is shared into a layer below ${from}, or let the caller pass it in`,
  }
}

// `testing` and adapters know everything below api.
function highestLayer(folder: string): number {
  const below = LAYERS.get('api') ?? 0
  return LAYERS.get(folder) ?? below
}

function describeLayer(folder: string): string {
  return String(LAYERS.get(folder) ?? 'below api')
}

function packageRule(file: SourceFile, imported: Import, packages: Packages): Broken | undefined {
  const { specifier, kind } = imported
  const folder = folderOf(file.path)
  if (specifier.startsWith('node:') || isTest(file.path) || folder === 'testing') return undefined
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  if (packages.dependencies.includes(name)) return undefined
  if (!packages.optionalDependencies.includes(name)) {
    return {
      message: `${name} is no dependency of the package`,
      fix: 'Add it to dependencies with a page in docs/decisions, or do without',
    }
  }
  if (kind === 'static' || !folder.startsWith('adapter/')) {
    return {
      message: `${name} is optional`,
      fix: 'Import it with `await import(…)` inside src/adapter/<product>, so that it loads on first use',
    }
  }
  return undefined
}

/** `query` for src/query/parse.ts, `adapter/duckdb` for src/adapter/duckdb/engine.ts. */
export function folderOf(path: string): string {
  const [, first = '', second = ''] = path.split('/')
  if (first === 'adapter') return `adapter/${second}`
  return path.split('/').length > 2 ? first : ''
}
