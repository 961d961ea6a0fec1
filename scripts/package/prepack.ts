// Before `npm pack`: builds dist from src, then puts the published package.json in place of the checkout's, which
// postpack.ts brings back. npm reads package.json from the folder itself, so there is no quieter way.

import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles } from '../check/source.ts'
import {
  KEPT_MANIFEST,
  publishedManifest,
  restoreManifest,
  rewriteModuleAddresses,
  type Manifest,
} from './manifest.ts'
import { reachableTypes } from './reachable-types.ts'

const root = join(import.meta.dirname, '../..')
const dist = join(root, 'dist')

/** Of what `exports` of package.json leads to. */
const ENTRY_TYPES = ['api/index.d.ts', 'client/index.d.ts']

restoreManifest(root)
build()
copyFileSync(join(root, 'package.json'), join(root, KEPT_MANIFEST))
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(join(root, 'package.json'), JSON.stringify(publishedManifest(manifest), null, 2) + '\n')

function build(): void {
  rmSync(dist, { recursive: true, force: true })
  // Comments serve those who read types in their editor; the JavaScript goes without.
  compile(['--declaration', 'false', '--removeComments'])
  compile(['--emitDeclarationOnly'])
  for (const path of listFiles(dist, '', (name) => name.endsWith('.js'))) {
    const file = join(dist, path)
    const text = readFileSync(file, 'utf8')
    const rewritten = rewriteModuleAddresses(text)
    if (rewritten !== text) writeFileSync(file, rewritten)
  }
  removeUnreachableTypes()
}

function compile(options: readonly string[]): void {
  const args = ['node_modules/typescript/bin/tsc', '-p', 'scripts/package/tsconfig.build.json', ...options]
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status === 0) return
  process.stderr.write('varve: the package was not built. What to do: mend the types above\n')
  process.exit(1)
}

function removeUnreachableTypes(): void {
  const paths = listFiles(dist, '', (name) => name.endsWith('.d.ts'))
  const known = new Set(paths)
  const textOf = (path: string): string | undefined =>
    known.has(path) ? readFileSync(join(dist, path), 'utf8') : undefined
  const reached = ENTRY_TYPES.map((entry) => reachableTypes(entry, textOf))
  for (const path of paths) if (!reached.some((each) => each.has(path))) rmSync(join(dist, path))
}
