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

const root = join(import.meta.dirname, '../..')

restoreManifest(root)
build()
copyFileSync(join(root, 'package.json'), join(root, KEPT_MANIFEST))
const manifest: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
writeFileSync(join(root, 'package.json'), JSON.stringify(publishedManifest(manifest), null, 2) + '\n')

function build(): void {
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  const args = ['node_modules/typescript/bin/tsc', '-p', 'scripts/package/tsconfig.build.json']
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) {
    process.stderr.write('varve: the package was not built. What to do: mend the types above\n')
    process.exit(1)
  }
  for (const path of listFiles(join(root, 'dist'), '', (name) => name.endsWith('.js'))) {
    const file = join(root, 'dist', path)
    const text = readFileSync(file, 'utf8')
    const rewritten = rewriteModuleAddresses(text)
    if (rewritten !== text) writeFileSync(file, rewritten)
  }
}
