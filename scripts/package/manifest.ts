// package.json as it is published: what a user's npm needs to know, and nothing of how Varve is developed.

import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'

export type Manifest = Readonly<Record<string, unknown>>

const PUBLISHED = [
  'name',
  'version',
  'description',
  'keywords',
  'license',
  'type',
  'bin',
  'files',
  'dependencies',
  'optionalDependencies',
]

/** Not in the checkout: it brings its own Node, and npm would warn of an older one at every command. */
const ENGINES = { node: '>=22.18' }

/** In a checkout `exports` lead to source; in the published package to the JavaScript built from it. */
export function publishedManifest(checkout: Manifest): Manifest {
  const kept = PUBLISHED.filter((key) => key in checkout).map((key) => [key, checkout[key]] as const)
  return { ...Object.fromEntries(kept), engines: ENGINES, exports: publishedExports(checkout['exports']) }
}

function publishedExports(exports: unknown): Manifest {
  const entries = typeof exports === 'object' && exports !== null ? Object.entries(exports) : []
  return Object.fromEntries(
    entries.map(([name, target]: [string, unknown]) => {
      const source = typeof target === 'string' ? /^\.\/src\/(.+)\.ts$/.exec(target)?.[1] : undefined
      if (source === undefined) return [name, target]
      return [name, { types: `./dist/${source}.d.ts`, default: `./dist/${source}.js` }]
    }),
  )
}

/**
 * The compiler rewrites `.ts` in imports but not in the addresses of worker modules; these are written
 * `new URL('./worker.ts', import.meta.url)` everywhere.
 */
export function rewriteModuleAddresses(javascript: string): string {
  return javascript.replace(
    /(new URL\(\s*(['"])\.{1,2}\/[^'"]+)\.ts(\2\s*,\s*import\.meta\.url\s*,?\s*\))/g,
    '$1.js$3',
  )
}

/** Where the checkout's package.json waits while npm packs. */
export const KEPT_MANIFEST = '.package.checkout.json'

/** Brings the checkout's package.json back, also after a pack that was interrupted; else does nothing. */
export function restoreManifest(root: string): void {
  const kept = join(root, KEPT_MANIFEST)
  if (existsSync(kept)) renameSync(kept, join(root, 'package.json'))
}
