// What people install: `npm pack` at the root gives a tarball that an empty project installs and uses, on every Node
// that the package says it supports, without a script run or a thing compiled on the way.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codeBlocks } from '../scripts/check/markdown.ts'
import { connect } from '../src/client/index.ts'
import { startTestServer } from '../src/testing/test-server.ts'
import { Browser, BROWSER_WANTED, browserPath, Pages, type PageFile } from './browser/chromium.ts'
import { examplesOf, root } from './examples.ts'
import { nodeOfVersion, runNpm, runProgram } from './toolchains.ts'

const NODE_VERSIONS = ['22.18.0', '24.21.0', '26.10.0']
/** README.md says how much it is. */
const PACKED_BYTES_MAX = 800_000
const UNPACKED_BYTES_MAX = 3_000_000

type Packed = {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly paths: readonly string[]
}

const folder = mkdtempSync(join(tmpdir(), 'varve-package-'))
const checkout = join(folder, 'checkout')
const app = join(folder, 'app')
let packed: Packed

beforeAll(async () => {
  copyCheckout()
  packed = parsePacked(await runNpm(['pack', '--json', '--loglevel=error'], checkout))
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n')
  // DuckDB is optional and 70 MB: what is proven here must hold without it.
  const tarball = join(checkout, packed.filename)
  await runNpm(['install', '--omit=optional', '--no-audit', '--no-fund', '--ignore-scripts', tarball], app)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PROCEDURES_PROGRAM = `
import process from 'node:process'
import { connect, defineProcedure, starterProcedures } from 'varve'
const shown = defineProcedure({ name: 't/shown', source: '(cents: number): string => String(decimal(cents).dividedBy(100, 2))',
  parameters: { cents: 'long' } })
const query = '[:find ?n ?text :in $ ?day ?other :where [_ :db/ident :db/doc] [(finance/days-late ?day ?other) ?n] [(t/shown 1250) ?text]]'
for (const url of ['memory:', 'file:' + process.argv[2]]) {
  const varve = await connect(url, { procedures: [...starterProcedures, shown] })
  const db = (await varve.open('t', { schema: '[]' })).db()
  const rows = await db.q(query, new Date('2024-03-01'), new Date('2024-03-04'))
  console.log(JSON.stringify(rows.toArray()))
  await varve.close()
}
`

describe('the packed package', () => {
  it('states its size and stays small', () => {
    const files = packed.paths.length
    console.log(`package: ${packed.size} bytes packed, ${packed.unpackedSize} unpacked, ${files} files`)
    expect(packed.size).toBeLessThan(PACKED_BYTES_MAX)
    expect(packed.unpackedSize).toBeLessThan(UNPACKED_BYTES_MAX)
  })

  it('brings JavaScript, types, the command and the licence, and nothing of the development', () => {
    expect(packed.paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'bin/varve.mjs',
        'dist/api/index.js',
        'dist/api/index.d.ts',
        'dist/client/index.js',
        'dist/client/index.d.ts',
      ]),
    )
    const isBaggage = (path: string): boolean =>
      !/^(dist\/.+\.(js|d\.ts)|bin\/varve\.mjs|[A-Z]+(\.md)?|package\.json)$/.test(path)
    expect(packed.paths.filter(isBaggage)).toEqual([])
    expect(packed.paths.filter((path) => /\.test\.|dist\/testing\//.test(path))).toEqual([])
  })

  it('publishes a package.json without scripts, workspaces or development dependencies', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(app, 'node_modules/varve/package.json'), 'utf8'))
    expect(manifest).not.toHaveProperty('scripts')
    expect(manifest).toHaveProperty(['engines', 'node'], '>=22.18')
    expect(manifest).not.toHaveProperty('workspaces')
    expect(manifest).not.toHaveProperty('devDependencies')
    expect(manifest).toHaveProperty(['exports', '.', 'default'], './dist/api/index.js')
  })

  it('leaves the checkout as it was', () => {
    expect(readFileSync(join(checkout, 'package.json'), 'utf8')).toBe(
      readFileSync(join(root, 'package.json'), 'utf8'),
    )
    expect(existsSync(join(checkout, '.package.checkout.json'))).toBe(false)
  })

  it('imports nothing that is not in it', () => {
    const installed = join(app, 'node_modules/varve')
    for (const path of packed.paths.filter((name) => name.endsWith('.js'))) {
      const text = readFileSync(join(installed, path), 'utf8')
      for (const [, relative] of text.matchAll(/(?:from|import\(|new URL\()\s*['"](\.{1,2}\/[^'"]+)['"]/g)) {
        const target = join(installed, path, '..', relative!)
        expect(existsSync(target), `${path} refers to ${relative}`).toBe(true)
      }
    }
  })

  it('installs no script of anybody', () => {
    const withScripts = readdirSync(join(app, 'node_modules'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .filter((entry) => hasInstallScript(join(app, 'node_modules', entry.name, 'package.json')))
    expect(withScripts.map((entry) => entry.name)).toEqual([])
  })

  it('gives types that a strict project takes', async () => {
    writeFileSync(join(app, 'program.ts'), readmeProgram().code)
    const options = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
    ]
    const roots = ['--typeRoots', join(root, 'node_modules/@types'), '--types', 'node']
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const args = [tsc, ...options, ...roots, '--ignoreConfig', 'program.ts']
    expect(await runProgram(process.execPath, args, { cwd: app })).toMatchObject({ code: 0, stdout: '' })
  })
})

describe.each(NODE_VERSIONS)('on Node %s', (version) => {
  it("runs the README's program", async ({ skip }) => {
    const node = await nodeOfVersion(version)
    if (node === undefined) return skip(`Node ${version} cannot be had here`)
    writeFileSync(join(app, 'program.ts'), readmeProgram().code)
    const finished = await runProgram(node, ['--disable-warning=ExperimentalWarning', 'program.ts'], {
      cwd: app,
      node,
    })
    expect(finished).toMatchObject({ code: 0, stderr: '' })
    expect(finished.stdout).toBe(readmeProgram().output)
  })

  it('runs procedures in TypeScript, here and in a worker', async ({ skip }) => {
    const node = await nodeOfVersion(version)
    if (node === undefined) return skip(`Node ${version} cannot be had here`)
    writeFileSync(join(app, 'procedures.mjs'), PROCEDURES_PROGRAM)
    const finished = await runProgram(node, ['procedures.mjs', `procedures-${version}`], { cwd: app, node })
    expect(finished).toMatchObject({ code: 0, stderr: '', stdout: '[[3,"12.50"]]\n[[3,"12.50"]]\n' })
  })

  it('runs the varve command', async ({ skip }) => {
    const node = await nodeOfVersion(version)
    if (node === undefined) return skip(`Node ${version} cannot be had here`)
    const finished = await runProgram(node, ['node_modules/varve/bin/varve.mjs', '--help'], {
      cwd: app,
      node,
    })
    expect(finished).toMatchObject({ code: 0 })
    expect(finished.stdout).toContain('varve')
  })

  it('runs the shell, in a pipe', async ({ skip }) => {
    const node = await nodeOfVersion(version)
    if (node === undefined) return skip(`Node ${version} cannot be had here`)
    const words = ['node_modules/varve/bin/varve.mjs', 'shell', '--write', '--data', `shell-${version}`]
    const stdin = '\\databases\n[:find ?x\n :in ?x] 1\n'
    const finished = await runProgram(node, words, { cwd: app, node, stdin })
    expect(finished).toMatchObject({ code: 0, stdout: '[]\n[[1]]\n' })
  })
})

describe('the varve command', () => {
  it('is found by npx', async () => {
    const finished = await runProgram('npx', ['varve', '--help'], { cwd: app })
    expect(finished).toMatchObject({ code: 0 })
    expect(finished.stdout).toContain('varve')
  })

  it('says on an older Node what to do', async () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'20.20.2'}})"
    const args = ['--import', old, 'node_modules/varve/bin/varve.mjs', 'q', '[]']
    const finished = await runProgram(process.execPath, args, { cwd: app })
    expect(finished.code).toBe(1)
    expect(finished.stderr).toMatch(
      /this is Node 20\.20\.2; Varve needs 22\.18 or later\.\nWhat to do: install/,
    )
  })
})

describe('in a browser', () => {
  const path = browserPath()

  it.skipIf(path === undefined)(`the client runs as it is installed (${BROWSER_WANTED})`, async () => {
    let url = ''
    await using pages = await Pages.serve((at) => pageFile(at, url))
    const origin = `http://app.example:${pages.port}`
    await using service = await startTestServer({ origins: [origin] })
    url = service.url
    await using varve = await connect(url)
    const shop = await varve.open('shop', {
      schema: '[{:db/ident :item/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
    })
    await shop.transact('[{:item/id "tea"} {:item/id "pot"}]')
    await using browser = new Browser(path!, origin)
    expect(await Promise.race([pages.told(origin), browser.ended])).toEqual({ text: 'pot, tea' })
  })
})

/** The page of the guide, which is told of, and what it imports. */
function pageFile(at: string, url: string): PageFile | undefined {
  if (at !== '/')
    return existsSync(join(app, at))
      ? { type: 'text/javascript', body: readFileSync(join(app, at)) }
      : undefined
  const [page] = codeBlocks(readFileSync(join(root, 'docs/guide/client.md'), 'utf8')).filter(
    ({ language }) => language === 'html',
  )
  return { type: 'text/html', body: `<body>${page!.code.replace('http://127.0.0.1:8470', url)}${TELLING}` }
}

const TELLING = `<script>
const tell = (told) => fetch('/told', { method: 'POST', body: JSON.stringify(told) })
const tellText = () => tell({ text: document.body.textContent })
new MutationObserver(tellText).observe(document.body, { childList: true })
addEventListener('unhandledrejection', ({ reason }) => tell({ failed: String(reason?.stack) }))
// A module that cannot be loaded is told to its own element alone, on the way down.
addEventListener('error', ({ message, target }) => tell({ failed: message ?? target.outerHTML }), true)
</script>`

// A copy, so that packing changes nothing under the feet of whoever else works in the checkout.
function copyCheckout(): void {
  mkdirSync(checkout)
  for (const name of readdirSync(root)) {
    if (['node_modules', 'dist', 'varve-data', '.git', 'test', 'bench', 'docs'].includes(name)) continue
    cpSync(join(root, name), join(checkout, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'), 'junction')
}

function parsePacked(json: string): Packed {
  const parsed: { filename: string; size: number; unpackedSize: number; files: { path: string }[] }[] =
    JSON.parse(json.slice(json.indexOf('[')))
  const { filename, size, unpackedSize, files } = parsed[0]!
  return { filename, size, unpackedSize, paths: files.map((file) => file.path) }
}

function hasInstallScript(manifestPath: string): boolean {
  if (!existsSync(manifestPath)) return false
  const { scripts = {} }: { scripts?: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(manifestPath, 'utf8'),
  )
  return ['preinstall', 'install', 'postinstall'].some((name) => name in scripts)
}

function readmeProgram(): { readonly code: string; readonly output: string | undefined } {
  const [program] = examplesOf('README.md', 'ts')
  if (program === undefined) throw new Error('README.md has no program tagged "ts run"')
  return program
}
