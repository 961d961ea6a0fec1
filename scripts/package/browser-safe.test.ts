// The client runs where there is no Node: no module that it loads imports one of Node's, or names what only Node has.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { parseSource, type SourceFile, walk } from '../check/source.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const NODE_NAMES = new Set([
  'Buffer',
  'process',
  'global',
  'setImmediate',
  'require',
  '__dirname',
  '__filename',
])
/** Packages that are plain JavaScript themselves. */
const PLAIN_PACKAGES = new Set(['bignumber.js'])

/** All files that load with these. */
function loadedWith(path: string, files = new Map<string, SourceFile>()): Map<string, SourceFile> {
  if (files.has(path)) return files
  const file = parseSource(path, readFileSync(join(root, path), 'utf8'))
  files.set(path, file)
  for (const { target, kind } of file.imports)
    if (target !== undefined && kind !== 'type') loadedWith(target, files)
  return files
}

function nodeThings(files: ReadonlyMap<string, SourceFile>): readonly string[] {
  const found: string[] = []
  for (const [path, file] of files) {
    for (const { specifier, target, kind } of file.imports)
      if (target === undefined && kind !== 'type' && !PLAIN_PACKAGES.has(specifier))
        found.push(`${path} imports ${specifier}`)
    walk(file.program, (node) => {
      const name = node['name']
      if (node.type === 'Identifier' && typeof name === 'string' && NODE_NAMES.has(name))
        found.push(`${path} names ${name}`)
    })
  }
  return found
}

it('the client needs nothing of Node', () => {
  const files = loadedWith('src/client/index.ts')
  expect(files.size).toBeGreaterThan(20)
  expect(nodeThings(files)).toEqual([])
})

it('what needs Node is seen', () => {
  expect(nodeThings(loadedWith('src/base/checksum.ts'))).toContain('src/base/checksum.ts imports node:crypto')
  expect(nodeThings(loadedWith('src/base/bytes.ts'))).toContain('src/base/bytes.ts names Buffer')
})

it('the client loads, reads and writes where the names of Node are gone', async () => {
  const program = `
    import { parentPort } from 'node:worker_threads'
    for (const name of ${JSON.stringify([...NODE_NAMES])}) delete globalThis[name]
    const { connect, defineSchema } = await import(${JSON.stringify(`file://${root}/src/client/index.ts`)})
    const sent = []
    const fetch = (url, init) => {
      sent.push([init.method, url, init.body])
      const text = () => Promise.resolve('{:result [[#bytes "AQID"]] :columns [] :databases [{:name "shop" :alias "sh" :basis-t 4}]}')
      // Not a Response: that of Node itself wants a Buffer.
      return Promise.resolve({ status: 200, text })
    }
    const varve = await connect('http://somewhere', { fetch })
    const rows = await varve.query({ query: '[:find ?x :in ?x]', args: [new Uint8Array([1, 2, 3])] })
    parentPort.postMessage([typeof Buffer, typeof process, rows.at(0), await varve.databases(), sent[0]])
  `
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`))
  const message = await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await worker.terminate()
  expect(message).toEqual([
    'undefined',
    'undefined',
    [new Uint8Array([1, 2, 3])],
    [{ name: 'shop', alias: 'sh', basisT: 4 }],
    ['POST', 'http://somewhere/v1/query', '{"query":"[:find ?x :in ?x]","args":[{"#bytes":"AQID"}]}'],
  ])
})
