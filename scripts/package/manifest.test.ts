import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { KEPT_MANIFEST, publishedManifest, restoreManifest, rewriteModuleAddresses } from './manifest.ts'

it('keeps what users need and leads exports to what was built', () => {
  const checkout = {
    name: 'varve',
    exports: { '.': './src/api/index.ts', './package.json': './package.json' },
    workspaces: ['scripts'],
    scripts: { prepack: 'x' },
    dependencies: { a: '1.0.0' },
    devDependencies: { b: '1.0.0' },
  }
  expect(publishedManifest(checkout)).toEqual({
    name: 'varve',
    exports: {
      '.': { types: './dist/api/index.d.ts', default: './dist/api/index.js' },
      './package.json': './package.json',
    },
    dependencies: { a: '1.0.0' },
    engines: { node: '>=22.18' },
  })
})

it('rewrites addresses of modules that are started by address, and nothing else', () => {
  const worker = `new Worker(new URL('./worker.ts', import.meta.url))`
  expect(rewriteModuleAddresses(worker)).toBe(`new Worker(new URL('./worker.js', import.meta.url))`)
  const folded = `new URL(\n  "../a/b.ts",\n  import.meta.url,\n)`
  expect(rewriteModuleAddresses(folded)).toBe(`new URL(\n  "../a/b.js",\n  import.meta.url,\n)`)
  const other = `new URL('./data.json', import.meta.url) + 'x.ts' + new URL('a.ts', base)`
  expect(rewriteModuleAddresses(other)).toBe(other)
})

it('brings the package.json of the checkout back, also twice', () => {
  const root = mkdtempSync(join(tmpdir(), 'varve-pack-'))
  try {
    writeFileSync(join(root, KEPT_MANIFEST), 'checkout')
    writeFileSync(join(root, 'package.json'), 'published')
    restoreManifest(root)
    restoreManifest(root)
    expect(readFileSync(join(root, 'package.json'), 'utf8')).toBe('checkout')
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
})
