// What tests of the package need beyond npm's own folder: other versions of Node, npm itself. Fetched by package name on
// first use and kept outside of the tree. With CI set, what cannot be had fails the run; elsewhere it is skipped.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { PLATFORM_PACKAGES } from '../scripts/toolchain.mjs'

export type Finished = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type RunOptions = {
  readonly cwd: string
  /** The Node that comes first on the PATH; else the one that runs this. */
  readonly node?: string
  readonly stdin?: string
}

/** Runs a command to its end, whatever its exit code. */
export function runProgram(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const path = [dirname(options.node ?? process.execPath), process.env['PATH']].join(delimiter)
  // Settings of the npm that started the tests belong to the checkout, not to the program under test.
  const inherited = Object.entries(process.env).filter(
    ([key]) => !/^npm_|^INIT_CWD$|^NODE_OPTIONS$|^VITEST/.test(key),
  )
  const env = { ...Object.fromEntries(inherited), PATH: path }
  const child = spawn(command, args, { cwd: options.cwd, env, shell: process.platform === 'win32' })
  const out: string[] = []
  const err: string[] = []
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => out.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => err.push(chunk))
  // A program may end without having read what it was given.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.stdin ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, stdout: out.join(''), stderr: err.join('') }))
  })
}

/** Runs npm; throws with its words when it fails. */
export async function runNpm(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runProgram('npm', args, { cwd })
  if (code !== 0) throw new Error(`npm ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`)
  return stdout
}

/** Path of the binary of a Node of this very version; undefined where it cannot be had (an error with CI set). */
export async function nodeOfVersion(version: string): Promise<string | undefined> {
  const platforms: Readonly<Record<string, { readonly name: string; readonly binary: string }>> =
    PLATFORM_PACKAGES
  const platform = platforms[`${process.platform}-${process.arch}`]
  const folder = join(cacheFolder(), `node-${version}`)
  try {
    if (platform === undefined) throw new Error(`no package with Node is known for this platform`)
    const path = join(folder, 'node_modules', platform.name, platform.binary)
    if (existsSync(path)) return path
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private":true}\n')
    await runNpm(['install', '--no-audit', '--no-fund', `${platform.name}@${version}`], folder)
    return path
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error
    return undefined
  }
}

/** What `import` finds of a Python package of this very version; undefined where it cannot be had (an error with CI set). */
export async function pythonPackage(name: string, version: string): Promise<string | undefined> {
  const folder = join(cacheFolder(), `${name}-${version}`)
  try {
    if (existsSync(join(folder, name))) return folder
    mkdirSync(folder, { recursive: true })
    const words = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--target',
      folder,
    ]
    const { code, stderr } = await runProgram('python3', [...words, `${name}==${version}`], { cwd: folder })
    if (code !== 0) throw new Error(`pip ended with ${code}:\n${stderr}`)
    return folder
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error
    return undefined
  }
}

/** Where what was fetched for tests is kept. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'varve-test')
}
